// SPDX-License-Identifier: Apache-2.0
#include "memory/dma.h"

#include <algorithm>
#include <cstring>

namespace systolog::memory {
namespace {

using Socket = tlm_utils::simple_initiator_socket<Dma>;

tlm::tlm_response_status transport(Socket& socket, tlm::tlm_command command, std::uint64_t address,
                                   std::vector<std::byte>& data, std::uint32_t length,
                                   sc_core::sc_time& delay) {
  tlm::tlm_generic_payload payload;
  payload.set_command(command);
  payload.set_address(address);
  payload.set_data_ptr(reinterpret_cast<unsigned char*>(data.data()));
  payload.set_data_length(length);
  payload.set_streaming_width(length);
  payload.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
  socket->b_transport(payload, delay);
  return payload.get_response_status();
}

}  // namespace

Dma::Dma(const sc_core::sc_module_name& name, const DmaConfig& config,
         sc_core::sc_time clock_period, DmaPriority priority)
    : sc_module(name),
      config_(config),
      clock_period_(clock_period),
      priority_(priority),
      burst_(config.burst_bytes),
      completions_(config.outstanding_bursts) {
  command.register_b_transport(this, &Dma::b_transport);
}

void Dma::b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
  if (!payload.is_write() || payload.get_data_length() != sizeof(Transfer)) {
    payload.set_response_status(tlm::TLM_COMMAND_ERROR_RESPONSE);
    return;
  }
  Transfer transfer;
  std::memcpy(&transfer, payload.get_data_ptr(), sizeof transfer);
  keeper_.reset();
  keeper_.set(delay);
  yield();
  tlm::tlm_response_status status = tlm::TLM_OK_RESPONSE;
  transfer.for_each_run([&](std::uint64_t dram_address, std::uint64_t local_address) {
    if (status == tlm::TLM_OK_RESPONSE) status = move_run(transfer, dram_address, local_address);
  });
  // The command ends when its last burst has arrived.
  const sc_core::sc_time now = sc_core::sc_time_stamp();
  const sc_core::sc_time end = *std::max_element(completions_.begin(), completions_.end());
  delay = std::max(end, now + keeper_.get_local_time()) - now;
  payload.set_response_status(status);
}

tlm::tlm_response_status Dma::move_run(const Transfer& transfer, std::uint64_t dram_address,
                                       std::uint64_t local_address) {
  Socket& local = socket_of(transfer.scratchpad);
  for (std::uint32_t done = 0; done < transfer.run_bytes;) {
    const std::uint32_t length = std::min(config_.burst_bytes, transfer.run_bytes - done);
    const sc_core::sc_time free = completions_[next_];
    const sc_core::sc_time now = sc_core::sc_time_stamp();
    if (free > now + keeper_.get_local_time()) keeper_.set(free - now);
    sc_core::sc_time delay = keeper_.get_local_time();
    const bool load = transfer.direction == Transfer::Direction::kLoad;
    tlm::tlm_response_status status =
        load ? transport(bus, tlm::TLM_READ_COMMAND, dram_address + done, burst_, length, delay)
             : transport(local, tlm::TLM_READ_COMMAND, local_address + done, burst_, length, delay);
    if (status != tlm::TLM_OK_RESPONSE) return status;
    status =
        load ? transport(local, tlm::TLM_WRITE_COMMAND, local_address + done, burst_, length, delay)
             : transport(bus, tlm::TLM_WRITE_COMMAND, dram_address + done, burst_, length, delay);
    if (status != tlm::TLM_OK_RESPONSE) return status;
    completions_[next_] = now + delay;
    next_ = (next_ + 1) % completions_.size();
    keeper_.inc(clock_period_);
    if (keeper_.need_sync()) {
      keeper_.sync();
      yield();
    }
    done += length;
  }
  return tlm::TLM_OK_RESPONSE;
}

// Processes wake up at an instant in any order; a delta cycle later the first channel's are done.
void Dma::yield() {
  if (priority_ == DmaPriority::kSecond) sc_core::wait(sc_core::SC_ZERO_TIME);
}

Socket& Dma::socket_of(Scratchpad scratchpad) {
  switch (scratchpad) {
    case Scratchpad::kInput:
      return input;
    case Scratchpad::kWeight:
      return weight;
    case Scratchpad::kOutput:
      return output;
  }
  return input;
}

}  // namespace systolog::memory
