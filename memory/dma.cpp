// SPDX-License-Identifier: Apache-2.0
#include "memory/dma.h"

#include <algorithm>
#include <cstring>

namespace systolog::memory {
namespace {

void set_up(tlm::tlm_generic_payload& payload, tlm::tlm_command command, std::uint64_t address,
            std::vector<std::byte>& data, unsigned length) {
  payload.set_command(command);
  payload.set_address(address);
  payload.set_data_ptr(reinterpret_cast<unsigned char*>(data.data()));
  payload.set_data_length(length);
  payload.set_streaming_width(length);
  payload.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
}

}  // namespace

Dma::Dma(const sc_core::sc_module_name& name, const DmaConfig& config,
         sc_core::sc_time clock_period)
    : sc_module(name), config_(config), clock_period_(clock_period) {
  command.register_b_transport(this, &Dma::b_transport);
  bus.register_nb_transport_bw(this, &Dma::nb_transport_bw);
  for (std::uint32_t s = 0; s < config.outstanding_bursts; ++s) {
    Slot& slot = slots_.emplace_back();
    slot.bytes.resize(config.burst_bytes);
    slot.stream = new Stream;
    slot.set_extension(slot.stream);  // the payload deletes it
    slot.set_mm(this);
    free_.push_back(&slot);
  }
}

sc_core::sc_time Dma::edge(sc_core::sc_time time) const {
  const auto period = clock_period_.value();
  return sc_core::sc_time::from_value((time.value() + period - 1) / period * period);
}

void Dma::b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
  if (!payload.is_write() || payload.get_data_length() != sizeof(Transfer)) {
    payload.set_response_status(tlm::TLM_COMMAND_ERROR_RESPONSE);
    return;
  }
  std::memcpy(&transfer_, payload.get_data_ptr(), sizeof transfer_);
  load_ = transfer_.direction == Transfer::Direction::kLoad;
  cursor_ = {};
  if (transfer_.bytes() == 0) cursor_.i = transfer_.count[0];
  failure_ = tlm::TLM_OK_RESPONSE;
  end_ = sc_core::sc_time_stamp() + delay;
  next_issue_ = std::max(next_issue_, edge(end_));
  issue();
  while (has_next() || free_.size() < slots_.size()) sc_core::wait(done_);
  payload.set_response_status(failure_);
  delay = std::max(end_, sc_core::sc_time_stamp()) - sc_core::sc_time_stamp();
}

void Dma::issue() {
  while (requesting_ == nullptr && !free_.empty() && has_next()) {
    Slot& slot = *free_.front();
    free_.pop_front();
    const sc_core::sc_time issued = std::max(next_issue_, edge(slot.free_at));
    next_issue_ = issued + clock_period_;
    take_next(slot);
    sc_core::sc_time ready = issued;
    if (!load_) ready += access(slot, tlm::TLM_READ_COMMAND, issued);
    if (failure_ != tlm::TLM_OK_RESPONSE) return complete(slot, ready);
    set_up(slot, load_ ? tlm::TLM_READ_COMMAND : tlm::TLM_WRITE_COMMAND, slot.get_address(),
           slot.bytes, slot.get_data_length());
    requesting_ = &slot;
    const sc_core::sc_time now = sc_core::sc_time_stamp();
    sc_core::sc_time delay = std::max(edge(ready), now) - now;
    tlm::tlm_phase phase = tlm::BEGIN_REQ;
    slot.acquire();
    const auto sync = bus->nb_transport_fw(slot, phase, delay);
    if (sync == tlm::TLM_ACCEPTED) continue;
    requesting_ = nullptr;
    if (sync == tlm::TLM_COMPLETED) complete(slot, now + delay);
  }
}

/// Puts the transfer's next burst into the slot.
void Dma::take_next(Slot& slot) {
  const Transfer& t = transfer_;
  const auto at = [&](const Transfer::Side& side) {
    return side.address + cursor_.i * side.stride[0] + cursor_.j * side.stride[1] +
           cursor_.k * side.stride[2] + cursor_.done;
  };
  const std::uint32_t length = std::min(config_.burst_bytes, t.run_bytes - cursor_.done);
  slot.set_address(at(t.dram));
  slot.set_data_length(length);
  slot.local_address = at(t.local);
  slot.stream->number = t.stream;
  cursor_.done += length;
  if (cursor_.done < t.run_bytes) return;
  cursor_.done = 0;
  if (++cursor_.k < t.count[2]) return;
  cursor_.k = 0;
  if (++cursor_.j < t.count[1]) return;
  cursor_.j = 0;
  ++cursor_.i;
}

sc_core::sc_time Dma::access(Slot& slot, tlm::tlm_command direction, sc_core::sc_time begin) {
  tlm::tlm_generic_payload payload;
  set_up(payload, direction, slot.local_address, slot.bytes, slot.get_data_length());
  const sc_core::sc_time now = sc_core::sc_time_stamp(), ahead = std::max(begin, now) - now;
  sc_core::sc_time delay = ahead;
  socket_of(transfer_.scratchpad)->b_transport(payload, delay);
  if (payload.is_response_error()) failure_ = payload.get_response_status();
  return delay - ahead;
}

tlm::tlm_sync_enum Dma::nb_transport_bw(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                                        sc_core::sc_time& delay) {
  if (requesting_ == &payload) requesting_ = nullptr;
  tlm::tlm_sync_enum sync = tlm::TLM_ACCEPTED;
  if (phase == tlm::BEGIN_RESP) {
    complete(static_cast<Slot&>(payload), sc_core::sc_time_stamp() + delay);
    sync = tlm::TLM_COMPLETED;
  }
  issue();
  return sync;
}

void Dma::complete(Slot& slot, sc_core::sc_time when) {
  const bool answered = slot.get_ref_count() > 0;
  if (answered && slot.is_response_error()) {
    failure_ = slot.get_response_status();
  } else if (answered && load_ && failure_ == tlm::TLM_OK_RESPONSE) {
    when += access(slot, tlm::TLM_WRITE_COMMAND, when);
  }
  if (answered) slot.release();
  slot.free_at = when;
  end_ = std::max(end_, when);
  free_.push_back(&slot);
  if (!has_next() && free_.size() == slots_.size()) done_.notify();
}

Dma::Socket& Dma::socket_of(Scratchpad scratchpad) {
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
