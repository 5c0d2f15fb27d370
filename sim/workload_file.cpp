// SPDX-License-Identifier: Apache-2.0
#include "sim/workload_file.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "models/user_error.h"
#include "sim/json_reader.h"
#include "sim/network_file.h"
#include "sim/preprocessing_file.h"
#include "sim/share.h"
#include "workloads/onnx_import.h"
#include "workloads/synthetic_weights.h"

namespace systolog::sim {
namespace {

namespace fs = std::filesystem;

/// Files of a data set as the workload's own file names them.
DataSource read_files(JsonReader& json, const fs::path& folder) {
  DataSource source;
  std::vector<std::string_view> formats;
  for (const auto& format : workloads::data_formats()) formats.push_back(format.name);
  std::string format, name;
  json.require("format");
  json.field("format", format);
  source.format = workloads::find_data_format(format);
  if (source.format == nullptr && !format.empty()) json.refuse("format", join(formats));
  json.field("name", source.files.name);
  json.require("images");
  json.field("images", name);
  source.files.images = {folder / name};
  if (json.has("labels")) {
    json.field("labels", name);
    source.files.labels = folder / name;
  } else if (source.format != nullptr && source.format->needs_labels) {
    json.require("labels");
  }
  return source;
}

/// "dataset": a name, or an object of files.
void read_source(JsonReader& json, const Json& parsed, std::string_view field,
                 const fs::path& folder, std::vector<DataSource>& sources) {
  if (!json.has(field)) return;
  if (parsed[std::string(field)].is_string()) {
    std::string name;
    json.field(field, name);
    sources.push_back(data_source(name, json.file() + ": /" + std::string(field)));
    return;
  }
  JsonReader object = json.object(field);
  sources.push_back(read_files(object, folder));
  sources.back().origin = json.file() + ": /" + std::string(field);
  if (object.has("whole")) {
    std::string name;
    object.field("whole", name);
    sources.push_back(data_source(name, json.file() + ": /" + std::string(field) + "/whole"));
  }
  object.done();
}

/// Mean and std must be as many as an image has channels. Networks of vectors and series take
/// images of any shape that has as many values.
void check_preprocessing(const Workload& workload) {
  const workloads::Preprocessing& p = *workload.preprocessing;
  const workloads::Graph& graph = workload.graph;
  const workloads::Shape& shape = graph.input_shape();
  if (shape.is_vector || shape.is_series) return;
  if (const std::string wrong = layout_contradiction(workload, p.layout); !wrong.empty()) {
    throw UserError(workload.file.string() + ": /preprocessing/layout: " + wrong);
  }
  const bool first_axis_is_height =
      p.layout == workloads::Layout::kNhwc && !graph.channels_last_input;
  const std::size_t channels = first_axis_is_height ? shape.width : shape.channels;
  std::string wrong;
  for (const auto& [name, values] : {std::pair("mean", &p.mean), std::pair("std", &p.std)}) {
    if (values->size() <= 1 || values->size() == channels) continue;
    wrong += (wrong.empty() ? "" : "\n") + workload.file.string() + ": /preprocessing/" + name +
             ": has " + std::to_string(values->size()) + " values, allowed one, or one for each " +
             "of the " + std::to_string(channels) + " channels of the network " + workload.name;
  }
  if (!wrong.empty()) throw UserError(wrong);
}

/// The model, and what is wrong with the file beside it told together with what is with the model.
void import_model(JsonReader& json, const fs::path& file,
                  const std::vector<std::uint64_t>& input_shape, Workload& workload) {
  std::string wrong;
  try {
    json.finish();
  } catch (const UserError& error) {
    wrong = error.what();
    if (json.has("input_shape")) throw;  // the model cannot be read without
  }
  try {
    if (!fs::exists(file)) {
      throw UserError(json.file() + ": /model: " + file.string() + ": no such file");
    }
    workload.graph = workloads::import_onnx(file, input_shape, &workload.skipped);
  } catch (const UserError& error) {
    wrong += (wrong.empty() ? "" : "\n") + std::string(error.what());
  }
  if (!wrong.empty()) throw UserError(wrong);
}

Workload read_workload_json(const fs::path& file) {
  const Json parsed = read_json_file(file);
  JsonReader json(parsed, file.string());
  const fs::path folder = file.parent_path();
  Workload workload;
  workload.file = file;
  workload.name = file.stem().string();
  std::string model = workload.name + ".onnx";
  json.field("name", workload.name);
  const bool by_topology = json.has("layers");
  bool names_model = false;
  std::vector<std::uint64_t> input_shape;
  if (by_topology) {
    std::string source;
    json.field("source", source);
  } else {
    json.field("model", model);
    names_model = json.has("model");
    json.field("input_shape", input_shape, {1, 2, 3}, {1, workloads::kMaxElements});
  }
  if (parsed.is_object()) {
    read_source(json, parsed, "dataset", folder, workload.datasets);
    std::vector<DataSource> calibration;
    read_source(json, parsed, "calibration", folder, calibration);
    if (!calibration.empty()) workload.calibration = calibration.front();
  }
  workload.preprocessing.emplace();
  JsonReader preprocessing = json.object("preprocessing");
  read_preprocessing(preprocessing, *workload.preprocessing);
  preprocessing.done();
  if (by_topology) {
    workload.graph = read_network(json);
    workload.weights = "none";
  } else {
    if (!names_model && !fs::exists(folder / model)) {
      json.finish();
      throw UserError(file.string() + ": /model: is missing, and so is " + model +
                      " beside the file; allowed a model's file name, or /layers");
    }
    import_model(json, folder / model, input_shape, workload);
    workload.weights = model;
  }
  workload.graph.name = workload.name;
  check_preprocessing(workload);
  return workload;
}

}  // namespace

std::string layout_contradiction(const Workload& workload, workloads::Layout layout) {
  const workloads::Shape& s = workload.graph.input_shape();
  const bool channels_last = workload.graph.channels_last_input || s.width == 1 || s.width == 3;
  if (layout == workloads::Layout::kNchw || s.is_vector || s.is_series || channels_last) return "";
  return "nhwc, but the network " + workload.name + " takes " + std::to_string(s.channels) + "x" +
         std::to_string(s.height) + "x" + std::to_string(s.width) +
         ", whose last axis is not the 1 or 3 channels of a picture";
}

Workload read_workload(const std::string& name) {
  const fs::path file = find_shared(name, "workloads/networks", ".json", "workload");
  if (file.extension() == ".json") return read_workload_json(file);
  if (file.extension() != ".onnx") {
    throw UserError(file.string() + ": a workload is a name, a .json file or an .onnx model");
  }
  std::error_code error;
  const fs::path beside = fs::path(file).replace_extension(".json");
  if (fs::is_regular_file(file, error) && fs::is_regular_file(beside, error)) {
    return read_workload_json(beside);
  }
  Workload workload;
  workload.file = file;
  workload.name = file.stem().string();
  workload.weights = file.filename().string();
  workload.graph = workloads::import_onnx(file, {}, &workload.skipped);
  workload.graph.name = workload.name;
  return workload;
}

void fill_weights(Workload& workload, std::uint64_t seed) {
  if (!workload.graph.shapes_only) return;
  workloads::fill_synthetic_weights(workload.graph, seed);
  workload.weights = "synthetic, seed " + std::to_string(seed);
}

}  // namespace systolog::sim
