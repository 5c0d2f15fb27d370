// SPDX-License-Identifier: Apache-2.0
#include "sim/output_files.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "models/user_error.h"
#include "sim/json_file.h"
#include "workloads/npy.h"

namespace systolog::sim {
namespace {

namespace fs = std::filesystem;

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_';
}

fs::path file_of(const fs::path& file, std::string output) {
  std::replace_if(
      output.begin(), output.end(), [](char c) { return !is_plain(c); }, '_');
  const fs::path extension = file.extension();
  fs::path own = file;
  own.replace_extension();
  own += "." + output;
  own += extension;
  return own;
}

}  // namespace

void write_outputs(const fs::path& file, const workloads::Graph& graph,
                   const workloads::Tensor& first, std::span<const workloads::Tensor> more) {
  if (more.empty()) return write_file(file, workloads::to_npy(first));
  std::vector<fs::path> files;
  for (const workloads::GraphOutput& output : workloads::outputs_of(graph)) {
    files.push_back(file_of(file, output.name));
  }
  if (std::set<fs::path>(files.begin(), files.end()).size() != files.size()) {
    throw UserError(file.string() + ": two outputs of " + graph.name +
                    " differ only in characters that a file name does not keep");
  }
  write_file(files[0], workloads::to_npy(first));
  for (std::size_t i = 0; i < more.size(); ++i) {
    write_file(files[i + 1], workloads::to_npy(more[i]));
  }
}

}  // namespace systolog::sim
