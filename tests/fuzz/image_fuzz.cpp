// SPDX-License-Identifier: Apache-2.0
// JPEG and PNG pictures, cropped to 8x8.
#include "models/user_error.h"
#include "workloads/image_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  namespace w = systolog::workloads;
  try {
    w::Preprocessing p;
    p.resize = 8;
    w::fit(w::decode_image({bytes, size}, 3, "picture"), p, {3, 8, 8}, "picture");
  } catch (const systolog::UserError&) {
  }
  return 0;
}
