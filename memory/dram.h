// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <tlm_utils/simple_target_socket.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <queue>
#include <span>
#include <string>
#include <systemc>
#include <tlm>
#include <utility>
#include <vector>

#include "memory/dram_model.h"
#include "memory/memory_config.h"
#include "memory/storage.h"

namespace systolog::memory {

/// The DRAM of a platform: a device (JedecDram) or the simple model.
/// Sockets    in: target; nb_transport, b_transport, transport_dbg. No DMI, no byte enables.
/// Phases     BEGIN_REQ is answered with END_REQ at once: what the queues have no room for waits in
///            the order it came. BEGIN_RESP comes when the model says; the next one not before the
///            END_RESP of this one. Refusals complete at once.
/// Timing     as the model; b_transport waits until the answer comes. Payloads must come in the
///            order of their times: one that comes earlier than one before it is served behind it.
/// Responses  as Storage::access.
/// Counts     bytes_read, bytes_written [B]; debug accesses do not count.
class Dram final : public sc_core::sc_module {
 public:
  tlm_utils::simple_target_socket<Dram> in{"in"};

  Dram(const sc_core::sc_module_name& name, const DramConfig& config,
       Contents contents = Contents::kKept);

  /// The host's image of the lowest bytes, in no time: Storage::lend.
  void lend(std::span<const std::byte> image) { storage_.lend(image); }

  std::uint64_t bytes_read() const { return bytes_read_; }
  std::uint64_t bytes_written() const { return bytes_written_; }
  /// Works off what is still queued: what the device did so far; none of the simple model.
  std::optional<DramUse> finish();
  /// Who is told of every burst on a data bus.
  void observe(DramModel::OnData observer) { model_->observe(std::move(observer)); }

 private:
  struct InFlight {
    tlm::tlm_generic_payload* payload = nullptr;
    sc_core::sc_event* waiting = nullptr;  // of b_transport
  };
  struct Answer {
    Picoseconds when;
    std::uint64_t order, id;
    bool operator>(const Answer& o) const {
      return std::tie(when, order) > std::tie(o.when, o.order);
    }
  };

  tlm::tlm_sync_enum nb_transport_fw(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                                     sc_core::sc_time& delay);
  void b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
  unsigned transport_dbg(tlm::tlm_generic_payload& payload);
  void arrive(const InFlight& burst, sc_core::sc_time delay);
  void step();
  void answer(std::uint64_t id);
  void schedule();

  Storage storage_;
  std::unique_ptr<DramModel> model_;
  std::vector<InFlight> in_flight_;
  std::vector<std::uint64_t> orders_;  // of arrival, by id
  std::vector<std::uint64_t> free_;
  std::uint64_t arrivals_ = 0;
  Picoseconds last_arrival_ = 0;
  std::priority_queue<Answer, std::vector<Answer>, std::greater<>> answers_;
  bool responding_ = false;  // BEGIN_RESP without END_RESP
  sc_core::sc_event step_;
  std::uint64_t bytes_read_ = 0, bytes_written_ = 0;
};

}  // namespace systolog::memory
