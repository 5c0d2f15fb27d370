// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "sim/data_sets.h"
#include "workloads/graph.h"
#include "workloads/preprocessing.h"

namespace systolog::sim {

/// A network and the data it comes with.
struct Workload {
  std::string name;
  std::filesystem::path file;
  workloads::Graph graph;
  std::string weights;                                    // where they come from, for the report
  std::optional<workloads::Preprocessing> preprocessing;  // nothing: not stated anywhere
  std::vector<DataSource> datasets;                       // the first that has enough images is run
  std::optional<DataSource> calibration;                  // training images for int:B scales
  std::vector<std::string> skipped;  // the model's nodes that no output of it depends on
};

/// `name`: a bare name in workloads/networks, a workload .json, or an .onnx model; beside
/// MODEL.onnx a MODEL.json is read as its workload file, else the model comes without data. A
/// network by topology alone is a graph of shapes. Throws UserError.
Workload read_workload(const std::string& name);

/// What is wrong with the layout for the workload's network; empty: nothing.
std::string layout_contradiction(const Workload& workload, workloads::Layout layout);

/// Gives a network by topology alone synthetic weights; leaves others as they are.
void fill_weights(Workload& workload, std::uint64_t seed);

}  // namespace systolog::sim
