// SPDX-License-Identifier: Apache-2.0
#include "sim/command_processor.h"

#include <stdexcept>
#include <string>

namespace systolog::sim {

CommandProcessor::CommandProcessor(const sc_core::sc_module_name& name,
                                   sc_core::sc_time clock_period)
    : sc_module(name), clock_period_(clock_period) {
  for (std::size_t e = 0; e < kEngines; ++e) {
    sc_core::sc_spawn([this, e] { issue(static_cast<Engine>(e)); });
  }
}

const std::vector<CommandProcessor::Span>& CommandProcessor::run(const Program& program) {
  program_ = &program;
  for (auto& queue : queues_) queue.clear();
  for (std::uint32_t i = 0; i < program.commands.size(); ++i) {
    queues_[static_cast<std::size_t>(engine_of(program.commands[i]))].push_back(i);
  }
  ended_.assign(program.commands.size(), 0);
  spans_.assign(program.commands.size(), {});
  commands_ended_ = 0;
  started_ = sc_core::sc_time_stamp();
  idle_engines_ = 0;
  start_.notify(sc_core::SC_ZERO_TIME);
  sc_core::wait(all_ended_);
  if (failure_) std::rethrow_exception(failure_);
  return spans_;
}

void CommandProcessor::issue(Engine engine) {
  while (true) {
    sc_core::wait(start_);
    try {
      issue_all(engine);
    } catch (const std::exception&) {
      failure_ = std::current_exception();
    }
    // A failure leaves the other engines waiting for commands that never end: run() returns now.
    if (++idle_engines_ == kEngines || failure_) all_ended_.notify(sc_core::SC_ZERO_TIME);
  }
}

void CommandProcessor::issue_all(Engine engine) {
  for (const std::uint32_t index : queues_[static_cast<std::size_t>(engine)]) {
    Command command = program_->commands[index];
    for (const std::uint32_t earlier : command.after) {
      while (ended_[earlier] == 0) sc_core::wait(command_ended_);
    }
    spans_[index].start = cycles_since_start();
    tlm::tlm_generic_payload payload;
    payload.set_command(tlm::TLM_WRITE_COMMAND);
    payload.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
    std::visit(
        [&](auto& work) {
          payload.set_data_ptr(reinterpret_cast<unsigned char*>(&work));
          payload.set_data_length(sizeof work);
          payload.set_streaming_width(sizeof work);
        },
        command.work);
    sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
    socket_of(engine)->b_transport(payload, delay);
    if (payload.is_response_error()) {
      throw std::logic_error("command " + std::to_string(index) + " of layer " +
                             std::to_string(command.layer) + ": " + payload.get_response_string());
    }
    wait_for_edge(delay);
    spans_[index].end = cycles_since_start();
    ended_[index] = 1;
    ++commands_ended_;
    if (observer_) observer_(commands_ended_, index);
    command_ended_.notify();
  }
}

void CommandProcessor::wait_for_edge(sc_core::sc_time delay) {
  const auto end = (sc_core::sc_time_stamp() + delay - started_).value();
  const auto period = clock_period_.value();
  const auto edge = (end + period - 1) / period * period;
  const sc_core::sc_time until = started_ + sc_core::sc_time::from_value(edge);
  if (until > sc_core::sc_time_stamp()) sc_core::wait(until - sc_core::sc_time_stamp());
}

std::uint64_t CommandProcessor::cycles_since_start() const {
  return (sc_core::sc_time_stamp() - started_).value() / clock_period_.value();
}

CommandProcessor::Socket& CommandProcessor::socket_of(Engine engine) {
  switch (engine) {
    case Engine::kLoad:
      return load;
    case Engine::kStore:
      return store;
    case Engine::kArray:
      return array;
    case Engine::kVector:
      return vector;
  }
  return load;
}

}  // namespace systolog::sim
