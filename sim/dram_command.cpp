// SPDX-License-Identifier: Apache-2.0
// systolog dram: the memory model alone, driven by a trace.
#include <iostream>
#include <nlohmann/json.hpp>

#include "memory/dram/trace.h"
#include "models/user_error.h"
#include "sim/command_line.h"
#include "sim/dram_file.h"
#include "sim/dram_json.h"
#include "sim/dram_trace.h"
#include "sim/json_file.h"
#include "sim/text_table.h"

namespace systolog::sim {
namespace {

namespace po = boost::program_options;
using memory::dram::Energy;
using memory::dram::LatencyTally;
using memory::dram::TraceResult;

constexpr Usage kUsage{
    "dram", "",
    "Runs a trace of bursts through a DRAM alone (docs/memory.md): cycles, bandwidth, row hits,\n"
    "latencies, energy. A trace has a line a burst, `[cycle] R|W hex-address`; without cycles\n"
    "each burst comes as soon as there is room for it.",
    "  seq 0 64 1279936 | xargs printf 'R %x\\n' > sequential.trace\n"
    "  systolog dram --preset DDR4-2400 --trace sequential.trace\n"
    "  reads 20,000 bursts of 64 bytes one after another: 5.29 cycles a burst, 14.5 GB/s."};

Json latency_json(const LatencyTally& tally) {
  if (tally.count() == 0) return nullptr;
  return {{"mean", tally.mean()},
          {"p50", tally.percentile(0.5)},
          {"p95", tally.percentile(0.95)},
          {"p99", tally.percentile(0.99)},
          {"max", tally.percentile(1.0)}};
}

Json dram_json(const DramFile& file, const TraceResult& run) {
  const auto& device = file.device;
  const double seconds = static_cast<double>(run.cycles) * device.timing.tck_ps * 1e-12;
  const double peak_bytes_per_cycle = device.organisation.channels *
                                      device.organisation.burst_bytes() /
                                      static_cast<double>(device.timing.nbl);
  const auto bytes = static_cast<double>(run.bytes);
  const auto cycles = static_cast<double>(run.cycles);
  const Energy e = memory::dram::energy(device, file.power, run.counts, run.cycles);
  Json energy = dram_energy_json(e);
  energy["total"] = e.total();
  Json json = {
      {"preset", device.name},
      {"requests", run.requests},
      {"bytes", run.bytes},
      {"cycles", run.cycles},
      {"cycles_per_request",
       run.requests == 0 ? Json(nullptr) : Json(cycles / static_cast<double>(run.requests))},
      {"seconds", seconds},
      {"bandwidth_gb_per_s", run.cycles == 0 ? Json(nullptr) : Json(bytes / seconds * 1e-9)},
      {"share_of_peak",
       run.cycles == 0 ? Json(nullptr) : Json(bytes / (cycles * peak_bytes_per_cycle))},
      {"latency_cycles",
       {{"read", latency_json(run.read_latency)}, {"write", latency_json(run.write_latency)}}},
      {"energy_pj", std::move(energy)},
      {"sources", {{"timing", file.timing_source}, {"energy", file.power.source}}},
  };
  json.update(dram_counts_json(run.counts));
  return json;
}

std::string latency_text(const char* of, const LatencyTally& tally) {
  if (tally.count() == 0) return "";
  return std::string("  ") + of + " latency: mean " + fixed_point(tally.mean(), 1) +
         " cycles, 50 % " + std::to_string(tally.percentile(0.5)) + ", 95 % " +
         std::to_string(tally.percentile(0.95)) + ", 99 % " +
         std::to_string(tally.percentile(0.99)) + ", longest " +
         std::to_string(tally.percentile(1.0)) + "\n";
}

std::string share(std::uint64_t part, std::uint64_t whole) {
  return grouped(part) + " (" +
         fixed_point(
             whole == 0 ? 0.0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole), 1) +
         " %)";
}

std::string dram_text(const DramFile& file, const TraceResult& run, const Json& json) {
  const auto& c = run.counts;
  const std::uint64_t bursts = c.row_hits + c.row_misses + c.row_conflicts;
  const auto& e = json["energy_pj"];
  auto nj = [&](const char* part) { return fixed_point(e[part].get<double>() / 1000, 1); };
  std::string text = file.device.name + ": " + grouped(run.requests) +
                     (run.requests == 1 ? " burst of " : " bursts of ") +
                     std::to_string(file.device.organisation.burst_bytes()) + " bytes";
  if (run.cycles == 0) return text + ", nothing to do\n";
  text += " in " + grouped(static_cast<std::uint64_t>(run.cycles)) + " cycles of " +
          fixed_point(file.device.timing.tck_ps, 0) + " ps, " +
          fixed_point(json["cycles_per_request"].get<double>(), 2) + " a burst\n";
  text += "  bandwidth: " + fixed_point(json["bandwidth_gb_per_s"].get<double>(), 2) + " GB/s, " +
          fixed_point(100 * json["share_of_peak"].get<double>(), 1) + " % of the peak\n";
  text += "  rows: hits " + share(c.row_hits, bursts) + ", misses " + share(c.row_misses, bursts) +
          ", conflicts " + share(c.row_conflicts, bursts) + "\n";
  text += "  commands: ACT " + grouped(c.activates) + ", PRE " + grouped(c.precharges) + ", RD " +
          grouped(c.reads) + ", WR " + grouped(c.writes) + ", REF " + grouped(c.refreshes) + "\n";
  if (c.forwarded_reads > 0) {
    text += "  reads answered from the write queue: " + grouped(c.forwarded_reads) + "\n";
  }
  text += latency_text("read", run.read_latency) + latency_text("write", run.write_latency);
  text += "  energy: " + nj("total") + " nJ: activate " + nj("activate") + ", read " + nj("read") +
          ", write " + nj("write") + ", refresh " + nj("refresh") + ", background " +
          nj("background") + "\n";
  return text + "  energy from " + file.power.source + "\n";
}

}  // namespace

int dram_command(const Arguments& arguments) {
  std::string preset, trace;
  Arguments overrides;
  po::options_description options("Options");
  auto add = options.add_options();
  add("preset", po::value(&preset)->required(), "DRAM, by name (systolog list dram) or file");
  add("trace", po::value(&trace)->required(), "the trace's file");
  add("set", po::value(&overrides), "path=value in the preset, e.g. policy.page=closed");
  add("json", po::bool_switch(), "print JSON");
  po::variables_map values;
  if (parse_arguments(kUsage, options, arguments, values)) return 0;
  const DramFile file = read_dram(preset, overrides);
  DramTrace requests(trace, file.device.organisation.capacity_bytes());
  const TraceResult run = memory::dram::run_trace(file.device, [&] { return requests.next(); });
  const Json json = dram_json(file, run);
  std::cout << (values["json"].as<bool>() ? to_text(json) : dram_text(file, run, json));
  return 0;
}

}  // namespace systolog::sim
