// SPDX-License-Identifier: Apache-2.0
// idx: the first byte says how many bytes are the labels' file, from the end.
#include <algorithm>

#include "models/user_error.h"
#include "tests/fuzz/memory_file.h"
#include "workloads/dataset.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t labels = std::min<std::size_t>(bytes[0], size - 1);
  const systolog::fuzz::MemoryFile image_file(bytes + 1, size - 1 - labels);
  const systolog::fuzz::MemoryFile label_file(bytes + size - labels, labels);
  try {
    systolog::workloads::read_idx(image_file.path(), label_file.path(), {}, 0);
  } catch (const systolog::UserError&) {
  }
  return 0;
}
