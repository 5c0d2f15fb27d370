// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <onnx/onnx_pb.h>

#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "models/user_error.h"

namespace systolog::workloads::onnx_import {

/// Whether a node's operator is one of ONNX's own.
bool is_standard(const onnx::NodeProto& node);
/// Whether some handler or evaluation takes it.
bool is_supported(const onnx::NodeProto& node);

/// What is wrong with a model: a user who changes it wants the whole list.
class Problems {
 public:
  /// A node whose operator nobody can import.
  void add_unsupported(const onnx::NodeProto& node);
  void add(std::string text) { others_.push_back(std::move(text)); }
  /// Runs `step` and takes over the UserError it throws; true where it throws none.
  template <typename Step>
  bool passes(Step step) {
    try {
      step();
      return true;
    } catch (const UserError& error) {
      add(error.what());
      return false;
    }
  }

  /// Throws all of them as one UserError, where there are any.
  void throw_any() const;

 private:
  std::string unsupported() const;

  std::map<std::string, std::vector<std::string>> unsupported_;  // by operator type
  std::size_t unsupported_count_ = 0;
  std::vector<std::string> others_;
};

}  // namespace systolog::workloads::onnx_import
