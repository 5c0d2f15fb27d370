// SPDX-License-Identifier: Apache-2.0
// ONNX models: import, shapes, folding.
#include "models/user_error.h"
#include "tests/fuzz/memory_file.h"
#include "workloads/onnx_import.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const systolog::fuzz::MemoryFile file(bytes, size);
  try {
    systolog::workloads::Graph graph = systolog::workloads::import_onnx(file.path());
    systolog::workloads::fold_batch_norm(graph);
  } catch (const systolog::UserError&) {
  }
  return 0;
}
