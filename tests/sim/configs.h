// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace systolog::sim::test {

/// A config that must be refused: by the reader with these parts in its message, by the schema
/// too unless only the reader can know.
struct BadConfig {
  std::string name, text;
  std::vector<std::string> message;
  bool schema_knows = true;
};
inline std::ostream& operator<<(std::ostream& out, const BadConfig& c) { return out << c.name; }

inline std::vector<BadConfig> bad_configs() {
  const std::string rows = "/array/rows: got ", rows_allowed = "integer 1 to 4096";
  return {
      {"RowsZero", R"({"array": {"rows": 0}})", {rows + "0", rows_allowed}},
      {"RowsTooMany", R"({"array": {"rows": 4097}})", {rows + "4097", rows_allowed}},
      {"RowsNegative", R"({"array": {"rows": -1}})", {rows + "-1", rows_allowed}},
      {"RowsAString", R"({"array": {"rows": "16"}})", {rows + "\"16\"", rows_allowed}},
      {"RowsAFraction", R"({"array": {"rows": 16.5}})", {rows + "16.5", rows_allowed}},
      {"RowsNull", R"({"array": {"rows": null}})", {rows + "null", rows_allowed}},
      {"RowsABoolean", R"({"array": {"rows": true}})", {rows + "true", rows_allowed}},
      {"RowsAnArray", R"({"array": {"rows": [16]}})", {rows + "an array", rows_allowed}},
      {"RowsAnObject", R"({"array": {"rows": {}}})", {rows + "an object", rows_allowed}},
      {"RowsHuge", R"({"array": {"rows": 1e30}})", {rows + "1e+30", rows_allowed}},
      {"RowsBeyond64Bits", R"({"array": {"rows": 18446744073709551617}})", {rows, rows_allowed}},
      {"UnknownName", R"({"aray": {"rows": 4}})", {"/aray: unknown name", "array", "memory"}},
      {"UnknownNameInside",
       R"({"array": {"cols": 4}})",
       {"/array/cols: unknown name", "columns, dataflow, fold_overlap, pipeline_depth, rows"}},
      {"UnknownNameDeepInside",
       R"({"memory": {"input_sram": {"capacity": 4096}}})",
       {"/memory/input_sram/capacity: unknown name", "capacity_bytes"}},
      {"ArrayANumber", R"({"array": 16})", {"/array: got 16", "an object"}},
      {"ArrayNull", R"({"array": null})", {"/array: got null", "an object"}},
      {"MemoryAnArray", R"({"memory": []})", {"/memory: got an array", "an object"}},
      {"DmaAString", R"({"memory": {"dma": "fast"}})", {"/memory/dma: got \"fast\"", "an object"}},
      {"DataflowUnknown",
       R"({"array": {"dataflow": "weights"}})",
       {"/array/dataflow: got \"weights\"",
        "weight_stationary, output_stationary, input_stationary"}},
      {"PipelineDepthZero",
       R"({"array": {"pipeline_depth": 0}})",
       {"/array/pipeline_depth: got 0", "integer 1 to 64"}},
      {"FoldOverlapANumber",
       R"({"array": {"fold_overlap": 3}})",
       {"/array/fold_overlap: got 3", "none, double_buffered"}},
      {"ClockZero", R"({"clock_mhz": 0})", {"/clock_mhz: got 0", "number 0.001 to 100000"}},
      {"ClockAString", R"({"clock_mhz": "500"})", {"/clock_mhz: got \"500\"", "number 0.001"}},
      {"CapacityTooSmall",
       R"({"memory": {"weight_sram": {"capacity_bytes": 63}}})",
       {"/memory/weight_sram/capacity_bytes: got 63", "integer 64 to 1073741824"}},
      {"CapacityTooLarge",
       R"({"memory": {"output_sram": {"capacity_bytes": 1073741825}}})",
       {"/memory/output_sram/capacity_bytes: got 1073741825", "integer 64 to 1073741824"}},
      {"LatencyNegative",
       R"({"memory": {"dram": {"preset": "simple", "latency_ns": -0.5}}})",
       {"/memory/dram/latency_ns: got -0.5", "number 0 to"}},
      {"BandwidthZero",
       R"({"memory": {"dram": {"preset": "simple", "bandwidth_gb_per_s": 0.0}}})",
       {"/memory/dram/bandwidth_gb_per_s: got 0.0", "number 0.001 to"}},
      {"LatencyOfADevice",
       R"({"memory": {"dram": {"latency_ns": 30}}})",
       {"/memory/dram/latency_ns: got 30", "preset", "simple"}},
      {"PolicyOfTheSimpleModel",
       R"({"memory": {"dram": {"preset": "simple", "policy": {"page": "closed"}}}})",
       {"/memory/dram/policy: unknown name", "bandwidth_gb_per_s, capacity_bytes"}},
      {"DramUnknown",
       R"({"memory": {"dram": {"preset": "DDR9"}}})",
       {"/memory/dram: ", "\"DDR9\"", "DDR4-2400", "HBM2"},
       false},
      {"DramPolicyAString",
       R"({"memory": {"dram": {"policy": "closed"}}})",
       {"/memory/dram/policy: got \"closed\"", "an object"}},
      {"DramPageUnknown",
       R"({"memory": {"dram": {"policy": {"page": "half"}}}})",
       {"/memory/dram", "DDR4-2400.json", "/policy/page: got \"half\"", "open, closed"},
       false},
      {"DramWithThreeChannels",
       R"({"memory": {"dram": {"organisation": {"channels": 3}}}})",
       {"/memory/dram", "channels 3 is not a power of two"},
       false},
      {"DramWithoutBanks",
       R"({"memory": {"dram": {"organisation": {"banks": 0}}}})",
       {"/memory/dram", "/organisation/banks: got 0", "integer 1 to 64"},
       false},
      {"ArbitrationUnknown",
       R"({"memory": {"bus": {"arbitration": "lottery"}}})",
       {"/memory/bus/arbitration: got \"lottery\"", "round_robin, fixed_priority"}},
      {"ScratchpadWithoutBanks",
       R"({"memory": {"input_sram": {"banks": 0}}})",
       {"/memory/input_sram/banks: got 0", "integer 1 to 1024"}},
      {"ScratchpadsOfBothKinds",
       R"({"memory": {"unified_sram": {"banks": 2}, "weight_sram": {}}})",
       {"/memory/weight_sram: got an object", "without /memory/unified_sram only"}},
      {"UnifiedScratchpadOfNothing",
       R"({"memory": {"unified_sram": {"capacity_bytes": 0}}})",
       {"/memory/unified_sram/capacity_bytes: got 0", "integer 64 to 1073741824"}},
      {"UnifiedScratchpadWithoutPorts",
       R"({"memory": {"unified_sram": {"ports": 0}}})",
       {"/memory/unified_sram/ports: got 0", "integer 1 to 10"}},
      {"ScratchpadWithoutPorts",
       R"({"memory": {"weight_sram": {"ports": 0}}})",
       {"/memory/weight_sram/ports: got 0", "integer 1 to 10"}},
      {"ScratchpadOfMorePortsThanEngines",
       R"({"memory": {"output_sram": {"ports": 11}}})",
       {"/memory/output_sram/ports: got 11", "integer 1 to 10"}},
      {"DoubleBufferedANumber",
       R"({"memory": {"input_sram": {"double_buffered": 2}}})",
       {"/memory/input_sram/double_buffered: got 2", "true or false"}},
      {"BatchZero", R"({"compiler": {"batch": 0}})", {"/compiler/batch: got 0", "integer 1 to"}},
      {"FoldBatchNormANumber",
       R"({"compiler": {"fold_batch_norm": 1}})",
       {"/compiler/fold_batch_norm: got 1", "true or false"}},
      {"ObjectiveUnknown",
       R"({"compiler": {"objective": "speed"}})",
       {"/compiler/objective: got \"speed\"", "latency, energy, dram_traffic"}},
      {"FuseLayersANumber",
       R"({"compiler": {"fuse_layers": 1}})",
       {"/compiler/fuse_layers: got 1", "true or false"}},
      {"ActivationsMisspelt",
       R"({"quantisation": {"activations": "affin"}})",
       {"/quantisation/activations: got \"affin\"", "symmetric, affine"}},
      {"CalibrationUnknown",
       R"({"quantisation": {"calibration": "kl"}})",
       {"/quantisation/calibration: got \"kl\"", "min_max, percentile, entropy"}},
      {"PercentileTooLarge",
       R"({"quantisation": {"percentile": 100.5}})",
       {"/quantisation/percentile: got 100.5", "number 50 to 100"}},
      {"PowerOfTwoOfIntegers",
       R"({"arithmetic": "int:8/exact", "quantisation": {"power_of_two": true}})",
       {"/quantisation/power_of_two: means nothing with int:8/exact/int:32", "fixed:B,F"},
       false},
      {"CompensationOfExactProducts",
       R"({"arithmetic": "int:8/exact", "quantisation": {"compensate_bias": true}})",
       {"/quantisation/compensate_bias: means nothing with int:8/exact/int:32", "mitchw:W"},
       false},
      {"CompensationANumber",
       R"({"quantisation": {"compensate_bias": 1}})",
       {"/quantisation/compensate_bias: got 1", "true or false"}},
      {"EntropyOfWideIntegers",
       R"({"arithmetic": "int:12/exact", "quantisation": {"calibration": "entropy"}})",
       {"/quantisation/calibration: ", "int:12/exact/int:32", "int:2 to int:11"},
       false},
      {"ArithmeticOfLayersWithoutDefault",
       R"({"arithmetic": {"layers": {"conv1": "fp32/exact"}}})",
       {"/arithmetic/default: is missing"}},
      {"ArithmeticOfALayerANumber",
       R"({"arithmetic": {"default": "fp32/exact", "layers": {"conv1": 3}}})",
       {"/arithmetic/layers/conv1: got 3", "a string that is not empty"}},
      {"ArithmeticOfALayerUnknown",
       R"({"arithmetic": {"default": "fp32/exact", "layers": {"conv1": "fp33/exact"}}})",
       {"/arithmetic/layers/conv1: ", "fp33"},
       false},
      {"NameEmpty", R"({"name": ""})", {"/name: got \"\"", "a string that is not empty"}},
      {"NameANumber", R"({"name": 3})", {"/name: got 3", "a string"}},
      {"TechnologyEmpty", R"({"technology": ""})", {"/technology: got \"\""}},
      {"RootAnArray", "[]", {"/: got an array", "an object"}},
      {"RootANumber", "7", {"/: got 7", "an object"}},
      {"RootNull", "null", {"/: got null", "an object"}},
      {"ArithmeticUnknown", R"({"arithmetic": "posit:99,1"})", {"/arithmetic: ", "posit"}, false},
      {"ArithmeticMeaningless",
       R"({"arithmetic": "int:8/plam/quire"})",
       {"/arithmetic: ", "plam"},
       false},
  };
}

/// Texts that are no JSON, or no config whatever they say: file contents and parts of the message.
struct BadText {
  std::string name, text;
  std::vector<std::string> message;
};
inline std::ostream& operator<<(std::ostream& out, const BadText& t) { return out << t.name; }

inline std::vector<BadText> bad_texts() {
  std::string random;
  for (unsigned i = 0, x = 12345; i < 1000; ++i, x = x * 1103515245U + 12345U) {
    random += static_cast<char>(x >> 16);
  }
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += R"({"a":)";
  return {
      {"Empty", "", {"not JSON", "line 1, column 1"}},
      {"Blank", " \n\n  ", {"not JSON", "line 3"}},
      {"RandomBytes", random, {"not JSON", "line 1"}},
      {"NulBytes", std::string(100, '\0'), {"not JSON", "line 1"}},
      {"CutOff", "{\n  \"array\": {\"rows\": 16", {"not JSON", "line 2"}},
      {"TrailingComma", "{\n\"clock_mhz\": 500,\n}", {"not JSON", "line 3"}},
      {"TwoDocuments", "{} {}", {"not JSON", "line 1, column 4"}},
      {"SingleQuotes", "{'name': 1}", {"not JSON", "line 1, column 2"}},
      {"NotANumber", R"({"clock_mhz": NaN})", {"not JSON", "line 1"}},
      {"NumberTooLarge", R"({"clock_mhz": 1e999})", {"1e999"}},
      {"NotUtf8", "{\"name\": \"\xff\xfe\"}", {"not JSON", "line 1"}},
      {"KeyTwice",
       R"({"array": {"rows": 8, "columns": 8, "rows": 16}})",
       {"key \"rows\"", "twice"}},
      {"DeepArrays", std::string(100'000, '['), {"nested deeper than 64"}},
      {"DeepObjects", objects, {"nested deeper than 64"}},
  };
}

inline std::vector<std::string> good_configs() {
  return {
      "{}",
      R"({"name": "größer", "clock_mhz": 1})",
      R"({"array": {"rows": 1, "columns": 4096, "fold_overlap": "none"}})",
      R"({"array": {"dataflow": "output_stationary", "pipeline_depth": 64}})",
      R"({"array": {"dataflow": "input_stationary"}})",
      R"({"array": {}, "memory": {"dma": {}, "dram": {"preset": "simple", "latency_ns": 0}}})",
      R"({"memory": {"dram": {"preset": "HBM2", "policy": {"page": "closed"}}}})",
      R"({"memory": {"bus": {"arbitration": "fixed_priority"}, "output_sram": {"banks": 4}}})",
      R"({"memory": {"unified_sram": {"capacity_bytes": 196608, "banks": 4, "ports": 1}}})",
      R"({"arithmetic": "posit:16,1/plam", "technology": "some/table.json"})",
      R"({"compiler": {"batch": 65536, "fold_batch_norm": false}})",
      R"({"compiler": {"objective": "dram_traffic", "fuse_layers": false}})",
      R"({"quantisation": {"activations": "affine", "weights": "per_channel"}})",
      R"({"quantisation": {"calibration": "percentile", "percentile": 99.9}})",
      R"({"arithmetic": "posit:8,1/exact", "quantisation": {"power_of_two": true}})",
      R"({"arithmetic": "fixed:16,8/mitchw:6", "quantisation": {"compensate_bias": true}})",
      R"({"arithmetic": {"default": "posit:8,0/exact", "layers": {"conv1": "fp32/exact"}}})",
      R"({"compiler": {"split_k": false}})",
  };
}

}  // namespace systolog::sim::test
