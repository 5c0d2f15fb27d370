// SPDX-License-Identifier: Apache-2.0
// Accelerator configs: JSON, its fields, the rules across them.
#include <string_view>

#include "models/user_error.h"
#include "sim/accelerator_config.h"
#include "sim/json_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  try {
    const std::string_view text(reinterpret_cast<const char*>(bytes), size);
    systolog::sim::read_accelerator(systolog::sim::parse_json(text, "fuzz"), "fuzz");
  } catch (const systolog::UserError&) {
  }
  return 0;
}

// SystemC's library asks for it; nothing here elaborates.
extern "C" int sc_main(int, char**) { return 0; }
