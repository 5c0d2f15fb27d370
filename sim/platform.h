// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <tlm_utils/simple_initiator_socket.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <systemc>
#include <vector>

#include "memory/bus.h"
#include "memory/dma.h"
#include "memory/dram.h"
#include "memory/sram.h"
#include "models/arithmetic.h"
#include "pe/array_module.h"
#include "pe/clocked_array_module.h"
#include "pe/vector_module.h"
#include "sim/accelerator_config.h"
#include "sim/command_processor.h"
#include "sim/shared_ports.h"

namespace systolog::sim {

/// Which array the platform has: one transaction a command, or every register every clock.
enum class ArrayKind { kTransaction, kRegisters };

/// The accelerator, wired:
///
///   command processor --> load DMA, store DMA, array, vector unit      (command words)
///   DMA --> bus --> DRAM;   DMA, array, vector unit --> scratchpads      (data)
///   host --> bus --> DRAM   (transport_dbg: loading and inspection take no time)
class Platform final : public sc_core::sc_module {
  std::unique_ptr<pe::ArrayModule> array_;
  std::vector<std::unique_ptr<memory::Sram>> srams_;

 public:
  /// Values::kNone: the same cycles, no data in the payloads.
  Platform(const sc_core::sc_module_name& name, const AcceleratorConfig& config,
           const models::Arithmetic& arithmetic, pe::Values values = pe::Values::kComputed,
           ArrayKind kind = ArrayKind::kTransaction);
  Platform(const sc_core::sc_module_name& name, const AcceleratorConfig& config,
           const std::vector<const models::Arithmetic*>& arithmetics,
           pe::Values values = pe::Values::kComputed, ArrayKind kind = ArrayKind::kTransaction);

  /// The register-true array; null in a platform of the other kind.
  pe::ClockedArrayModule* registers() const {
    return dynamic_cast<pe::ClockedArrayModule*>(array_.get());
  }

  /// What the host does, in an SC_THREAD; sc_start() returns when it has. Exceptions that leave
  /// it are rethrown by run().
  void run(std::function<void()> host_program);

  void write_dram(std::uint64_t address, std::span<const std::byte> bytes);
  void read_dram(std::uint64_t address, std::span<std::byte> bytes);

  CommandProcessor processor;
  memory::Dram dram;
  memory::Bus bus;
  memory::Dma load_dma, store_dma;
  memory::Sram &input_sram, &weight_sram, &output_sram;  // the same one where it is unified
  pe::ArrayModule& array;
  pe::VectorModule vector;

 private:
  void connect();
  void share_ports();
  void debug(tlm::tlm_command command, std::uint64_t address, std::byte* bytes, std::size_t size);

  sc_core::sc_time clock_period_;
  std::unique_ptr<SharedPorts> array_ports_, vector_ports_;  // where there are fewer than engines
  tlm_utils::simple_initiator_socket<Platform> host_{"host"};
};

}  // namespace systolog::sim
