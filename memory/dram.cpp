// SPDX-License-Identifier: Apache-2.0
#include "memory/dram.h"

#include <algorithm>

#include "memory/jedec_dram.h"
#include "memory/simple_dram.h"
#include "memory/stream.h"

namespace systolog::memory {
namespace {

Picoseconds now_ps() { return sc_core::sc_time_stamp().value(); }

}  // namespace

DramConfig config_of(const DramDevice& d) {
  const dram::Organisation& o = d.device.organisation;
  const dram::Timing& t = d.device.timing;
  // Within a row a stream stays in one bank group, unless the mapping changes it every burst.
  const std::string& map = d.device.policy.mapping;
  const bool alternates = o.bank_groups > 1 && map.find("Ba") > map.find("Co");
  const double ns = t.tck_ps / 1e3;
  DramConfig config;
  config.capacity_bytes = o.capacity_bytes();
  config.bandwidth_gb_per_s =
      o.channels * o.burst_bytes() / ((alternates ? t.nccd_s : t.nccd_l) * ns);
  config.latency_ns = (t.nrcd + t.ncl + t.nbl) * ns;
  config.device = d;
  return config;
}

Dram::Dram(const sc_core::sc_module_name& name, const DramConfig& config, Contents contents)
    : sc_module(name), storage_(config.capacity_bytes, contents) {
  const auto on_done = [this](std::uint64_t id, Picoseconds when) {
    answers_.push({when, orders_[id], id});
  };
  if (config.device) {
    model_ = std::make_unique<JedecDram>(config.device->device, on_done);
  } else {
    model_ = std::make_unique<SimpleDram>(config.bandwidth_gb_per_s, config.latency_ns, on_done);
  }
  in.register_nb_transport_fw(this, &Dram::nb_transport_fw);
  in.register_b_transport(this, &Dram::b_transport);
  in.register_transport_dbg(this, &Dram::transport_dbg);
  sc_core::sc_spawn_options options;
  options.spawn_method();
  options.dont_initialize();
  options.set_sensitivity(&step_);
  sc_core::sc_spawn([this] { step(); }, "step", &options);
}

tlm::tlm_sync_enum Dram::nb_transport_fw(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                                         sc_core::sc_time& delay) {
  if (phase == tlm::END_RESP) {
    responding_ = false;
    schedule();
    return tlm::TLM_COMPLETED;
  }
  if (!storage_.access(payload)) return tlm::TLM_COMPLETED;
  payload.acquire();
  arrive({&payload, nullptr}, delay);
  phase = tlm::END_REQ;
  return tlm::TLM_UPDATED;
}

void Dram::b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
  if (!storage_.access(payload)) return;
  sc_core::sc_event done;
  arrive({&payload, &done}, delay);
  sc_core::wait(done);
  delay = sc_core::SC_ZERO_TIME;
}

unsigned Dram::transport_dbg(tlm::tlm_generic_payload& payload) {
  return storage_.access(payload) ? payload.get_data_length() : 0;
}

void Dram::arrive(const InFlight& burst, sc_core::sc_time delay) {
  if (free_.empty()) {
    free_.push_back(in_flight_.size());
    in_flight_.emplace_back();
    orders_.emplace_back();
  }
  const std::uint64_t id = free_.back();
  free_.pop_back();
  in_flight_[id] = burst;
  orders_[id] = arrivals_++;
  const tlm::tlm_generic_payload& payload = *burst.payload;
  const unsigned length = payload.get_data_length();
  (payload.is_read() ? bytes_read_ : bytes_written_) += length;
  last_arrival_ = std::max<Picoseconds>(last_arrival_, now_ps() + delay.value());
  model_->arrive({id, payload.is_write(), payload.get_address(), length, Stream::of(payload)},
                 last_arrival_);
  schedule();
}

void Dram::step() {
  const auto first_answer = [&] { return answers_.empty() ? kNever : answers_.top().when; };
  // Nobody else acts until then: the model may go on without the kernel.
  const Picoseconds quiet = now_ps() + sc_core::sc_time_to_pending_activity().value();
  model_->advance(std::max(now_ps(), std::min(quiet, first_answer())));
  while (first_answer() <= now_ps() && !responding_) {
    const std::uint64_t id = answers_.top().id;
    answers_.pop();
    answer(id);
  }
  schedule();
}

void Dram::answer(std::uint64_t id) {
  const InFlight burst = in_flight_[id];
  free_.push_back(id);
  if (burst.waiting != nullptr) return burst.waiting->notify(sc_core::SC_ZERO_TIME);
  tlm::tlm_phase phase = tlm::BEGIN_RESP;
  sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
  const auto sync = in->nb_transport_bw(*burst.payload, phase, delay);
  responding_ = sync != tlm::TLM_COMPLETED && !(sync == tlm::TLM_UPDATED && phase == tlm::END_RESP);
  burst.payload->release();
}

void Dram::schedule() {
  Picoseconds next = model_->next();
  if (!answers_.empty() && !responding_) next = std::min(next, answers_.top().when);
  if (next == kNever) return;
  step_.notify(sc_core::sc_time::from_value(next - std::min(next, now_ps())));
}

std::optional<DramUse> Dram::finish() { return model_->finish(now_ps()); }

}  // namespace systolog::memory
