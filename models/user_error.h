// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>
#include <string>

namespace systolog {

/// The user's mistake: a bad option, config, model or data file. `what()` is the whole message:
/// the file, the place in it, the value, and what is allowed. `main` prints it and returns 2.
class UserError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace systolog
