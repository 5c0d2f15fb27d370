// SPDX-License-Identifier: Apache-2.0
// What a config says of the memories. Without SystemC: whoever only reads a config compiles fast.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "memory/dram/device.h"
#include "memory/dram/energy.h"

namespace systolog::memory {

/// Ports that the engines can use of a bank in one cycle: a load's, a store's; of the array and of
/// the vector unit one for inputs, for weights, for sums or codes read and for those written, which
/// may all lie in one scratchpad.
inline constexpr std::uint32_t kMostPorts = 10;

struct SramConfig {
  std::uint64_t capacity_bytes = 65'536;    // LeNet-5's largest layer in 32-bit formats, halved
  std::uint32_t port_width_bytes = 64;      // bytes a port moves a cycle: 16 columns of 32 bits
  std::uint32_t access_latency_cycles = 1;  // request to first beat: a single-cycle macro
  std::uint32_t banks = 1;                  // words lie in them in turn, each gives one a cycle
  std::uint32_t ports = kMostPorts;         // of each bank: every engine has its own
  // A tile loads while another is used; false: one tile at a time has the whole scratchpad.
  bool double_buffered = true;

  /// Of words one behind the other.
  std::uint64_t bytes_per_cycle() const { return std::uint64_t{port_width_bytes} * banks; }
  std::uint64_t words(std::uint64_t bytes) const {
    return (bytes + port_width_bytes - 1) / port_width_bytes;
  }
  /// Words that all engines together move a cycle.
  std::uint64_t slots_per_cycle() const { return std::uint64_t{banks} * ports; }
  /// True where an engine may have to wait for another's words.
  bool shares_ports() const { return ports < kMostPorts; }
};

struct DmaConfig {
  std::uint32_t burst_bytes = 256;       // longest burst on the bus: 16 beats of 128 bits
  std::uint32_t outstanding_bursts = 8;  // hides 8 x 256 B / 19.2 GB/s = 107 ns of latency
};

/// Who is next where several ports wait: each in its turn, or the first of load, store, host.
enum class Arbitration { kRoundRobin, kFixedPriority };

struct BusConfig {
  std::uint32_t width_bytes = 16;    // bytes a cycle: a 128-bit AXI-style bus
  std::uint32_t latency_cycles = 4;  // request and response registers on either side
  Arbitration arbitration = Arbitration::kRoundRobin;
};

/// A device and what its energy is reckoned with: by default DDR4-2400.
struct DramDevice {
  dram::Device device;
  dram::Power power;
  std::string timing_source;
};

struct DramConfig {
  std::uint64_t capacity_bytes = 268'435'456;
  // The law of the simple model; of a device, what a stream of bursts gets and what the first byte
  // of a closed bank takes: compilers reckon with it.
  double bandwidth_gb_per_s = 19.2;  // DDR4-2400, 64-bit bus: 2400 MT/s x 8 B [JEDEC JESD79-4]
  double latency_ns = 30.0;
  std::optional<DramDevice> device;  // none: the simple model
};
DramConfig config_of(const DramDevice& device);

}  // namespace systolog::memory
