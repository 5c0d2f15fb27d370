// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <tlm_utils/simple_initiator_socket.h>

#include <array>
#include <cstdint>
#include <exception>
#include <functional>
#include <systemc>
#include <tlm>
#include <utility>
#include <vector>

#include "sim/program.h"

namespace systolog::sim {

/// Sends a Program's commands to the engines: to each engine in Program order, as soon as it is
/// free and every command in `after` has ended.
/// Sockets    load, store, array, vector: initiators; one write payload a command, whose data is
///            the command word (Transfer, Matmul, VectorOp).
/// Timing     commands start and end on clock edges; issuing costs no cycle (the Program lies in
///            an instruction memory of its own, fetched ahead).
class CommandProcessor final : public sc_core::sc_module {
 public:
  using Socket = tlm_utils::simple_initiator_socket<CommandProcessor>;
  Socket load{"load"}, store{"store"}, array{"array"}, vector{"vector"};

  /// When a command ran, in cycles since run() was called.
  struct Span {
    std::uint64_t start = 0, end = 0;
  };

  CommandProcessor(const sc_core::sc_module_name& name, sc_core::sc_time clock_period);

  /// Executes a Program from an SC_THREAD; returns when its last command has ended. Throws what
  /// went wrong in an engine.
  const std::vector<Span>& run(const Program& program);

  /// Told whenever a command has ended: how many have, and which one.
  using Observer = std::function<void(std::uint32_t, std::size_t)>;
  void observe(Observer observer) { observer_ = std::move(observer); }
  sc_core::sc_time clock_period() const { return clock_period_; }

 private:
  void issue(Engine engine);
  void issue_all(Engine engine);
  Socket& socket_of(Engine engine);
  std::uint64_t cycles_since_start() const;
  void wait_for_edge(sc_core::sc_time delay);

  sc_core::sc_time clock_period_, started_;
  const Program* program_ = nullptr;
  std::array<std::vector<std::uint32_t>, kEngines> queues_;
  std::vector<char> ended_;
  std::vector<Span> spans_;
  std::size_t idle_engines_ = kEngines;
  std::uint32_t commands_ended_ = 0;
  Observer observer_;
  std::exception_ptr failure_;
  sc_core::sc_event start_, command_ended_, all_ended_;
};

}  // namespace systolog::sim
