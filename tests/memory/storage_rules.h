// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "tests/memory/support.h"

namespace systolog::memory::test {

/// A payload that a memory of `capacity` bytes must refuse, and how.
struct Refusal {
  std::string what;
  tlm::tlm_command command;
  std::uint64_t address;
  std::size_t length;
  bool byte_enables = false, streaming = false;
  tlm::tlm_response_status status;
};

inline std::vector<Refusal> refusals(std::uint64_t capacity) {
  const auto outside = tlm::TLM_ADDRESS_ERROR_RESPONSE;
  const auto read = tlm::TLM_READ_COMMAND, write = tlm::TLM_WRITE_COMMAND;
  return {
      {"read from the end on", read, capacity, 1, false, false, outside},
      {"write across the end", write, capacity - 3, 4, false, false, outside},
      {"read of more than there is", read, 0, capacity + 1, false, false, outside},
      {"address that wraps around", read, UINT64_MAX - 1, 4, false, false, outside},
      {"no data", write, 0, 0, false, false, outside},
      {"byte enables", write, 0, 4, true, false, tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE},
      {"streaming width", read, 0, 4, false, true, tlm::TLM_BURST_ERROR_RESPONSE},
      {"neither read nor write", tlm::TLM_IGNORE_COMMAND, 0, 4, false, false,
       tlm::TLM_COMMAND_ERROR_RESPONSE},
  };
}

/// Sends every refusal: the status fits, no time passes, no byte of the payload changes.
inline void expect_refusals(Initiator& initiator, std::uint64_t capacity) {
  for (const Refusal& refusal : refusals(capacity)) {
    SCOPED_TRACE(refusal.what);
    std::vector<std::byte> data(refusal.length, std::byte{0x5A});
    std::vector<unsigned char> enables(refusal.length, 0xFF);
    tlm::tlm_generic_payload payload;
    set_up(payload, refusal.command, refusal.address, data);
    if (refusal.byte_enables) {
      payload.set_byte_enable_ptr(enables.data());
      payload.set_byte_enable_length(static_cast<unsigned>(enables.size()));
    }
    if (refusal.streaming) payload.set_streaming_width(2);
    const auto reply = initiator.send(payload, ns(7));
    EXPECT_EQ(reply.status, refusal.status) << payload.get_response_string();
    EXPECT_EQ(reply.delay, ns(7));
    EXPECT_EQ(data, std::vector<std::byte>(refusal.length, std::byte{0x5A}));
    EXPECT_EQ(initiator.out->transport_dbg(payload), 0U);
  }
}

}  // namespace systolog::memory::test
