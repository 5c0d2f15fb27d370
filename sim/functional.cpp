// SPDX-License-Identifier: Apache-2.0
// Functional fidelity: the Program's commands on plain bytes, no time. Batches run in parallel,
// and the rows of a layer where there are more cores than batches.
#include <tbb/blocked_range.h>
#include <tbb/enumerable_thread_specific.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <atomic>
#include <cstring>
#include <mutex>
#include <span>
#include <vector>

#include "pe/systolic_array.h"
#include "pe/vector_unit.h"
#include "sim/execution.h"
#include "sim/host_io.h"

namespace systolog::sim {
namespace {

/// The bytes of one accelerator and what commands do to them.
class Machine {
 public:
  /// A matmul is computed by `threads` threads.
  Machine(const Network& network, const AcceleratorConfig& config, std::size_t threads)
      : array_(config.array, network.arithmetics()),
        vector_(config.vector_unit, network.arithmetics()),
        threads_(threads) {
    for (const auto& [name, sram] : scratchpads_of(config)) {
      scratchpads_.emplace_back(sram->capacity_bytes);
    }
  }

  /// `fed`: codes of the network's fed values for these images.
  void run(const Program& program, std::span<const std::byte> input,
           const std::vector<std::vector<std::byte>>& fed) {
    // Constants stay in DRAM from one batch to the next.
    if (loaded_ != &program) {
      dram_.resize(program.dram_bytes);
      std::memcpy(dram_.data(), program.constants.data(), program.constants.size());
      loaded_ = &program;
    }
    std::memcpy(dram_.data() + program.input_address, input.data(), input.size());
    for (std::size_t f = 0; f < fed.size(); ++f) {
      std::memcpy(dram_.data() + program.fed_addresses[f], fed[f].data(), fed[f].size());
    }
    for (const Command& command : program.commands) {
      std::visit([this](const auto& work) { execute(work); }, command.work);
    }
  }

  std::span<const std::byte> read(const DramRegion& region) const {
    return {dram_.data() + region.address, region.bytes};
  }

 private:
  std::vector<std::byte>& memory_of(memory::Scratchpad s) {
    return scratchpads_[scratchpads_.size() == 1 ? 0 : static_cast<std::size_t>(s)];
  }
  std::span<std::byte> bytes(memory::Scratchpad s, std::uint64_t address, std::uint64_t size) {
    return std::span(memory_of(s)).subspan(address, size);
  }

  void execute(const memory::Transfer& t) {
    std::byte* local = memory_of(t.scratchpad).data();
    const bool load = t.direction == memory::Transfer::Direction::kLoad;
    t.for_each_run([&](std::uint64_t dram, std::uint64_t at) {
      load ? std::memcpy(local + at, dram_.data() + dram, t.run_bytes)
           : std::memcpy(dram_.data() + dram, local + at, t.run_bytes);
    });
  }

  void execute(const pe::Matmul& m) {
    const models::Arithmetic& a = array_.arithmetic(m);
    using memory::Scratchpad;
    array_.execute(
        m, bytes(Scratchpad::kInput, m.input_address, m.input_bytes(a)),
        bytes(Scratchpad::kWeight, m.weight_address, m.weight_bytes(a)),
        bytes(Scratchpad::kOutput, m.accumulator_address, m.accumulators() * a.accumulator_bytes()),
        threads_);
  }

  void execute(const pe::VectorOp& v) {
    const models::Arithmetic& a = vector_.arithmetic(v);
    using memory::Scratchpad;
    const bool write_back = v.opcode == pe::VectorOpcode::kWriteBack;
    const auto place_of = [&](pe::ChainedOperand operand) {
      return v.chained == operand ? Scratchpad::kOutput : Scratchpad::kInput;
    };
    vector_.execute(
        v,
        bytes(write_back ? Scratchpad::kOutput : place_of(pe::ChainedOperand::kFirst),
              v.input_address, v.input_bytes(a)),
        bytes(place_of(pe::ChainedOperand::kSecond), v.second_address, v.second_bytes(a)),
        bytes(Scratchpad::kWeight, v.parameter_address, v.parameter_bytes(a)),
        bytes(Scratchpad::kOutput, v.output_address, v.output_bytes(vector_.out_arithmetic(v))));
  }

  pe::SystolicArray array_;
  pe::VectorUnit vector_;
  std::size_t threads_;
  std::vector<std::vector<std::byte>> scratchpads_;  // three, or one for all
  std::vector<std::byte> dram_;
  const Program* loaded_ = nullptr;
};

}  // namespace

Execution execute_functional(const Network& network, const CompiledNetwork& compiled,
                             const AcceleratorConfig& config, const workloads::Tensor& images,
                             const Progress& progress) {
  Execution result;
  OutputReader outputs(network, compiled.images);
  const std::size_t batches = compiled.full_batches + (compiled.rest ? 1 : 0);
  // Threads that have no batch of their own help within a layer.
  const auto cores = static_cast<std::size_t>(tbb::this_task_arena::max_concurrency());
  const std::size_t threads = (cores + batches - 1) / batches;
  tbb::enumerable_thread_specific<Machine> machines(
      [&] { return Machine(network, config, threads); });
  std::atomic<std::size_t> done = 0;
  std::mutex telling;
  tbb::parallel_for(std::size_t{0}, batches, [&](std::size_t b) {
    const Program& program = b < compiled.full_batches ? compiled.full : *compiled.rest;
    const std::size_t first = b * compiled.full.batch;
    Machine& machine = machines.local();
    std::vector<std::vector<std::byte>> fed;
    for (std::size_t f = 0; f < network.fed.size(); ++f) {
      fed.push_back(fed_codes(network, compiled.images, f, first, program.batch));
    }
    machine.run(program, encode_images(network, images, first, program.batch), fed);
    for (std::size_t o = 0; o < program.outputs.size(); ++o) {
      outputs.take(o, machine.read(program.outputs[o]), first, program.batch);
    }
    done += program.batch;
    if (progress) {
      const std::lock_guard lock(telling);
      progress({done, static_cast<double>(done) / static_cast<double>(compiled.images),
                network.layers.size() - 1});
    }
  });
  result.take_outputs(outputs.finish());
  return result;
}

}  // namespace systolog::sim
