// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>

#include <array>
#include <cstdint>
#include <systemc>
#include <tlm>
#include <unordered_map>
#include <utility>

#include "memory/memory_config.h"
#include "memory/occupancy.h"

namespace systolog::memory {

/// On-chip bus between the initiators (DMA load and store channel, host) and the DRAM.
/// Sockets    load, store, host: targets; out: initiator. nb_transport; b_transport is turned into
///            it; transport_dbg passes through.
/// Phases     a port's BEGIN_REQ is answered with END_REQ when it is granted the bus; its next one
///            may come then. Responses pass through.
/// Timing     the arbiter looks at what was requested in the cycles before: a request of time t is
///            granted in the cycle behind t at the earliest, so that requests of one cycle do not
///            depend on the order in which the kernel runs processes. A granted burst holds the bus
///            for ceil(length / width_bytes) cycles, whichever way its data go, and reaches the
///            DRAM latency_cycles after its grant; its response comes no earlier than its last
///            beat.
/// Counts     bytes [B] moved either way.
class Bus final : public sc_core::sc_module {
 public:
  using Port = tlm_utils::simple_target_socket_tagged<Bus>;
  Port load{"load"}, store{"store"}, host{"host"};
  tlm_utils::simple_initiator_socket<Bus> out{"out"};

  Bus(const sc_core::sc_module_name& name, const BusConfig& config, sc_core::sc_time clock_period);

  std::uint64_t bytes() const { return bytes_; }
  /// Who is told when a burst holds the bus.
  void observe(OccupancyObserver observer) { observer_ = std::move(observer); }

 private:
  static constexpr std::size_t kPorts = 3;
  struct Request {
    tlm::tlm_generic_payload* payload = nullptr;
    sc_core::sc_time earliest;  // absolute, of its grant
  };
  struct Route {
    std::size_t port = 0;
    sc_core::sc_time last_beat;  // absolute
  };

  tlm::tlm_sync_enum nb_transport_fw(int port, tlm::tlm_generic_payload& payload,
                                     tlm::tlm_phase& phase, sc_core::sc_time& delay);
  tlm::tlm_sync_enum nb_transport_bw(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                                     sc_core::sc_time& delay);
  unsigned transport_dbg(int port, tlm::tlm_generic_payload& payload);
  void arbitrate();
  void grant(std::size_t port);
  tlm::tlm_sync_enum respond(tlm::tlm_generic_payload& payload, sc_core::sc_time delay);
  void end(tlm::tlm_generic_payload& payload);
  void schedule();

  BusConfig config_;
  sc_core::sc_time clock_period_, latency_;
  std::array<Port*, kPorts> ports_{&load, &store, &host};
  std::array<Request, kPorts> requests_;
  std::size_t last_granted_ = kPorts - 1;
  sc_core::sc_time busy_until_;  // absolute
  bool request_open_ = false;    // the DRAM has not yet said END_REQ
  std::unordered_map<tlm::tlm_generic_payload*, Route> routes_;
  sc_core::sc_event arbitrate_;
  std::uint64_t bytes_ = 0;
  OccupancyObserver observer_;
};

}  // namespace systolog::memory
