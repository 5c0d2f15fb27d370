// SPDX-License-Identifier: Apache-2.0
#include "pe/clocked_array_module.h"

namespace systolog::pe {

ClockedArrayModule::ClockedArrayModule(const sc_core::sc_module_name& name,
                                       const SystolicArray& array, sc_core::sc_time clock_period,
                                       const FeedRates& rates)
    : ArrayModule(name, array, clock_period, Values::kComputed, rates) {
  for (const models::Arithmetic* arithmetic : array.arithmetics()) {
    units_.push_back(make_register_array(array.config(), *arithmetic));
  }
  registers_ = units_.front().get();
  sc_core::sc_spawn_options options;
  options.spawn_method();
  options.dont_initialize();
  options.set_sensitivity(&start_);
  sc_core::sc_spawn([this] { clock(); }, "clock", &options);
}

sc_core::sc_time ClockedArrayModule::compute(const Matmul& matmul,
                                             std::span<const std::byte> operands,
                                             std::span<const std::byte> weights,
                                             std::span<std::byte> accumulators) {
  registers_ = units_.at(matmul.arithmetic).get();
  registers_->start(matmul, operands, weights, accumulators);
  // The method is at the end of the cycle that begins now.
  start_.notify(clock_period());
  sc_core::wait(done_);
  if (failure_) std::rethrow_exception(failure_);
  return sc_core::SC_ZERO_TIME;
}

void ClockedArrayModule::clock() {
  try {
    registers_->clock();
    ++cycles_;
    if (observe_) observe_();
  } catch (const std::exception&) {
    failure_ = std::current_exception();
  }
  if (failure_ || registers_->done()) {
    done_.notify();
  } else {
    sc_core::next_trigger(clock_period());
  }
}

}  // namespace systolog::pe
