// SPDX-License-Identifier: Apache-2.0
#include "workloads/onnx/problems.h"

#include "workloads/onnx/constant_folding.h"
#include "workloads/onnx/node_import.h"
#include "workloads/onnx/operators.h"
#include "workloads/onnx_import.h"

namespace systolog::workloads::onnx_import {

bool is_standard(const onnx::NodeProto& node) {
  return node.domain().empty() || node.domain() == "ai.onnx";
}

bool is_supported(const onnx::NodeProto& node) {
  return is_standard(node) &&
         (find_handler(node.op_type()) != nullptr || find_evaluation(node.op_type()) != nullptr);
}

void Problems::add_unsupported(const onnx::NodeProto& node) {
  const std::string domain = is_standard(node) ? "" : printable(node.domain()) + ".";
  unsupported_[domain + printable(node.op_type())].push_back(display_name(node));
  ++unsupported_count_;
}

void Problems::throw_any() const {
  std::vector<std::string> all;
  if (!unsupported_.empty()) all.push_back(unsupported());
  all.insert(all.end(), others_.begin(), others_.end());
  if (all.empty()) return;
  if (all.size() == 1) throw UserError(all[0]);
  std::string text = std::to_string(unsupported_count_ + others_.size()) + " problems:";
  for (const std::string& one : all) text += "\n  " + one;
  throw UserError(text);
}

std::string Problems::unsupported() const {
  std::string text = std::to_string(unsupported_count_) +
                     (unsupported_count_ == 1 ? " node is" : " nodes are") + " not supported: ";
  bool first_type = true;
  for (const auto& [type, nodes] : unsupported_) {
    text += (first_type ? "" : "; ") + type + " (";
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      text += (i == 0 ? "'" : ", '") + nodes[i] + "'";
    }
    text += ")";
    first_type = false;
  }
  text += ". Supported are ";
  bool first_name = true;
  for (const std::string_view name : supported_onnx_operators()) {
    text += (first_name ? "" : ", ") + std::string(name);
    first_name = false;
  }
  return text;
}

}  // namespace systolog::workloads::onnx_import
