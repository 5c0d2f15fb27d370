// SPDX-License-Identifier: Apache-2.0
#include "memory/bus.h"

#include <algorithm>

namespace systolog::memory {

Bus::Bus(const sc_core::sc_module_name& name, const BusConfig& config,
         sc_core::sc_time clock_period)
    : sc_module(name),
      config_(config),
      clock_period_(clock_period),
      latency_(clock_period * static_cast<double>(config.latency_cycles)) {
  for (std::size_t p = 0; p < kPorts; ++p) {
    ports_[p]->register_nb_transport_fw(this, &Bus::nb_transport_fw, static_cast<int>(p));
    ports_[p]->register_transport_dbg(this, &Bus::transport_dbg, static_cast<int>(p));
  }
  out.register_nb_transport_bw(this, &Bus::nb_transport_bw);
  sc_core::sc_spawn_options options;
  options.spawn_method();
  options.dont_initialize();
  options.set_sensitivity(&arbitrate_);
  sc_core::sc_spawn([this] { arbitrate(); }, "arbiter", &options);
}

tlm::tlm_sync_enum Bus::nb_transport_fw(int port, tlm::tlm_generic_payload& payload,
                                        tlm::tlm_phase& phase, sc_core::sc_time& delay) {
  if (phase == tlm::END_RESP) {
    const auto sync = out->nb_transport_fw(payload, phase, delay);
    end(payload);
    return sync;
  }
  payload.acquire();
  requests_[static_cast<std::size_t>(port)] = {&payload,
                                               sc_core::sc_time_stamp() + delay + clock_period_};
  schedule();
  return tlm::TLM_ACCEPTED;
}

void Bus::schedule() {
  if (request_open_) return;
  const Request* first = nullptr;
  for (const Request& r : requests_) {
    if (r.payload != nullptr && (first == nullptr || r.earliest < first->earliest)) first = &r;
  }
  if (first == nullptr) return;
  arbitrate_.notify(std::max(first->earliest, busy_until_) - sc_core::sc_time_stamp());
}

void Bus::arbitrate() {
  const sc_core::sc_time now = sc_core::sc_time_stamp();
  if (now >= busy_until_ && !request_open_) {
    const std::size_t first =
        config_.arbitration == Arbitration::kRoundRobin ? last_granted_ + 1 : 0;
    for (std::size_t i = 0; i < kPorts; ++i) {
      const std::size_t port = (first + i) % kPorts;
      if (requests_[port].payload == nullptr || requests_[port].earliest > now) continue;
      grant(port);
      break;
    }
  }
  schedule();
}

void Bus::grant(std::size_t port) {
  tlm::tlm_generic_payload& payload = *requests_[port].payload;
  requests_[port].payload = nullptr;
  last_granted_ = port;
  const sc_core::sc_time now = sc_core::sc_time_stamp();
  const std::uint64_t length = payload.get_data_length();
  const std::uint64_t beats = (length + config_.width_bytes - 1) / config_.width_bytes;
  busy_until_ = now + clock_period_ * static_cast<double>(beats);
  bytes_ += length;
  if (observer_)
    observer_({now, busy_until_, payload.is_write(), static_cast<std::uint32_t>(length)});
  routes_[&payload] = {port, busy_until_ + latency_};

  tlm::tlm_phase phase = tlm::END_REQ;
  sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
  (*ports_[port])->nb_transport_bw(payload, phase, delay);
  phase = tlm::BEGIN_REQ;
  delay = latency_;
  const auto sync = out->nb_transport_fw(payload, phase, delay);
  if (sync == tlm::TLM_COMPLETED) {
    respond(payload, delay);
  } else {
    request_open_ = sync == tlm::TLM_ACCEPTED;
  }
}

tlm::tlm_sync_enum Bus::nb_transport_bw(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                                        sc_core::sc_time& delay) {
  // A response says that the request has ended, if nothing did before.
  request_open_ = false;
  schedule();
  if (phase == tlm::END_REQ) return tlm::TLM_ACCEPTED;
  return respond(payload, delay);
}

/// Passes BEGIN_RESP on to the port it belongs to.
tlm::tlm_sync_enum Bus::respond(tlm::tlm_generic_payload& payload, sc_core::sc_time delay) {
  const Route route = routes_.at(&payload);
  const sc_core::sc_time now = sc_core::sc_time_stamp();
  delay = std::max(now + delay, route.last_beat) - now;
  tlm::tlm_phase phase = tlm::BEGIN_RESP;
  const auto sync = (*ports_[route.port])->nb_transport_bw(payload, phase, delay);
  if (sync == tlm::TLM_ACCEPTED) return tlm::TLM_ACCEPTED;
  end(payload);
  return tlm::TLM_COMPLETED;
}

void Bus::end(tlm::tlm_generic_payload& payload) {
  routes_.erase(&payload);
  payload.release();
}

unsigned Bus::transport_dbg(int, tlm::tlm_generic_payload& payload) {
  return out->transport_dbg(payload);
}

}  // namespace systolog::memory
