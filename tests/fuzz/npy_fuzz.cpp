// SPDX-License-Identifier: Apache-2.0
// .npy: read as images of 3x4x5 and as labels.
#include "models/user_error.h"
#include "tests/fuzz/memory_file.h"
#include "workloads/dataset.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const systolog::fuzz::MemoryFile file(bytes, size);
  for (const bool as_labels : {false, true}) {
    try {
      systolog::workloads::DataFiles files{.images = {file.path()}};
      if (as_labels) files.labels = file.path();
      systolog::workloads::read_npy(files, {.size = {3, 4, 5}});
    } catch (const systolog::UserError&) {
    }
  }
  return 0;
}
