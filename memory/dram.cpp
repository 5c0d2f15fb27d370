// SPDX-License-Identifier: Apache-2.0
#include "memory/dram.h"

#include <algorithm>

namespace systolog::memory {

Dram::Dram(const sc_core::sc_module_name& name, const DramConfig& config)
    : sc_module(name),
      storage_(config.capacity_bytes),
      byte_time_(1.0 / config.bandwidth_gb_per_s, sc_core::SC_NS),
      latency_(config.latency_ns, sc_core::SC_NS) {
  in.register_b_transport(this, &Dram::b_transport);
  in.register_transport_dbg(this, &Dram::transport_dbg);
}

void Dram::b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
  if (!storage_.access(payload)) return;
  const unsigned length = payload.get_data_length();
  (payload.is_read() ? bytes_read_ : bytes_written_) += length;
  const sc_core::sc_time now = sc_core::sc_time_stamp();
  busy_until_ = std::max(now + delay, busy_until_) + byte_time_ * static_cast<double>(length);
  delay = busy_until_ + latency_ - now;
}

unsigned Dram::transport_dbg(tlm::tlm_generic_payload& payload) {
  return storage_.access(payload) ? payload.get_data_length() : 0;
}

}  // namespace systolog::memory
