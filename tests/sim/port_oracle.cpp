// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/port_oracle.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "pe/systolic_array.h"
#include "pe/vector_unit.h"

namespace systolog::sim::test {
namespace {

using Bytes = std::vector<std::uint64_t>;  // where operands lie

std::uint64_t up(std::uint64_t a, std::uint64_t b) { return a / b + (a % b > 0 ? 1 : 0); }

/// One stream of a command: its bytes, and what its lanes want at one step, if they lie apart.
struct Stream {
  std::size_t scratchpad = 0;
  std::uint64_t bytes = 0;
  Bytes lanes;
  std::uint64_t lane_bytes = 1;
};

/// Cycles of a stream through a port that gives a word of each bank a cycle.
std::uint64_t stream_cycles(const Stream& s, const memory::SramConfig& sram) {
  const std::uint64_t words = up(s.bytes, sram.port_width_bytes);
  std::map<std::uint64_t, std::set<std::uint64_t>> banks;
  std::set<std::uint64_t> all;
  for (const std::uint64_t lane : s.lanes) {
    for (std::uint64_t b = lane; b < lane + s.lane_bytes; ++b) {
      const std::uint64_t word = b / sram.port_width_bytes;
      banks[word % sram.banks].insert(word);
      all.insert(word);
    }
  }
  std::uint64_t most = 1;
  for (const auto& [bank, in_it] : banks) most = std::max<std::uint64_t>(most, in_it.size());
  const std::uint64_t best = all.empty() ? 1 : up(all.size(), sram.banks);
  return up(words * most, sram.banks * best);
}

/// Bytes from the tile's first one of the codes that a matmul's first output pixels multiply with
/// their first weights: [pixel][product].
std::vector<Bytes> im2col_bytes(const pe::Matmul& m, std::uint64_t code) {
  const std::uint64_t pixel =
      m.packed_input == 1 ? m.channels / 2 + m.channels % 2 : m.channels * code;
  std::vector<Bytes> matrix;
  for (std::uint64_t i = 0; i < m.images; ++i) {
    for (std::uint64_t r = 0; r < m.out_rows; ++r) {
      for (std::uint64_t c = 0; c < m.out_columns; ++c) {
        Bytes& row = matrix.emplace_back();
        for (std::uint64_t kr = 0; kr < m.kernel_rows; ++kr) {
          for (std::uint64_t kc = 0; kc < m.kernel_columns; ++kc) {
            for (std::uint64_t ch = 0; ch < m.channels / m.groups; ++ch) {
              const std::uint64_t y = r * m.stride_rows + kr * m.dilation_rows,
                                  x = c * m.stride_columns + kc * m.dilation_columns;
              row.push_back(((i * m.rows + y) * m.columns + x) * pixel +
                            (m.packed_input == 1 ? ch / 2 : ch * code));
            }
          }
        }
      }
    }
  }
  return matrix;
}

std::vector<Stream> streams_of(const pe::Matmul& m, const pe::SystolicArray& array,
                               const models::Arithmetic& a) {
  const pe::ArrayCounts counts = array.counts(m);
  const std::uint64_t code = a.code_bytes(), acc = a.accumulator_bytes();
  const auto bytes = [&](std::uint64_t codes, std::uint32_t packed) {
    return packed == 1 ? codes / 2 + codes % 2 : codes * code;
  };
  std::vector<Stream> s = {{0, bytes(counts.input_reads, m.packed_input), {}, code},
                           {1, bytes(counts.weight_reads, m.packed_weights), {}, code},
                           {2, counts.output_reads * acc, {}, acc},
                           {2, counts.output_writes * acc, {}, acc}};
  const auto matrix = im2col_bytes(m, code);
  const std::uint64_t rows = array.config().rows, columns = array.config().columns;
  const bool products_along_rows = array.config().dataflow != pe::Dataflow::kOutputStationary;
  const bool pixels_along_columns = array.config().dataflow == pe::Dataflow::kInputStationary;
  if (pixels_along_columns) {
    // Pixels side by side, all at their first product; weights and sums of the first filter.
    for (std::uint64_t p = 0; p < columns && p < matrix.size(); ++p) {
      s[0].lanes.push_back(matrix[p][0]);
      s[2].lanes.push_back(p * m.filters * acc);
    }
    s[3].lanes = s[2].lanes;
    const std::uint64_t filters = m.filters / m.groups;
    for (std::uint64_t k = 0; k < rows && k < matrix[0].size(); ++k) {
      s[1].lanes.push_back(m.packed_weights == 1 ? k * filters / 2 : k * filters * code);
    }
  } else if (products_along_rows) {
    s[0].lanes.assign(matrix[0].begin(),
                      matrix[0].begin() + static_cast<std::ptrdiff_t>(
                                              std::min<std::uint64_t>(rows, matrix[0].size())));
  } else {
    for (std::uint64_t p = 0; p < rows && p < matrix.size(); ++p) {
      s[0].lanes.push_back(matrix[p][0]);
    }
  }
  return s;
}

std::vector<Stream> streams_of(const pe::VectorOp& op, const pe::VectorUnit& unit,
                               const models::Arithmetic& a) {
  const pe::VectorCounts c = unit.counts(op);
  const std::uint64_t code = a.code_bytes();
  std::uint64_t parameters = 0;  // bytes
  if (op.opcode == pe::VectorOpcode::kBatchNorm) parameters = 8 * std::uint64_t{op.channels};
  if (op.opcode == pe::VectorOpcode::kWriteBack) {
    parameters =
        op.channels * ((op.has_bias != 0 ? a.bias_bytes() : 0) + (a.is_quantised() ? 4U : 0U));
  }
  const std::uint64_t pixels = std::uint64_t{op.images} * op.out_rows * op.out_columns;
  const std::uint64_t pixel =
      op.packed_output == 1 ? op.channels / 2 + op.channels % 2 : op.channels * code;
  return {{0, c.input_read_bytes, {}, 1},
          {1, parameters, {}, 1},
          {2, c.output_reads * a.accumulator_bytes() + c.chained_read_bytes, {}, 1},
          {2, pixels * pixel, {}, 1}};
}

class Ports {
 public:
  explicit Ports(const AcceleratorConfig& config)
      : srams_{&config.input_sram, &config.weight_sram, &config.output_sram},
        unified_(config.unified_sram) {}

  const memory::SramConfig& sram(std::size_t s) const { return *srams_[s]; }
  std::uint64_t slots(std::size_t s) const { return std::uint64_t{sram(s).banks} * sram(s).ports; }

  std::array<std::uint64_t, memory::kScratchpads> words(const std::vector<Stream>& streams) const {
    std::array<std::uint64_t, memory::kScratchpads> sum{};
    for (const Stream& s : streams) {
      sum[unified_ ? 0 : s.scratchpad] += up(s.bytes, sram(s.scratchpad).port_width_bytes);
    }
    return sum;
  }

  /// What a command takes whose engine has the ports to itself.
  std::uint64_t alone(std::uint64_t unit_cycles, const std::vector<Stream>& streams) const {
    std::uint64_t cycles = unit_cycles;
    for (const Stream& s : streams) {
      cycles = std::max(cycles, stream_cycles(s, sram(s.scratchpad)));
    }
    const auto all = words(streams);
    for (std::size_t s = 0; s < all.size(); ++s) cycles = std::max(cycles, up(all[s], slots(s)));
    return cycles;
  }

 private:
  std::array<const memory::SramConfig*, memory::kScratchpads> srams_;
  bool unified_;
};

/// Words that went by before each cycle.
class Timeline {
 public:
  explicit Timeline(std::uint64_t cycles) : before_(cycles + 1) {}
  void add(std::uint64_t begin, std::uint64_t cycles, std::uint64_t words) {
    for (std::uint64_t c = begin + 1; c < before_.size(); ++c) {
      before_[c] += words * std::min(c - begin, cycles) / cycles;
    }
  }
  std::uint64_t between(std::uint64_t from, std::uint64_t to) const {
    return before_.at(to) - before_.at(from);
  }

 private:
  std::vector<std::uint64_t> before_;
};

}  // namespace

std::vector<std::uint64_t> expected_ends(const Program& program,
                                         const std::vector<CommandProcessor::Span>& spans,
                                         const PortTraffic& traffic,
                                         const AcceleratorConfig& config,
                                         const models::Arithmetic& arithmetic) {
  const pe::SystolicArray array(config.array, arithmetic);
  const pe::VectorUnit unit(config.vector_unit, arithmetic);
  const Ports ports(config);
  std::uint64_t last = 0;
  for (const auto& span : spans) last = std::max(last, span.end);
  std::vector<Timeline> dma(memory::kScratchpads, Timeline(last)), vector = dma;
  const auto period_ps = static_cast<std::uint64_t>(std::llround(1e6 / config.clock_mhz));
  for (std::size_t s = 0; s < traffic.size(); ++s) {
    for (const memory::Occupancy& burst : traffic[s]) {
      const std::uint64_t edge = up(burst.begin.value(), period_ps);
      const auto& sram = ports.sram(s);
      const std::uint64_t words = up(burst.bytes, sram.port_width_bytes);
      dma[s].add(edge, up(words, sram.banks), words);
    }
  }
  std::vector<std::uint64_t> ends(spans.size());
  const auto settle = [&](std::size_t i, std::uint64_t alone, const auto& words, bool is_array) {
    const std::uint64_t start = spans[i].start;
    const auto served = [&](std::uint64_t end) {
      for (std::size_t s = 0; s < words.size(); ++s) {
        std::uint64_t wanted = words[s] + dma[s].between(start, end);
        if (is_array) wanted += vector[s].between(start, end);
        if (ports.slots(s) * (end - start) < wanted) return false;
      }
      return true;
    };
    for (ends[i] = start + alone; ends[i] < last && !served(ends[i]);) ++ends[i];
  };
  for (std::size_t i = 0; i < spans.size(); ++i) {
    if (const auto* op = std::get_if<pe::VectorOp>(&program.commands[i].work)) {
      const auto streams = streams_of(*op, unit, arithmetic);
      const auto words = ports.words(streams);
      const std::uint64_t alone = ports.alone(unit.cycles(*op), streams);
      settle(i, alone, words, false);
      for (std::size_t s = 0; s < words.size(); ++s) vector[s].add(spans[i].start, alone, words[s]);
    }
  }
  for (std::size_t i = 0; i < spans.size(); ++i) {
    if (const auto* m = std::get_if<pe::Matmul>(&program.commands[i].work)) {
      const auto streams = streams_of(*m, array, arithmetic);
      settle(i, ports.alone(array.cycles(*m), streams), ports.words(streams), true);
    }
  }
  return ends;
}

}  // namespace systolog::sim::test
