// SPDX-License-Identifier: Apache-2.0
#include "sim/program_text.h"

#include <cstdio>
#include <string>

namespace systolog::sim {
namespace {

std::string hex(std::uint64_t value) {
  char text[32];
  std::snprintf(text, sizeof text, "0x%06llx", static_cast<unsigned long long>(value));
  return text;
}

std::string shape(std::initializer_list<std::uint64_t> sizes) {
  std::string text;
  for (const std::uint64_t size : sizes) text += (text.empty() ? "" : "x") + std::to_string(size);
  return text;
}

std::string_view name_of(memory::Scratchpad scratchpad) {
  switch (scratchpad) {
    case memory::Scratchpad::kInput:
      return "input";
    case memory::Scratchpad::kWeight:
      return "weight";
    case memory::Scratchpad::kOutput:
      return "output";
  }
  return "";
}

std::string at(memory::Scratchpad scratchpad, std::uint64_t address) {
  return std::string(name_of(scratchpad)) + ":" + hex(address);
}

std::string_view name_of(pe::VectorOpcode opcode) {
  switch (opcode) {
    case pe::VectorOpcode::kWriteBack:
      return "write_back";
    case pe::VectorOpcode::kRelu:
      return "relu";
    case pe::VectorOpcode::kMaxPool:
      return "max_pool";
    case pe::VectorOpcode::kAveragePool:
      return "average_pool";
    case pe::VectorOpcode::kAdd:
      return "add";
    case pe::VectorOpcode::kBatchNorm:
      return "batch_norm";
    case pe::VectorOpcode::kSoftmax:
      return "softmax";
    case pe::VectorOpcode::kCopy:
      return "copy";
    case pe::VectorOpcode::kFill:
      return "fill";
    case pe::VectorOpcode::kSub:
      return "sub";
    case pe::VectorOpcode::kMul:
      return "mul";
    case pe::VectorOpcode::kActivate:
      return "activate";
  }
  return "";
}

/// "7 rows 3x3 /2 from -1,-1": what a window is where it is more than one pixel.
template <typename Command>
std::string window(const Command& c) {
  if (c.kernel_rows * c.kernel_columns == 1 && c.stride_rows * c.stride_columns == 1) return "";
  return " window=" + shape({c.kernel_rows, c.kernel_columns}) +
         " stride=" + shape({c.stride_rows, c.stride_columns}) +
         " dilation=" + shape({c.dilation_rows, c.dilation_columns}) +
         " first=" + std::to_string(c.first_row) + "," + std::to_string(c.first_column);
}

/// " packed=input,weights": which tensors lie two codes to a byte.
std::string packed(std::initializer_list<std::pair<std::string_view, std::uint32_t>> tensors) {
  std::string text;
  for (const auto& [name, is_packed] : tensors) {
    if (is_packed == 0) continue;
    text += text.empty() ? " packed=" : ",";
    text += name;
  }
  return text;
}

std::string text_of(const memory::Transfer& t) {
  using memory::Scratchpad;
  const std::string dram = "dram:" + hex(t.dram.address);
  const std::string local = at(t.scratchpad, t.local.address);
  const bool load = t.direction == memory::Transfer::Direction::kLoad;
  std::string text = load ? "load    " + dram + " -> " + local : "store   " + local + " -> " + dram;
  text += " bytes=" + std::to_string(t.bytes());
  if (t.runs() > 1) {
    text += " runs=" + shape({t.count[0], t.count[1], t.count[2]}) + "*" +
            std::to_string(t.run_bytes) +
            " dram_stride=" + shape({t.dram.stride[0], t.dram.stride[1], t.dram.stride[2]});
  }
  return text;
}

std::string text_of(const pe::Matmul& m) {
  using memory::Scratchpad;
  return "matmul  " + at(Scratchpad::kInput, m.input_address) + " " +
         at(Scratchpad::kWeight, m.weight_address) + " -> " +
         at(Scratchpad::kOutput, m.accumulator_address) + " m=" + std::to_string(m.m()) +
         " k=" + std::to_string(m.k()) + " n=" + std::to_string(m.n()) +
         " groups=" + std::to_string(m.groups) +
         " in=" + shape({m.images, m.rows, m.columns, m.channels}) +
         " out=" + shape({m.images, m.out_rows, m.out_columns, m.filters}) + window(m) +
         packed({{"input", m.packed_input}, {"weights", m.packed_weights}}) +
         (m.accumulate != 0 ? " accumulate" : "");
}

std::string text_of(const pe::VectorOp& v) {
  using memory::Scratchpad;
  const auto place = [&](pe::ChainedOperand operand) {
    return v.chained == operand || v.opcode == pe::VectorOpcode::kWriteBack ? Scratchpad::kOutput
                                                                            : Scratchpad::kInput;
  };
  std::string text = "vector  " + std::string(name_of(v.opcode)) + " ";
  if (v.opcode == pe::VectorOpcode::kFill) {
    text += "code=" + hex(v.fill_code);
  } else {
    text += at(place(pe::ChainedOperand::kFirst), v.input_address);
  }
  if (v.has_second()) {
    text += " " + at(place(pe::ChainedOperand::kSecond), v.second_address);
  }
  if (v.has_bias != 0 || v.opcode == pe::VectorOpcode::kBatchNorm) {
    text += " " + at(Scratchpad::kWeight, v.parameter_address);
  }
  return text + " -> " + at(Scratchpad::kOutput, v.output_address) +
         " in=" + shape({v.images, v.rows, v.columns, v.channels}) +
         " out=" + shape({v.images, v.out_rows, v.out_columns, v.channels}) + window(v) +
         packed({{"input", v.packed_input},
                 {"second", v.packed_second},
                 {"output", v.packed_output}}) +
         (v.relu != 0 ? " relu" : "") + (v.clips != 0 ? " clip" : "");
}

void write_layer(std::ostream& out, const Network& network, const Program& program,
                 std::size_t index) {
  const Layer& layer = network.layers[index];
  const TilingChoice& t = program.tilings[index];
  out << "# layer " << index << " " << layer.name << " (" << layer.op << "): " << t.tiles
      << " tiles of " << shape({t.images, t.out_rows, t.out_columns, t.filters})
      << " outputs, loops " << t.loop_order;
  for (std::size_t i = index + 1; i < program.group_of.size(); ++i) {
    if (program.group_of[i] != index) break;
    out << (i == index + 1 ? "; fused: " : ", ") << network.layers[i].name;
  }
  out << "\n";
}

}  // namespace

std::string work_text(const Command& command) {
  return std::visit([](const auto& work) { return text_of(work); }, command.work);
}

void write_program(std::ostream& out, const Network& network, const Program& program) {
  out << "# " << network.name << ", " << network.plan << ", batches of " << program.batch << ": "
      << program.commands.size() << " commands, " << program.dram_bytes
      << " bytes of DRAM (constants at dram:" << hex(0) << ", " << program.constant_bytes
      << " bytes; input at dram:" << hex(program.input_address) << "; output at dram:";
  for (std::size_t i = 0; i < program.outputs.size(); ++i) {
    out << (i == 0 ? "" : ", dram:") << hex(program.outputs[i].address);
  }
  out << ")\n";
  std::uint32_t layer = UINT32_MAX;
  for (std::size_t i = 0; i < program.commands.size(); ++i) {
    const Command& command = program.commands[i];
    const std::uint32_t group = program.group_of[command.layer];
    if (group != layer) write_layer(out, network, program, layer = group);
    out << i << " " << work_text(command);
    if (!command.after.empty()) {
      out << " after=";
      for (std::size_t a = 0; a < command.after.size(); ++a) {
        out << (a > 0 ? "," : "") << command.after[a];
      }
    }
    out << "\n";
  }
}

}  // namespace systolog::sim
