// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/program_oracle.h"

#include <array>
#include <optional>
#include <sstream>

namespace systolog::sim::test {
namespace {

constexpr auto kInput = static_cast<std::uint32_t>(memory::Scratchpad::kInput);
constexpr auto kWeight = static_cast<std::uint32_t>(memory::Scratchpad::kWeight);
constexpr auto kOutput = static_cast<std::uint32_t>(memory::Scratchpad::kOutput);

struct Toucher {
  const models::Arithmetic& arithmetic;
  std::vector<Touch> list;

  /// Of so many rows of codes, each from a whole byte on; two lie in a byte where `packed`.
  std::uint64_t code_bytes(std::uint64_t rows, std::uint64_t codes, std::uint32_t packed) const {
    return rows * (packed == 1 ? codes / 2 + codes % 2 : codes * arithmetic.code_bytes());
  }

  void touch(std::uint32_t memory, std::uint64_t begin, std::uint64_t bytes, bool write) {
    if (bytes > 0) list.push_back({memory, begin, begin + bytes, write});
  }

  void operator()(const memory::Transfer& t) {
    const bool load = t.direction == memory::Transfer::Direction::kLoad;
    for (std::uint64_t i = 0; i < t.count[0]; ++i) {
      for (std::uint64_t j = 0; j < t.count[1]; ++j) {
        for (std::uint64_t k = 0; k < t.count[2]; ++k) {
          const auto at = [&](const memory::Transfer::Side& side) {
            return side.address + i * side.stride[0] + j * side.stride[1] + k * side.stride[2];
          };
          touch(kDram, at(t.dram), t.run_bytes, !load);
          touch(static_cast<std::uint32_t>(t.scratchpad), at(t.local), t.run_bytes, load);
        }
      }
    }
  }

  void operator()(const pe::Matmul& m) {
    const std::uint64_t taps = std::uint64_t{m.kernel_rows} * m.kernel_columns;
    const std::uint64_t sums = std::uint64_t{m.images} * m.out_rows * m.out_columns * m.filters *
                               arithmetic.accumulator_bytes();
    touch(kInput, m.input_address,
          code_bytes(std::uint64_t{m.images} * m.rows * m.columns, m.channels, m.packed_input),
          false);
    touch(kWeight, m.weight_address,
          code_bytes(1, taps * (m.channels / m.groups) * m.filters, m.packed_weights), false);
    if (m.accumulate != 0) touch(kOutput, m.accumulator_address, sums, false);
    touch(kOutput, m.accumulator_address, sums, true);
  }

  void operator()(const pe::VectorOp& v) {
    const std::uint64_t pixels = std::uint64_t{v.images} * v.rows * v.columns;
    const std::uint64_t in = pixels * v.channels;
    const bool write_back = v.opcode == pe::VectorOpcode::kWriteBack;
    if (write_back) {
      touch(kOutput, v.input_address, in * arithmetic.accumulator_bytes(), false);
      const std::uint64_t bias = v.has_bias != 0 ? arithmetic.bias_bytes() : 0;
      const std::uint64_t factor = arithmetic.is_quantised() ? 4 : 0;
      touch(kWeight, v.parameter_address, v.channels * (bias + factor), false);
    } else if (v.opcode != pe::VectorOpcode::kFill) {
      touch(v.chained == pe::ChainedOperand::kFirst ? kOutput : kInput, v.input_address,
            code_bytes(pixels, v.channels, v.packed_input), false);
    }
    const bool adds = v.opcode == pe::VectorOpcode::kAdd || v.opcode == pe::VectorOpcode::kSub ||
                      v.opcode == pe::VectorOpcode::kMul;
    if (adds) {
      touch(v.chained == pe::ChainedOperand::kSecond ? kOutput : kInput, v.second_address,
            code_bytes(v.second_per_channel != 0 ? v.images : pixels, v.channels, v.packed_second),
            false);
    }
    if (v.opcode == pe::VectorOpcode::kBatchNorm) {
      touch(kWeight, v.parameter_address, std::uint64_t{v.channels} * 2 * 4, false);
    }
    touch(kOutput, v.output_address,
          code_bytes(std::uint64_t{v.images} * v.out_rows * v.out_columns, v.channels,
                     v.packed_output),
          true);
  }
};

struct Byte {
  std::optional<std::uint32_t> writer;
  bool is_known = false;               // written, a constant or an input
  std::vector<std::uint32_t> readers;  // since the last write
};

class Follower {
 public:
  Follower(const Program& program, const AcceleratorConfig& config,
           const models::Arithmetic& arithmetic)
      : program_(program),
        arithmetic_(arithmetic),
        unified_(config.unified_sram),
        ordered_(ordered_before(program)) {
    memories_[kInput].resize(config.input_sram.capacity_bytes);
    memories_[kWeight].resize(config.weight_sram.capacity_bytes);
    memories_[kOutput].resize(config.output_sram.capacity_bytes);
    memories_[kDram].resize(program.dram_bytes);
    for (std::size_t b = 0; b < program.constants.size(); ++b) {
      memories_[kDram][b].is_known = true;
    }
    for (std::uint64_t b = 0; b < program.input_bytes; ++b) {
      memories_[kDram].at(program.input_address + b).is_known = true;
    }
  }

  std::string run() {
    for (std::uint32_t i = 0; i < program_.commands.size() && wrong_.empty(); ++i) {
      for (const Touch& t : touches(program_.commands[i], arithmetic_)) touch(i, t);
    }
    for (const DramRegion& output : program_.outputs) {
      for (std::uint64_t b = 0; b < output.bytes && wrong_.empty(); ++b) {
        const auto& byte = memories_[kDram].at(output.address + b);
        if (!byte.writer) wrong_ = "output byte " + std::to_string(b) + " is never stored";
      }
    }
    return wrong_;
  }

 private:
  void touch(std::uint32_t command, const Touch& t) {
    auto& memory = memories_[unified_ && t.memory != kDram ? kInput : t.memory];
    if (t.end > memory.size() || t.begin > t.end) return complain(command, t, "is outside");
    for (std::uint64_t b = t.begin; b < t.end; ++b) {
      Byte& byte = memory[b];
      if (!t.write && !byte.is_known) return complain(command, t, "reads what nobody wrote");
      if (byte.writer && !waits(command, *byte.writer)) {
        return complain(command, t, "does not wait for " + std::to_string(*byte.writer));
      }
      if (t.write) {
        for (const std::uint32_t reader : byte.readers) {
          if (!waits(command, reader)) {
            return complain(command, t, "does not wait for reader " + std::to_string(reader));
          }
        }
        byte.readers.clear();
        byte.writer = command;
        byte.is_known = true;
      } else if (byte.readers.empty() || byte.readers.back() != command) {
        byte.readers.push_back(command);
      }
    }
  }

  bool waits(std::uint32_t command, std::uint32_t earlier) const {
    return earlier == command || ordered_[command][earlier];
  }

  void complain(std::uint32_t command, const Touch& t, const std::string& what) {
    wrong_ = "command " + std::to_string(command) + " of layer " +
             std::to_string(program_.commands[command].layer) + (t.write ? " (write" : " (read") +
             " of memory " + std::to_string(t.memory) + ", [" + std::to_string(t.begin) + ", " +
             std::to_string(t.end) + ")) " + what;
  }

  const Program& program_;
  const models::Arithmetic& arithmetic_;
  bool unified_;
  std::vector<std::vector<bool>> ordered_;
  std::array<std::vector<Byte>, kDram + 1> memories_;
  std::string wrong_;
};

struct Describer {
  std::ostream& out;

  void operator()(const memory::Transfer& t) const {
    out << "transfer " << static_cast<int>(t.direction) << " " << static_cast<int>(t.scratchpad)
        << " " << t.run_bytes;
    for (std::size_t d = 0; d < 3; ++d) {
      out << " " << t.count[d] << " " << t.dram.stride[d] << " " << t.local.stride[d];
    }
    out << " from " << t.dram.address << " " << t.local.address;
  }
  void operator()(const pe::Matmul& m) const {
    out << "matmul " << m.input_address << " " << m.weight_address << " " << m.accumulator_address;
    for (const std::uint32_t field :
         {m.images, m.rows, m.columns, m.channels, m.out_rows, m.out_columns, m.filters, m.groups,
          m.kernel_rows, m.kernel_columns, m.stride_rows, m.stride_columns, m.dilation_rows,
          m.dilation_columns, m.zero_code, m.accumulate, m.packed_input, m.packed_weights}) {
      out << " " << field;
    }
    out << " " << m.first_row << " " << m.first_column;
  }
  void operator()(const pe::VectorOp& v) const {
    out << "vector " << static_cast<int>(v.opcode) << " " << v.input_address << " "
        << v.second_address << " " << v.parameter_address << " " << v.output_address;
    for (const std::uint32_t field : {v.relu,
                                      v.images,
                                      v.channels,
                                      v.rows,
                                      v.columns,
                                      v.out_rows,
                                      v.out_columns,
                                      v.kernel_rows,
                                      v.kernel_columns,
                                      v.stride_rows,
                                      v.stride_columns,
                                      v.dilation_rows,
                                      v.dilation_columns,
                                      v.count_include_pad,
                                      v.has_bias,
                                      v.fill_code,
                                      v.second_per_channel,
                                      v.clips,
                                      v.packed_input,
                                      v.packed_second,
                                      v.packed_output,
                                      static_cast<std::uint32_t>(v.activation),
                                      static_cast<std::uint32_t>(v.chained)}) {
      out << " " << field;
    }
    out << " " << v.first_row << " " << v.first_column;
    out << " " << v.a << " " << v.b << " " << v.counted_rows << " " << v.counted_columns;
    for (const auto& q : {v.in, v.second, v.out}) out << " " << q.scale << " " << q.zero_point;
  }
};

}  // namespace

std::vector<Touch> touches(const Command& command, const models::Arithmetic& arithmetic) {
  Toucher toucher{arithmetic, {}};
  std::visit(toucher, command.work);
  return toucher.list;
}

std::vector<std::vector<bool>> ordered_before(const Program& program) {
  std::vector<std::vector<bool>> ordered;
  std::array<std::optional<std::uint32_t>, kEngines> last;
  for (std::uint32_t i = 0; i < program.commands.size(); ++i) {
    const Command& command = program.commands[i];
    std::vector<bool> before(program.commands.size());
    const auto add = [&](std::uint32_t earlier) {
      for (std::uint32_t j = 0; j < earlier; ++j) {
        if (ordered[earlier][j]) before[j] = true;
      }
      before[earlier] = true;
    };
    for (const std::uint32_t earlier : command.after) add(earlier);
    auto& mine = last[static_cast<std::size_t>(engine_of(command))];
    if (mine) add(*mine);
    mine = i;
    ordered.push_back(std::move(before));
  }
  return ordered;
}

std::string wrong_with(const Program& program, const AcceleratorConfig& config,
                       const models::Arithmetic& arithmetic) {
  for (std::uint32_t i = 0; i < program.commands.size(); ++i) {
    for (const std::uint32_t earlier : program.commands[i].after) {
      if (earlier >= i) return "command " + std::to_string(i) + " waits for a later one";
    }
  }
  return Follower(program, config, arithmetic).run();
}

std::string describe(const Program& program) {
  std::ostringstream out;
  out.precision(9);
  out << program.batch << " " << program.dram_bytes << " " << program.input_address << " "
      << program.input_bytes;
  for (const DramRegion& output : program.outputs) {
    out << " " << output.address << " " << output.bytes;
  }
  out << "\n";
  for (const Command& command : program.commands) {
    out << command.layer << ": ";
    std::visit(Describer{out}, command.work);
    out << " after";
    for (const std::uint32_t earlier : command.after) out << " " << earlier;
    out << "\n";
  }
  for (const std::byte b : program.constants) out << std::to_integer<int>(b) << " ";
  for (const TilingChoice& t : program.tilings) {
    out << "\n"
        << t.images << " " << t.out_rows << " " << t.out_columns << " " << t.channels << " "
        << t.filters << " " << t.groups << " " << t.tiles << " " << t.loop_order << " "
        << t.estimated_cycles << " " << t.estimated_dram_bytes << " " << t.candidates;
  }
  return out.str();
}

}  // namespace systolog::sim::test
