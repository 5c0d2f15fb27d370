// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "workloads/dataset.h"

namespace systolog::sim {

/// Files of a data set under their usual names, each plain or with ".gz".
struct UsualFiles {
  std::string_view title;  // for the report
  std::vector<std::string_view> images;
  std::string_view labels;  // empty: with the images
};

/// A data set known by name.
struct NamedDataset {
  std::string_view name, format;
  std::vector<UsualFiles> files;             // the first that is there is taken
  std::vector<std::string_view> subfolders;  // searched besides the folder itself
};
std::span<const NamedDataset> named_datasets();

/// Where a workload's or the command line's images come from: files, or a data set by name.
struct DataSource {
  const NamedDataset* set = nullptr;  // or:
  const workloads::DataFormat* format = nullptr;
  workloads::DataFiles files;
  std::string origin = {};  // where files are named, "FILE: /dataset"; empty: on the command line
};

/// A source by the name of a data set or a format; UserError, beginning with `origin`, that lists
/// what there is.
DataSource data_source(const std::string& name, const std::string& origin);

/// The files of a named set in `folder`, or nothing.
std::optional<workloads::DataFiles> find_in(const NamedDataset& set,
                                            const std::filesystem::path& folder);

/// The same in the folders where packages and workloads/fetch_data.sh put it.
std::optional<workloads::DataFiles> find_installed(const NamedDataset& set);

/// The files that `--data path` means: a folder of a data set's files, or the images' file. Throws
/// UserError that begins with `option`, by which the path was given.
workloads::DataFiles files_at(const DataSource& source, const std::string& option,
                              const std::filesystem::path& path,
                              const std::filesystem::path& labels);

/// The format of a source, named or not.
const workloads::DataFormat& format_of(const DataSource& source);

/// The usual file names of a set, for messages: "test_batch.bin or test_batch_exact1000.bin".
std::string usual_names(const NamedDataset& set);

}  // namespace systolog::sim
