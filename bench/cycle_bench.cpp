// SPDX-License-Identifier: Apache-2.0
// PE-cycles a second of the register-true array on the SystemC kernel, 32x32: one 3x3 layer of
// ResNet-50 (28x28 pixels, 64 channels, 64 filters) a row. CPU time of one core.
//   cycle_bench
#include <tlm_utils/simple_initiator_socket.h>

#include <cstdio>
#include <ctime>
#include <memory>
#include <string>
#include <vector>

#include "memory/sram.h"
#include "pe/clocked_array_module.h"

namespace systolog::bench {
namespace {

/// An array between three scratchpads, and who commands it.
struct Unit : sc_core::sc_module {
  std::shared_ptr<const models::Arithmetic> arithmetic;
  pe::SystolicArray model;
  memory::Sram input, weight, output;
  pe::ClockedArrayModule array;
  tlm_utils::simple_initiator_socket<Unit> command{"command"};
  tlm_utils::simple_initiator_socket<Unit> idle[9];

  Unit(const sc_core::sc_module_name& name, const char* arithmetic_name,
       const pe::ArrayConfig& config, sc_core::sc_time period)
      : sc_module(name),
        arithmetic(models::make_arithmetic(arithmetic_name)),
        model(config, *arithmetic),
        input("input", {.capacity_bytes = 1 << 24}, period),
        weight("weight", {.capacity_bytes = 1 << 24}, period),
        output("output", {.capacity_bytes = 1 << 24}, period),
        array("array", model, period) {
    command.bind(array.command);
    array.input.bind(input.array);
    array.weight.bind(weight.array);
    array.output.bind(output.array);
    std::size_t next = 0;
    for (memory::Sram* sram : {&input, &weight, &output}) {
      for (auto* port : {&sram->load, &sram->store, &sram->vector}) idle[next++].bind(*port);
    }
  }

  void write(std::size_t port, std::vector<std::byte>& bytes) {
    tlm::tlm_generic_payload payload;
    payload.set_command(tlm::TLM_WRITE_COMMAND);
    payload.set_data_ptr(reinterpret_cast<unsigned char*>(bytes.data()));
    payload.set_data_length(static_cast<unsigned>(bytes.size()));
    payload.set_streaming_width(static_cast<unsigned>(bytes.size()));
    idle[port]->transport_dbg(payload);
  }

  void run() {
    pe::Matmul c;
    c.rows = c.columns = c.out_rows = c.out_columns = 28;
    c.channels = c.filters = 64;
    c.kernel_rows = c.kernel_columns = 3;
    c.first_row = c.first_column = -1;
    const auto codes = [&](std::size_t count) {
      std::vector<float> values(count);
      for (std::size_t i = 0; i < count; ++i) {
        values[i] = 0.25F * static_cast<float>(i * 7919 % 17) - 2.0F;
      }
      std::vector<std::byte> out(count * arithmetic->code_bytes());
      arithmetic->encode(values, {0.03F, 0}, out.data());
      return out;
    };
    auto activations = codes(c.input_codes()), weights = codes(c.weight_codes());
    write(0, activations);
    write(3, weights);
    tlm::tlm_generic_payload payload;
    payload.set_command(tlm::TLM_WRITE_COMMAND);
    payload.set_data_ptr(reinterpret_cast<unsigned char*>(&c));
    payload.set_data_length(sizeof c);
    payload.set_streaming_width(sizeof c);
    sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
    const std::clock_t start = std::clock();
    command->b_transport(payload, delay);
    const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    const auto cycles = static_cast<double>(array.cycles());
    std::printf("| %-24s | %-17s | %8.0f | %6.3f | %13.0f |\n", arithmetic->name().c_str(),
                std::string(model.policy().name()).c_str(), cycles, seconds,
                cycles * static_cast<double>(model.config().pes()) / seconds / 1e6);
  }
};

}  // namespace
}  // namespace systolog::bench

int sc_main(int, char**) {
  using namespace systolog;
  const sc_core::sc_time period(2, sc_core::SC_NS);
  std::vector<std::unique_ptr<bench::Unit>> units;
  for (const char* arithmetic :
       {"fp32/exact/fp32", "int:8/exact/int:32", "posit:16,1/plam/quire"}) {
    for (const auto dataflow : {pe::Dataflow::kWeightStationary, pe::Dataflow::kOutputStationary,
                                pe::Dataflow::kInputStationary}) {
      const std::string name = "unit" + std::to_string(units.size());
      units.push_back(std::make_unique<bench::Unit>(
          name.c_str(), arithmetic,
          pe::ArrayConfig{.rows = 32, .columns = 32, .dataflow = dataflow}, period));
    }
  }
  std::printf(
      "| arithmetic               | dataflow          |   cycles |  CPU s | M PE-cycles/s |\n"
      "| --- | --- | --- | --- | --- |\n");
  sc_core::sc_spawn([&] {
    for (auto& unit : units) unit->run();
  });
  sc_core::sc_start();
  return 0;
}
