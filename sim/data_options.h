// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/program_options.hpp>
#include <cstddef>
#include <string>
#include <vector>

#include "sim/workload_file.h"
#include "workloads/dataset.h"

namespace systolog::sim {

/// Which images a command runs, as the command line says it.
struct DataOptions {
  std::string dataset, data, input, labels;
  std::vector<std::string> preprocessing;
};

/// Adds --dataset, --data, --input, --labels and --preprocessing.
void add_data_options(boost::program_options::options_description& options, DataOptions& values);

/// What --images says: a number, or "all": 0. UserError for anything else.
std::size_t to_images(const std::string& text);

/// The first `count` images, 0: all there are. From --input or --data; else the workload's own data
/// set, or --dataset's, where it is installed; a model without data gets seeded uniform random
/// images in [0, 1) and no labels (also `--dataset synthetic`). Throws UserError where there are
/// not that many, where they do not fit the network, and for labels the network has no output for.
workloads::Dataset read_images(const Workload& workload, const DataOptions& options,
                               std::size_t count);

/// The same where fewer will do: `most` images, or all there are.
workloads::Dataset read_images_up_to(const Workload& workload, const DataOptions& options,
                                     std::size_t most);

/// Calibration images: the first 256 of the workload's own, or of the training set ("NAME-train")
/// that belongs to the data set which is run, where they are in --data or installed; else (named in
/// the result) the first 256 of `images`.
workloads::Dataset read_calibration(const Workload& workload, const DataOptions& options,
                                    const workloads::Dataset& images);

/// True where a run without data options would find the workload's images.
bool has_images(const Workload& workload);

}  // namespace systolog::sim
