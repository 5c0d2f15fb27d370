// SPDX-License-Identifier: Apache-2.0
#include "models/arithmetic.h"

#include "models/integer_arithmetic.h"
#include "models/name.h"
#include "models/real_arithmetic.h"

namespace systolog::models {

std::shared_ptr<const Arithmetic> make_arithmetic(std::string_view text, Kernels kernels) {
  const ArithmeticName name = parse_name(text);
  if (std::holds_alternative<Posit>(name.format)) {
    return std::make_shared<RealArithmetic<Posit>>(name, kernels);
  }
  if (std::holds_alternative<Float>(name.format)) {
    return std::make_shared<RealArithmetic<Float>>(name, kernels);
  }
  if (std::holds_alternative<Integer>(name.format)) {
    return std::make_shared<QuantisedArithmetic>(name, kernels);
  }
  return std::make_shared<FixedArithmetic>(name, kernels);
}

}  // namespace systolog::models
