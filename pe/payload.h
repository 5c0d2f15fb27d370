// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <systemc>
#include <tlm>

namespace systolog::pe {

/// Whether a compute unit does its arithmetic. kNone is for runs of timing alone: commands take their
/// time, no operand is read and no result written.
enum class Values { kComputed, kNone };

/// One blocking transaction of a compute unit with a scratchpad: the whole operand tile in one
/// payload. The unit's own cycles contain the streaming, so the annotated delay is dropped: the
/// scratchpad is assumed to keep up with the unit.
template <typename Socket>
tlm::tlm_response_status move_tile(Socket& socket, tlm::tlm_command command, std::uint64_t address,
                                   std::span<std::byte> data) {
  tlm::tlm_generic_payload payload;
  payload.set_command(command);
  payload.set_address(address);
  payload.set_data_ptr(reinterpret_cast<unsigned char*>(data.data()));
  payload.set_data_length(static_cast<unsigned>(data.size()));
  payload.set_streaming_width(static_cast<unsigned>(data.size()));
  payload.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
  sc_core::sc_time streamed = sc_core::SC_ZERO_TIME;
  socket->b_transport(payload, streamed);
  return payload.get_response_status();
}

/// Reads the command word out of a payload; false (and COMMAND_ERROR) for anything else.
template <typename Command>
bool read_command(tlm::tlm_generic_payload& payload, Command& command) {
  if (!payload.is_write() || payload.get_data_length() != sizeof(Command)) {
    payload.set_response_status(tlm::TLM_COMMAND_ERROR_RESPONSE);
    return false;
  }
  std::memcpy(&command, payload.get_data_ptr(), sizeof(Command));
  return true;
}

}  // namespace systolog::pe
