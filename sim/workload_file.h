// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>

#include "workloads/dataset.h"
#include "workloads/graph.h"

namespace systolog::sim {

/// An idx pair as a workload file names it.
struct IdxFiles {
  std::string name;
  std::filesystem::path images, labels;
};

/// A network and the data it comes with.
struct Workload {
  std::string name;
  std::filesystem::path file;
  workloads::Graph graph;
  workloads::Preprocessing preprocessing;
  std::optional<IdxFiles> dataset;  // the part that ships with us
  std::optional<IdxFiles> full;     // the whole data set, where a package installs it
  std::filesystem::path full_dir;
  std::optional<IdxFiles> calibration;  // training images for int:B scales
};

/// `name`: a bare name in workloads/networks, a workload .json, or an .onnx model (which comes
/// without data). Throws UserError.
Workload read_workload(const std::string& name);

/// The first `count` images. From `data_dir` if given, else the shipped part, else the full data
/// set where it is installed; a model without data gets seeded uniform random images in [0, 1) and
/// no labels. Throws UserError where there are not that many.
workloads::Dataset read_images(const Workload& workload, const std::string& data_dir,
                               std::size_t count);

/// Calibration images: the workload's own, else (named in the result) the first 256 of `images`.
workloads::Dataset read_calibration(const Workload& workload, const workloads::Dataset& images);

}  // namespace systolog::sim
