// SPDX-License-Identifier: Apache-2.0
#include "workloads/onnx/external_data.h"

#include <charconv>
#include <cstdint>
#include <fstream>
#include <optional>
#include <string>

#include "models/user_error.h"
#include "workloads/onnx/tensor_data.h"

namespace systolog::workloads::onnx_import {

namespace {

namespace fs = std::filesystem;

/// One tensor's entry: key and value texts. [ONNX, External Data]
class Loader {
 public:
  Loader(onnx::TensorProto& tensor, const fs::path& folder) : tensor_(tensor), folder_(folder) {}

  void run() {
    const std::string location = text("location");
    if (location.empty()) {
      fail("its data is in another file, but no 'location' names it");
    }
    const fs::path relative = fs::path(location).lexically_normal();
    if (relative.is_absolute() || *relative.begin() == "..") {
      fail("its data is in '" + printable(location) +
           "', allowed a file in the model's folder or below");
    }
    const fs::path file = folder_ / relative;
    std::error_code error;
    if (!fs::is_regular_file(file, error)) {
      fail("its data is in '" + printable(location) + "', and there is no such file");
    }
    const std::uint64_t size = fs::file_size(file, error);
    const std::uint64_t offset = number("offset").value_or(0);
    if (error || offset > size) {
      fail("its data begins at byte " + std::to_string(offset) + " of '" + printable(location) +
           "', which has " + std::to_string(size));
    }
    const std::uint64_t length = number("length").value_or(size - offset);
    if (length > size - offset) {
      fail("its " + std::to_string(length) + " bytes from " + std::to_string(offset) + " of '" +
           printable(location) + "' end behind its " + std::to_string(size));
    }
    if (const std::uint64_t needed = bytes_needed(tensor_); length != needed) {
      fail("it has " + std::to_string(length) + " bytes of data in '" + printable(location) +
           "', but its dimensions need " + std::to_string(needed));
    }
    std::string bytes(length, '\0');
    std::ifstream in(file, std::ios::binary);
    in.seekg(static_cast<std::streamoff>(offset));
    in.read(bytes.data(), static_cast<std::streamsize>(length));
    if (!in) fail("'" + printable(location) + "' cannot be read");
    *tensor_.mutable_raw_data() = std::move(bytes);
    tensor_.clear_external_data();
    tensor_.set_data_location(onnx::TensorProto::DEFAULT);
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw UserError("tensor '" + printable(tensor_.name()) + "': " + what);
  }

  std::string text(const std::string& key) const {
    for (const auto& entry : tensor_.external_data()) {
      if (entry.key() == key) return entry.value();
    }
    return "";
  }

  std::optional<std::uint64_t> number(const std::string& key) const {
    const std::string value = text(key);
    if (value.empty()) return std::nullopt;
    std::uint64_t number = 0;
    const char* const end = value.data() + value.size();
    const auto [stop, error] = std::from_chars(value.data(), end, number);
    if (error != std::errc() || stop != end) {
      fail("'" + key + "' of its data is '" + printable(value) + "', allowed a number of bytes");
    }
    return number;
  }

  onnx::TensorProto& tensor_;
  const fs::path& folder_;
};

void load(onnx::TensorProto& tensor, const fs::path& folder) {
  if (tensor.data_location() == onnx::TensorProto::EXTERNAL) Loader(tensor, folder).run();
}

}  // namespace

void load_external_data(onnx::ModelProto& model, const fs::path& folder) {
  for (onnx::TensorProto& tensor : *model.mutable_graph()->mutable_initializer()) {
    load(tensor, folder);
  }
  for (onnx::NodeProto& node : *model.mutable_graph()->mutable_node()) {
    for (onnx::AttributeProto& attribute : *node.mutable_attribute()) {
      if (attribute.has_t()) load(*attribute.mutable_t(), folder);
    }
  }
}

}  // namespace systolog::workloads::onnx_import
