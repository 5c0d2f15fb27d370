// SPDX-License-Identifier: Apache-2.0
// The array and the vector unit as TLM modules between scratchpads.
#include <cmath>
#include <memory>

#include "memory/sram.h"
#include "pe/array_module.h"
#include "pe/vector_module.h"
#include "tests/memory/support.h"
#include "tests/pe/support.h"

namespace systolog::pe::test {
namespace {

using memory::test::Initiator;
using memory::test::ns;
using memory::test::random_bytes;
using memory::test::simulate;

constexpr std::uint64_t kCapacity = 1 << 16;

class ComputeModules : public testing::Test {
 protected:
  const sc_core::sc_time period_ = ns(2);
  const std::shared_ptr<const models::Arithmetic> arithmetic_ =
      models::make_arithmetic("posit:16,1/plam/quire");
  const SystolicArray array_{{.rows = 4, .columns = 3}, *arithmetic_};
  const VectorUnit unit_{{.lanes = 4}, *arithmetic_};
  memory::Sram input_{"input", {.capacity_bytes = kCapacity}, period_};
  memory::Sram weight_{"weight", {.capacity_bytes = kCapacity}, period_};
  memory::Sram output_{"output", {.capacity_bytes = kCapacity}, period_};
  ArrayModule array_module_{"array", array_, period_};
  VectorModule vector_module_{"vector", unit_, period_};
  Initiator array_commands_{"array_commands"}, vector_commands_{"vector_commands"};
  Initiator debug_[3] = {Initiator("a"), Initiator("b"), Initiator("c")},
            idle_[3] = {Initiator("d"), Initiator("e"), Initiator("f")};
  Draw draw_{1};

  void SetUp() override {
    array_commands_.out.bind(array_module_.command);
    vector_commands_.out.bind(vector_module_.command);
    std::size_t next = 0;
    for (const auto& [sram, array, vector] :
         {std::tuple{&input_, &array_module_.input, &vector_module_.input},
          {&weight_, &array_module_.weight, &vector_module_.weight},
          {&output_, &array_module_.output, &vector_module_.output}}) {
      array->bind(sram->array);
      vector->bind(sram->vector);
      debug_[next].out.bind(sram->load);
      idle_[next++].out.bind(sram->store);
    }
  }

  template <typename Command>
  static auto send(Initiator& to, Command command, sc_core::sc_time delay = {}) {
    return to.write(0, std::as_writable_bytes(std::span(&command, 1)), delay);
  }

  /// Random bytes at `address` of a scratchpad (0 input, 1 weights, 2 output).
  std::vector<std::byte> put(std::size_t scratchpad, std::uint64_t address, std::size_t size) {
    auto bytes = random_bytes(draw_, size);
    EXPECT_EQ(debug_[scratchpad].debug(tlm::TLM_WRITE_COMMAND, address, bytes), size);
    return bytes;
  }
  std::vector<std::byte> get(std::uint64_t address, std::size_t size) {
    std::vector<std::byte> bytes(size);
    EXPECT_EQ(debug_[2].debug(tlm::TLM_READ_COMMAND, address, bytes), size);
    return bytes;
  }
};

TEST_F(ComputeModules, AMatmulIsOneTransactionOfItsCycles) {
  simulate([&] {
    std::uint64_t macs = 0;
    for (int i = 0; i < 30; ++i) {
      Matmul c = random_matmul(draw_);
      c.input_address = draw_.below(100);
      c.weight_address = draw_.below(100);
      c.accumulator_address = draw_.below(100);
      const auto input = put(0, c.input_address, c.input_codes() * 2);
      const auto weights = put(1, c.weight_address, c.weight_codes() * 2);
      std::vector<std::byte> sums(c.accumulators() * arithmetic_->accumulator_bytes());
      for (const std::uint32_t accumulate : {0U, 1U}) {  // then once more on top
        c.accumulate = accumulate;
        array_.execute(c, input, weights, sums);
        const auto reply = send(array_commands_, c, ns(6));
        ASSERT_EQ(reply.status, tlm::TLM_OK_RESPONSE);
        ASSERT_EQ(reply.delay, ns(6) + period_ * static_cast<double>(array_.cycles(c)));
        ASSERT_EQ(get(c.accumulator_address, sums.size()), sums);
        macs += c.macs();
      }
    }
    EXPECT_EQ(array_module_.macs(), macs);
    EXPECT_EQ(sc_core::sc_time_stamp(), sc_core::SC_ZERO_TIME) << "the array never waits";
  });
}

TEST_F(ComputeModules, AVectorOperationIsOneTransactionOfItsCycles) {
  simulate([&] {
    for (const auto opcode : {VectorOpcode::kWriteBack, VectorOpcode::kRelu, VectorOpcode::kMaxPool,
                              VectorOpcode::kAveragePool, VectorOpcode::kAdd,
                              VectorOpcode::kBatchNorm, VectorOpcode::kSoftmax}) {
      VectorOp op;
      op.opcode = opcode;
      op.images = 2;
      op.channels = 3;
      op.rows = op.out_rows = 4;
      op.columns = op.out_columns = 5;
      op.has_bias = 1;
      op.input_address = 10;
      op.second_address = 2000;
      op.parameter_address = 30;
      op.output_address = 20'000;
      const bool write_back = opcode == VectorOpcode::kWriteBack;
      const std::size_t each = write_back ? arithmetic_->accumulator_bytes() : 2;
      const auto input = put(write_back ? 2 : 0, op.input_address, op.inputs() * each);
      const auto second = put(0, op.second_address, opcode == VectorOpcode::kAdd ? 240 : 0);
      const auto parameters = put(1, op.parameter_address, op.parameter_bytes(*arithmetic_));
      std::vector<std::byte> expected(op.outputs() * 2);
      unit_.execute(op, input, second, parameters, expected);
      const auto reply = send(vector_commands_, op, ns(6));
      ASSERT_EQ(reply.status, tlm::TLM_OK_RESPONSE);
      EXPECT_EQ(reply.delay, ns(6) + period_ * static_cast<double>(unit_.cycles(op)));
      EXPECT_EQ(get(op.output_address, expected.size()), expected)
          << "opcode " << static_cast<int>(opcode);
    }
  });
}

TEST_F(ComputeModules, AnswerWhatIsNotTheirCommandWithACommandError) {
  simulate([&] {
    EXPECT_EQ(send(array_commands_, VectorOp{}).status, tlm::TLM_COMMAND_ERROR_RESPONSE);
    EXPECT_EQ(send(vector_commands_, Matmul{}).status, tlm::TLM_COMMAND_ERROR_RESPONSE);
    Matmul command;
    const auto bytes = std::as_writable_bytes(std::span(&command, 1));
    EXPECT_EQ(array_commands_.read(0, bytes).status, tlm::TLM_COMMAND_ERROR_RESPONSE);
  });
}

TEST_F(ComputeModules, PassTheRefusalOfAScratchpadOnAndTakeNoTime) {
  simulate([&] {
    for (const auto address :
         {&Matmul::input_address, &Matmul::weight_address, &Matmul::accumulator_address}) {
      Matmul command = gemm(3, 4, 5);
      command.*address = kCapacity;
      const auto reply = send(array_commands_, command, ns(4));
      EXPECT_EQ(reply.status, tlm::TLM_ADDRESS_ERROR_RESPONSE);
      EXPECT_EQ(reply.delay, ns(4));
    }
    for (const auto address :
         {&VectorOp::input_address, &VectorOp::parameter_address, &VectorOp::output_address}) {
      VectorOp op;
      op.opcode = VectorOpcode::kBatchNorm;
      op.*address = kCapacity;
      EXPECT_EQ(send(vector_commands_, op).status, tlm::TLM_ADDRESS_ERROR_RESPONSE);
    }
    EXPECT_EQ(array_module_.macs(), 0U);
  });
}

}  // namespace
}  // namespace systolog::pe::test
