// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <onnx/onnx_pb.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace systolog::workloads::onnx_import {

/// A node's attributes by name. Each reader checks the type; done() refuses what nobody asked
/// for, so that no attribute is ever silently ignored. Throws UserError without file and node.
class Attributes {
 public:
  explicit Attributes(const onnx::NodeProto& node);

  bool has(const std::string& name) const { return by_name_.contains(name); }
  std::int64_t integer(const std::string& name, std::int64_t standard);
  float real(const std::string& name, float standard);  // finite
  std::string text(const std::string& name, const std::string& standard);
  const onnx::TensorProto& tensor(const std::string& name);  // must be there
  /// Empty when absent; otherwise `count` values in [least, most].
  std::vector<std::size_t> sizes(const std::string& name, std::size_t count, std::size_t least,
                                 std::size_t most);
  std::vector<float> reals(const std::string& name);  // finite; empty when absent
  /// As many values as there are; empty when absent.
  std::vector<std::int64_t> integers(const std::string& name);
  /// An integer attribute that has to have the one value that is supported, if it is there.
  void require(const std::string& name, std::int64_t standard, std::int64_t allowed);
  /// Known, without effect on inference.
  void ignore(const std::string& name);

  void done() const;

 private:
  const onnx::AttributeProto* find(const std::string& name, onnx::AttributeProto::AttributeType);

  std::map<std::string, const onnx::AttributeProto*> by_name_;
  std::set<std::string> asked_;
};

}  // namespace systolog::workloads::onnx_import
