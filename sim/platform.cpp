// SPDX-License-Identifier: Apache-2.0
#include "sim/platform.h"

#include <algorithm>
#include <exception>
#include <stdexcept>

namespace systolog::sim {
namespace {

sc_core::sc_time clock_period(const AcceleratorConfig& config) {
  return {1e3 / config.clock_mhz, sc_core::SC_NS};
}

memory::Contents contents(pe::Values values) {
  return values == pe::Values::kComputed ? memory::Contents::kKept : memory::Contents::kNone;
}

std::vector<std::unique_ptr<memory::Sram>> make_srams(const AcceleratorConfig& config,
                                                      pe::Values values) {
  std::vector<std::unique_ptr<memory::Sram>> srams;
  for (const auto& [name, sram] : scratchpads_of(config)) {
    srams.push_back(std::make_unique<memory::Sram>(name.c_str(), *sram, clock_period(config),
                                                   contents(values)));
  }
  return srams;
}

std::unique_ptr<pe::ArrayModule> make_array(const AcceleratorConfig& config,
                                            const std::vector<const models::Arithmetic*>& units,
                                            pe::Values values, ArrayKind kind) {
  const pe::SystolicArray model(config.array, units);
  if (kind == ArrayKind::kRegisters) {
    return std::make_unique<pe::ClockedArrayModule>("array", model, clock_period(config),
                                                    feed_rates(config));
  }
  return std::make_unique<pe::ArrayModule>("array", model, clock_period(config), values,
                                           feed_rates(config));
}

}  // namespace

Platform::Platform(const sc_core::sc_module_name& name, const AcceleratorConfig& config,
                   const models::Arithmetic& arithmetic, pe::Values values, ArrayKind kind)
    : Platform(name, config, std::vector{&arithmetic}, values, kind) {}

Platform::Platform(const sc_core::sc_module_name& name, const AcceleratorConfig& config,
                   const std::vector<const models::Arithmetic*>& arithmetics, pe::Values values,
                   ArrayKind kind)
    : sc_module(name),
      array_(make_array(config, arithmetics, values, kind)),
      srams_(make_srams(config, values)),
      processor("processor", clock_period(config)),
      dram("dram", config.dram, contents(values)),
      bus("bus", config.bus, clock_period(config)),
      load_dma("load_dma", config.dma, clock_period(config)),
      store_dma("store_dma", config.dma, clock_period(config)),
      input_sram(*srams_.front()),
      weight_sram(*srams_[srams_.size() / 2]),
      output_sram(*srams_.back()),
      array(*array_),
      vector("vector", pe::VectorUnit(config.vector_unit, arithmetics), clock_period(config),
             values, feed_rates(config)),
      clock_period_(clock_period(config)) {
  connect();
  share_ports();
}

void Platform::share_ports() {
  const std::array srams = {&input_sram, &weight_sram, &output_sram};
  if (std::none_of(srams.begin(), srams.end(),
                   [](const memory::Sram* s) { return s->config().shares_ports(); })) {
    return;
  }
  array_ports_ = std::make_unique<SharedPorts>(SharedPorts::Engine::kArray, srams, clock_period_);
  vector_ports_ = std::make_unique<SharedPorts>(SharedPorts::Engine::kVector, srams, clock_period_);
  array.share_ports(*array_ports_);
  vector.share_ports(*vector_ports_);
}

void Platform::connect() {
  processor.load.bind(load_dma.command);
  processor.store.bind(store_dma.command);
  processor.array.bind(array.command);
  processor.vector.bind(vector.command);
  host_.bind(bus.host);
  load_dma.bus.bind(bus.load);
  store_dma.bus.bind(bus.store);
  bus.out.bind(dram.in);
  load_dma.input.bind(input_sram.load);
  load_dma.weight.bind(weight_sram.load);
  load_dma.output.bind(output_sram.load);
  store_dma.input.bind(input_sram.store);
  store_dma.weight.bind(weight_sram.store);
  store_dma.output.bind(output_sram.store);
  array.input.bind(input_sram.array);
  array.weight.bind(weight_sram.array);
  array.output.bind(output_sram.array);
  vector.input.bind(input_sram.vector);
  vector.weight.bind(weight_sram.vector);
  vector.output.bind(output_sram.vector);
}

void Platform::run(std::function<void()> host_program) {
  // The kernel would announce every sc_stop() on stdout.
  sc_core::sc_report_handler::set_actions("/OSCI/SystemC", sc_core::SC_INFO,
                                          sc_core::SC_DO_NOTHING);
  std::exception_ptr failure;
  sc_core::sc_spawn([&] {
    try {
      host_program();
    } catch (...) {
      failure = std::current_exception();
    }
    sc_core::sc_stop();
  });
  sc_core::sc_start();
  if (failure) std::rethrow_exception(failure);
}

void Platform::debug(tlm::tlm_command command, std::uint64_t address, std::byte* bytes,
                     std::size_t size) {
  // A payload's length is 32 bits.
  constexpr std::size_t kLargest = std::size_t{1} << 30;
  for (std::size_t done = 0; done < size;) {
    const std::size_t length = std::min(kLargest, size - done);
    tlm::tlm_generic_payload payload;
    payload.set_command(command);
    payload.set_address(address + done);
    payload.set_data_ptr(reinterpret_cast<unsigned char*>(bytes + done));
    payload.set_data_length(static_cast<unsigned>(length));
    payload.set_streaming_width(static_cast<unsigned>(length));
    if (host_->transport_dbg(payload) != length) {
      throw std::logic_error("host access outside the DRAM");
    }
    done += length;
  }
}

void Platform::write_dram(std::uint64_t address, std::span<const std::byte> bytes) {
  // The payload's pointer is not const; a write only reads it.
  debug(tlm::TLM_WRITE_COMMAND, address, const_cast<std::byte*>(bytes.data()), bytes.size());
}

void Platform::read_dram(std::uint64_t address, std::span<std::byte> bytes) {
  debug(tlm::TLM_READ_COMMAND, address, bytes.data(), bytes.size());
}

}  // namespace systolog::sim
