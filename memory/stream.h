// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <tlm>

namespace systolog::memory {

/// Says for whom a payload moves: whose figures its DRAM commands belong to. Stream 0 where a
/// payload has none.
struct Stream final : tlm::tlm_extension<Stream> {
  std::uint32_t number = 0;

  tlm::tlm_extension_base* clone() const override { return new Stream(*this); }
  void copy_from(const tlm::tlm_extension_base& other) override {
    number = static_cast<const Stream&>(other).number;
  }
  static std::uint32_t of(const tlm::tlm_generic_payload& payload) {
    const auto* stream = payload.get_extension<Stream>();
    return stream == nullptr ? 0 : stream->number;
  }
};

}  // namespace systolog::memory
