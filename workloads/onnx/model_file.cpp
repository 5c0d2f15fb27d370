// SPDX-License-Identifier: Apache-2.0
#include "workloads/onnx/model_file.h"

#include <google/protobuf/stubs/logging.h>

#include <fstream>
#include <limits>
#include <mutex>
#include <optional>
#include <string>

#include "models/user_error.h"

namespace systolog::workloads::onnx_import {

namespace {

namespace fs = std::filesystem;

void silence_protobuf() {
  static std::once_flag once;
  std::call_once(once, [] { google::protobuf::SetLogHandler(nullptr); });
}

std::string read_bytes(const fs::path& file) {
  std::error_code error;
  const fs::file_status status = fs::status(file, error);
  if (!fs::exists(status)) throw UserError("no such file");
  if (fs::is_directory(status)) throw UserError("is a folder, allowed an ONNX file");
  if (!fs::is_regular_file(status)) throw UserError("not a regular file, allowed an ONNX file");
  const std::uintmax_t size = fs::file_size(file, error);
  if (error) throw UserError("cannot be read: " + error.message());
  if (size == 0) throw UserError("the file is empty, allowed an ONNX model");
  if (size > std::numeric_limits<std::int32_t>::max()) {
    throw UserError(
        "the file has " + std::to_string(size) +
        " bytes, allowed at most 2147483647 (protobuf's limit; larger models keep their weights "
        "in external data)");
  }
  std::ifstream in(file, std::ios::binary);
  std::string bytes(static_cast<std::size_t>(size), '\0');
  in.read(bytes.data(), static_cast<std::streamsize>(size));
  if (!in) throw UserError("cannot be read");
  return bytes;
}

}  // namespace

onnx::ModelProto read_model(const fs::path& file) {
  silence_protobuf();
  const std::string bytes = read_bytes(file);
  onnx::ModelProto model;
  if (!model.ParseFromString(bytes)) {
    throw UserError("not an ONNX model, or a damaged one: its " + std::to_string(bytes.size()) +
                    " bytes are no protobuf message of that kind");
  }
  if (!model.has_graph() || model.graph().node().empty()) {
    throw UserError("not an ONNX model, or a damaged one: it has no graph with nodes");
  }
  return model;
}

std::int64_t opset_of(const onnx::ModelProto& model) {
  std::optional<std::int64_t> version;
  for (const onnx::OperatorSetIdProto& opset : model.opset_import()) {
    if (!opset.domain().empty() && opset.domain() != "ai.onnx") continue;
    if (version && *version != opset.version()) {
      throw UserError("imports opsets " + std::to_string(*version) + " and " +
                      std::to_string(opset.version()) + ", allowed one");
    }
    version = opset.version();
  }
  const std::string allowed =
      ", allowed " + std::to_string(kOldestOpset) + " to " + std::to_string(kNewestOpset);
  if (!version) throw UserError("imports no opset of the standard operators" + allowed);
  if (*version < kOldestOpset || *version > kNewestOpset) {
    throw UserError("imports opset " + std::to_string(*version) + allowed);
  }
  return *version;
}

}  // namespace systolog::workloads::onnx_import
