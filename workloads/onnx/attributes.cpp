// SPDX-License-Identifier: Apache-2.0
#include "workloads/onnx/attributes.h"

#include <cmath>

#include "models/user_error.h"
#include "workloads/onnx/tensor_data.h"

namespace systolog::workloads::onnx_import {

namespace {

[[noreturn]] void fail(const std::string& name, const std::string& what) {
  throw UserError("attribute '" + printable(name) + "': " + what);
}

}  // namespace

Attributes::Attributes(const onnx::NodeProto& node) {
  for (const onnx::AttributeProto& attribute : node.attribute()) {
    if (!by_name_.emplace(attribute.name(), &attribute).second) {
      fail(attribute.name(), "given twice");
    }
  }
}

const onnx::AttributeProto* Attributes::find(const std::string& name,
                                             onnx::AttributeProto::AttributeType type) {
  asked_.insert(name);
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) return nullptr;
  if (found->second->type() != type) {
    fail(name, "type " + onnx::AttributeProto::AttributeType_Name(found->second->type()) +
                   ", allowed " + onnx::AttributeProto::AttributeType_Name(type));
  }
  return found->second;
}

std::int64_t Attributes::integer(const std::string& name, std::int64_t standard) {
  const auto* attribute = find(name, onnx::AttributeProto::INT);
  return attribute == nullptr ? standard : attribute->i();
}

float Attributes::real(const std::string& name, float standard) {
  const auto* attribute = find(name, onnx::AttributeProto::FLOAT);
  if (attribute == nullptr) return standard;
  if (!std::isfinite(attribute->f())) {
    fail(name, "got " + std::to_string(attribute->f()) + ", allowed a finite number");
  }
  return attribute->f();
}

std::string Attributes::text(const std::string& name, const std::string& standard) {
  const auto* attribute = find(name, onnx::AttributeProto::STRING);
  return attribute == nullptr ? standard : attribute->s();
}

const onnx::TensorProto& Attributes::tensor(const std::string& name) {
  const auto* attribute = find(name, onnx::AttributeProto::TENSOR);
  if (attribute == nullptr) fail(name, "missing");
  return attribute->t();
}

std::vector<std::size_t> Attributes::sizes(const std::string& name, std::size_t count,
                                           std::size_t least, std::size_t most) {
  const auto* attribute = find(name, onnx::AttributeProto::INTS);
  if (attribute == nullptr) return {};
  if (static_cast<std::size_t>(attribute->ints_size()) != count) {
    fail(name, "has " + std::to_string(attribute->ints_size()) + " values, allowed " +
                   std::to_string(count) + " for the input's dimensions");
  }
  std::vector<std::size_t> values;
  for (const std::int64_t value : attribute->ints()) {
    if (value < static_cast<std::int64_t>(least) || value > static_cast<std::int64_t>(most)) {
      fail(name, "got " + std::to_string(value) + ", allowed " + std::to_string(least) + " to " +
                     std::to_string(most));
    }
    values.push_back(static_cast<std::size_t>(value));
  }
  return values;
}

std::vector<std::int64_t> Attributes::integers(const std::string& name) {
  const auto* attribute = find(name, onnx::AttributeProto::INTS);
  if (attribute == nullptr) return {};
  return {attribute->ints().begin(), attribute->ints().end()};
}

std::vector<float> Attributes::reals(const std::string& name) {
  const auto* attribute = find(name, onnx::AttributeProto::FLOATS);
  if (attribute == nullptr) return {};
  for (const float value : attribute->floats()) {
    if (!std::isfinite(value)) fail(name, "holds a value that is not finite");
  }
  return {attribute->floats().begin(), attribute->floats().end()};
}

void Attributes::require(const std::string& name, std::int64_t standard, std::int64_t allowed) {
  const std::int64_t value = integer(name, standard);
  if (value != allowed) {
    fail(name, "got " + std::to_string(value) + ", allowed " + std::to_string(allowed));
  }
}

void Attributes::ignore(const std::string& name) { asked_.insert(name); }

void Attributes::done() const {
  for (const auto& [name, attribute] : by_name_) {
    if (asked_.contains(name)) continue;
    std::string known;
    for (const std::string& asked : asked_) known += (known.empty() ? "" : ", ") + asked;
    fail(name, "not supported, allowed " + (known.empty() ? "none" : known));
  }
}

}  // namespace systolog::workloads::onnx_import
