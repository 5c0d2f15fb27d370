// SPDX-License-Identifier: Apache-2.0
#include "models/user_error.h"
#include "tests/fuzz/memory_file.h"
#include "workloads/dataset.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const systolog::fuzz::MemoryFile file(bytes, size);
  try {
    systolog::workloads::read_cifar10({.images = {file.path()}}, {});
  } catch (const systolog::UserError&) {
  }
  return 0;
}
