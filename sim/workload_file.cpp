// SPDX-License-Identifier: Apache-2.0
#include "sim/workload_file.h"

#include <algorithm>
#include <random>

#include "models/user_error.h"
#include "sim/json_reader.h"
#include "sim/share.h"
#include "workloads/onnx_import.h"

namespace systolog::sim {
namespace {

namespace fs = std::filesystem;

IdxFiles read_idx_files(JsonReader& json, const fs::path& folder, std::string_view images,
                        std::string_view labels) {
  IdxFiles files;
  std::string name;
  json.field("name", files.name);
  json.require(images);
  json.field(images, name);
  files.images = folder / name;
  json.require(labels);
  json.field(labels, name);
  files.labels = folder / name;
  return files;
}

enum class DataFormat { kIdx };

void read_format(JsonReader& json) {
  DataFormat format = DataFormat::kIdx;
  json.require("format");
  json.field("format", format, {{"idx", DataFormat::kIdx}});
}

std::vector<float> to_floats(const std::vector<double>& values) {
  return {values.begin(), values.end()};
}

void read_preprocessing(JsonReader json, workloads::Preprocessing& preprocessing) {
  double scale = preprocessing.scale;
  std::vector<double> mean, std;
  json.field("scale", scale, {1e-9, 1e9});
  json.field("mean", mean, {-1e9, 1e9});
  json.field("std", std, {1e-9, 1e9});
  json.done();
  preprocessing.scale = static_cast<float>(scale);
  preprocessing.mean = to_floats(mean);
  preprocessing.std = to_floats(std);
}

Workload read_workload_json(const fs::path& file) {
  const Json parsed = read_json_file(file);
  JsonReader json(parsed, file.string());
  const fs::path folder = file.parent_path();
  Workload workload;
  workload.file = file;
  std::string model;
  json.require("name");
  json.field("name", workload.name);
  json.require("model");
  json.field("model", model);
  if (json.has("dataset")) {
    JsonReader dataset = json.object("dataset");
    read_format(dataset);
    workload.dataset = read_idx_files(dataset, folder, "images", "labels");
    if (dataset.has("full_images")) {
      std::string full_dir;
      dataset.field("full_dir", full_dir);
      workload.full = read_idx_files(dataset, "", "full_images", "full_labels");
      workload.full_dir = full_dir;
    }
    dataset.done();
  }
  if (json.has("calibration")) {
    JsonReader calibration = json.object("calibration");
    read_format(calibration);
    workload.calibration = read_idx_files(calibration, folder, "images", "labels");
    calibration.done();
  }
  read_preprocessing(json.object("preprocessing"), workload.preprocessing);
  json.finish();
  workload.graph = workloads::import_onnx(folder / model);
  workload.graph.name = workload.name;
  return workload;
}

workloads::Dataset synthetic_images(const workloads::Shape& shape, std::size_t count) {
  workloads::Dataset data;
  data.name = "synthetic: uniform random in [0, 1), seed 1";
  data.images.shape = {count, shape.channels, shape.height, shape.width};
  if (shape.is_vector) data.images.shape = {count, shape.channels};
  data.images.values.resize(count * shape.count());
  std::mt19937 random(1);
  for (float& value : data.images.values) {
    value = static_cast<float>(random() >> 8) * 0x1p-24F;
  }
  return data;
}

workloads::Dataset read(const IdxFiles& files, const Workload& workload, std::size_t count) {
  workloads::Dataset data =
      workloads::read_idx(files.images, files.labels, workload.preprocessing, count);
  if (!files.name.empty()) data.name = files.name;
  const workloads::Shape& shape = workload.graph.input_shape();
  const auto& got = data.images.shape;
  if (got.at(1) != shape.channels || got.at(2) != shape.height || got.at(3) != shape.width) {
    throw UserError(files.images.string() + ": images are " + std::to_string(got[1]) + "x" +
                    std::to_string(got[2]) + "x" + std::to_string(got[3]) + ", the network " +
                    workload.name + " takes " + std::to_string(shape.channels) + "x" +
                    std::to_string(shape.height) + "x" + std::to_string(shape.width));
  }
  return data;
}

}  // namespace

Workload read_workload(const std::string& name) {
  const fs::path file = find_shared(name, "workloads/networks", ".json", "workload");
  if (file.extension() == ".json") return read_workload_json(file);
  if (file.extension() != ".onnx") {
    throw UserError(file.string() + ": a workload is a name, a .json file or an .onnx model");
  }
  Workload workload;
  workload.file = file;
  workload.name = file.stem().string();
  workload.graph = workloads::import_onnx(file);
  workload.graph.name = workload.name;
  return workload;
}

workloads::Dataset read_images(const Workload& workload, const std::string& data_dir,
                               std::size_t count) {
  if (!workload.dataset) {
    if (!data_dir.empty()) {
      throw UserError("--data " + data_dir + ": the workload " + workload.name +
                      " does not say which data set it takes; a workload .json does");
    }
    return synthetic_images(workload.graph.input_shape(), count);
  }
  std::vector<IdxFiles> candidates;
  if (!data_dir.empty()) {
    if (!workload.full) {
      throw UserError("--data " + data_dir + ": the workload " + workload.name +
                      " does not say which files to look for there (full_images, full_labels)");
    }
    candidates.push_back({workload.full->name, fs::path(data_dir) / workload.full->images,
                          fs::path(data_dir) / workload.full->labels});
  } else {
    candidates.push_back(*workload.dataset);
    std::error_code error;
    if (workload.full && fs::exists(workload.full_dir / workload.full->images, error)) {
      candidates.push_back({workload.full->name, workload.full_dir / workload.full->images,
                            workload.full_dir / workload.full->labels});
    }
  }
  std::size_t most = 0;
  for (const IdxFiles& files : candidates) {
    workloads::Dataset data = read(files, workload, count);
    if (data.labels.size() == count) return data;
    most = std::max(most, data.labels.size());
  }
  throw UserError(
      "--images " + std::to_string(count) + ": " + workload.name + " has " + std::to_string(most) +
      " images" +
      (data_dir.empty() && workload.full
           ? "; the full data set is looked for in " + workload.full_dir.string() + " or --data DIR"
           : ""));
}

workloads::Dataset read_calibration(const Workload& workload, const workloads::Dataset& images) {
  if (workload.calibration) return read(*workload.calibration, workload, 0);
  constexpr std::size_t kMost = 256;
  workloads::Dataset data;
  data.images = images.images;
  const std::size_t count = std::min(kMost, images.images.shape[0]);
  data.images.values.resize(data.images.values.size() / data.images.shape[0] * count);
  data.images.shape[0] = count;
  data.name = "the first " + std::to_string(count) + " images of the run: " + images.name;
  return data;
}

}  // namespace systolog::sim
