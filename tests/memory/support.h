// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <tlm_utils/peq_with_get.h>
#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <systemc>
#include <tlm>
#include <vector>

#include "tests/draw.h"

namespace systolog::memory::test {

using sc_core::sc_time;
using systolog::test::Draw;

inline sc_time ns(double value) { return {value, sc_core::SC_NS}; }

/// Runs `stimulus` as the one SC_THREAD of the simulation and fails the case if it never ended.
template <typename Stimulus>
void simulate(Stimulus stimulus) {
  bool ended = false;
  sc_core::sc_spawn([&] {
    stimulus();
    ended = true;
  });
  sc_core::sc_start();
  ASSERT_TRUE(ended) << "the stimulus waits for something that never happens";
}

inline void set_up(tlm::tlm_generic_payload& payload, tlm::tlm_command command,
                   std::uint64_t address, std::span<std::byte> data) {
  payload.set_command(command);
  payload.set_address(address);
  payload.set_data_ptr(reinterpret_cast<unsigned char*>(data.data()));
  payload.set_data_length(static_cast<unsigned>(data.size()));
  payload.set_streaming_width(static_cast<unsigned>(data.size()));
  payload.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
}

/// Something that sends payloads.
class Initiator final : public sc_core::sc_module {
 public:
  tlm_utils::simple_initiator_socket<Initiator> out{"out"};

  explicit Initiator(const sc_core::sc_module_name& name) : sc_module(name) {}

  struct Reply {
    tlm::tlm_response_status status;
    sc_time delay;
  };
  Reply send(tlm::tlm_generic_payload& payload, sc_time delay = sc_core::SC_ZERO_TIME) {
    out->b_transport(payload, delay);
    return {payload.get_response_status(), delay};
  }
  Reply transport(tlm::tlm_command command, std::uint64_t address, std::span<std::byte> data,
                  sc_time delay = sc_core::SC_ZERO_TIME) {
    tlm::tlm_generic_payload payload;
    set_up(payload, command, address, data);
    return send(payload, delay);
  }
  Reply read(std::uint64_t address, std::span<std::byte> data,
             sc_time delay = sc_core::SC_ZERO_TIME) {
    return transport(tlm::TLM_READ_COMMAND, address, data, delay);
  }
  Reply write(std::uint64_t address, std::span<std::byte> data,
              sc_time delay = sc_core::SC_ZERO_TIME) {
    return transport(tlm::TLM_WRITE_COMMAND, address, data, delay);
  }
  /// Bytes that transport_dbg moved.
  unsigned debug(tlm::tlm_command command, std::uint64_t address, std::span<std::byte> data) {
    tlm::tlm_generic_payload payload;
    set_up(payload, command, address, data);
    return out->transport_dbg(payload);
  }
};

/// A memory that answers `latency` after the payload came in, however many are on their way, and
/// writes down what it was asked.
class Recorder final : public sc_core::sc_module {
 public:
  tlm_utils::simple_target_socket<Recorder> in{"in"};

  struct Access {
    bool is_write;
    std::uint64_t address, length;
    sc_time start;  // absolute
    bool operator==(const Access&) const = default;
  };

  Recorder(const sc_core::sc_module_name& name, std::size_t capacity_bytes, sc_time latency)
      : sc_module(name), bytes(capacity_bytes), latency_(latency) {
    in.register_b_transport(this, &Recorder::b_transport);
    in.register_transport_dbg(this, &Recorder::transport_dbg);
  }

  std::vector<std::byte> bytes;
  std::vector<Access> accesses;
  /// What the access after `good_accesses` more is answered with.
  tlm::tlm_response_status refusal = tlm::TLM_OK_RESPONSE;
  std::size_t good_accesses = SIZE_MAX;

 private:
  void b_transport(tlm::tlm_generic_payload& payload, sc_time& delay) {
    accesses.push_back({payload.is_write(), payload.get_address(), payload.get_data_length(),
                        sc_core::sc_time_stamp() + delay});
    if (good_accesses-- == 0) return payload.set_response_status(refusal);
    ASSERT_LE(payload.get_address() + payload.get_data_length(), bytes.size());
    auto* data = reinterpret_cast<std::byte*>(payload.get_data_ptr());
    for (std::size_t i = 0; i < payload.get_data_length(); ++i) {
      std::byte& stored = bytes[payload.get_address() + i];
      payload.is_write() ? stored = data[i] : data[i] = stored;
    }
    payload.set_response_status(tlm::TLM_OK_RESPONSE);
    delay += latency_;
  }
  unsigned transport_dbg(tlm::tlm_generic_payload& payload) { return payload.get_data_length(); }

  sc_time latency_;
};

/// The same for nb_transport: takes a burst whenever one comes.
class SplitRecorder final : public sc_core::sc_module {
 public:
  tlm_utils::simple_target_socket<SplitRecorder> in{"in"};
  using Access = Recorder::Access;

  SplitRecorder(const sc_core::sc_module_name& name, std::size_t capacity_bytes, sc_time latency)
      : sc_module(name), bytes(capacity_bytes), latency_(latency) {
    in.register_nb_transport_fw(this, &SplitRecorder::nb_transport_fw);
    in.register_transport_dbg(this, &SplitRecorder::transport_dbg);
    sc_core::sc_spawn_options options;
    options.spawn_method();
    options.dont_initialize();
    options.set_sensitivity(&answers_.get_event());
    sc_core::sc_spawn([this] { answer(); }, "answer", &options);
  }

  std::vector<std::byte> bytes;
  std::vector<Access> accesses;
  tlm::tlm_response_status refusal = tlm::TLM_OK_RESPONSE;
  std::size_t good_accesses = SIZE_MAX;

 private:
  tlm::tlm_sync_enum nb_transport_fw(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                                     sc_time& delay) {
    accesses.push_back({payload.is_write(), payload.get_address(), payload.get_data_length(),
                        sc_core::sc_time_stamp() + delay});
    if (good_accesses-- == 0) {
      payload.set_response_status(refusal);
      return tlm::TLM_COMPLETED;
    }
    auto* data = reinterpret_cast<std::byte*>(payload.get_data_ptr());
    for (std::size_t i = 0; i < payload.get_data_length(); ++i) {
      std::byte& stored = bytes.at(payload.get_address() + i);
      payload.is_write() ? stored = data[i] : data[i] = stored;
    }
    payload.set_response_status(tlm::TLM_OK_RESPONSE);
    answers_.notify(payload, delay + latency_);
    phase = tlm::END_REQ;
    return tlm::TLM_UPDATED;
  }
  void answer() {
    while (auto* payload = answers_.get_next_transaction()) {
      tlm::tlm_phase phase = tlm::BEGIN_RESP;
      sc_time delay;
      in->nb_transport_bw(*payload, phase, delay);
    }
  }
  unsigned transport_dbg(tlm::tlm_generic_payload& payload) { return payload.get_data_length(); }

  sc_time latency_;
  tlm_utils::peq_with_get<tlm::tlm_generic_payload> answers_{"answers"};
};

/// Sends bursts by nb_transport, each no earlier than it says and when the one before was taken;
/// writes down when each was answered.
class SplitInitiator final : public sc_core::sc_module, private tlm::tlm_mm_interface {
 public:
  tlm_utils::simple_initiator_socket<SplitInitiator> out{"out"};

  struct Burst {
    tlm::tlm_command command = tlm::TLM_READ_COMMAND;
    std::uint64_t address = 0;
    std::size_t length = 64;
    sc_time at;  // absolute
  };
  struct Reply {
    tlm::tlm_response_status status = tlm::TLM_INCOMPLETE_RESPONSE;
    sc_time at;  // absolute; zero: none yet
  };

  explicit SplitInitiator(const sc_core::sc_module_name& name) : sc_module(name) {
    out.register_nb_transport_bw(this, &SplitInitiator::nb_transport_bw);
  }

  void send(std::vector<Burst> bursts) {
    const std::size_t before = payloads_.size();
    for (const Burst& b : bursts) {
      auto& burst = payloads_.emplace_back();
      burst.data.resize(b.length);
      set_up(burst.payload, b.command, b.address, burst.data);
      burst.payload.set_mm(this);
      burst.at = b.at;
    }
    replies.resize(payloads_.size());
    if (next_ == before) issue();
  }
  std::vector<Reply> replies;

 private:
  struct Payload {
    tlm::tlm_generic_payload payload;
    std::vector<std::byte> data;
    sc_time at;
  };
  void free(tlm::tlm_generic_payload*) override {}

  void issue() {
    bool taken = true;
    while (taken && next_ < payloads_.size()) {
      const std::size_t n = next_++;
      Payload& p = payloads_[n];
      const sc_time now = sc_core::sc_time_stamp();
      sc_time delay = std::max(p.at, now) - now;
      tlm::tlm_phase phase = tlm::BEGIN_REQ;
      p.payload.acquire();
      const auto sync = out->nb_transport_fw(p.payload, phase, delay);
      if (sync == tlm::TLM_COMPLETED) replies[n] = {p.payload.get_response_status(), now + delay};
      taken = sync != tlm::TLM_ACCEPTED;
    }
  }
  tlm::tlm_sync_enum nb_transport_bw(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                                     sc_time& delay) {
    if (phase == tlm::END_REQ) {
      issue();
      return tlm::TLM_ACCEPTED;
    }
    for (std::size_t n = 0; n < next_; ++n) {
      if (&payloads_[n].payload != &payload) continue;
      replies[n] = {payload.get_response_status(), sc_core::sc_time_stamp() + delay};
    }
    payload.release();
    return tlm::TLM_COMPLETED;
  }

  std::deque<Payload> payloads_;
  std::size_t next_ = 0;
};

inline std::vector<std::byte> random_bytes(Draw& draw, std::size_t count) {
  std::vector<std::byte> bytes(count);
  for (std::byte& b : bytes) b = static_cast<std::byte>(draw.bits(8));
  return bytes;
}

}  // namespace systolog::memory::test
