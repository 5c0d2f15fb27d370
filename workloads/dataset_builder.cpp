// SPDX-License-Identifier: Apache-2.0
#include "workloads/dataset_builder.h"

#include <utility>

#include "models/user_error.h"

namespace systolog::workloads {

namespace {

std::string size_text(std::size_t height, std::size_t width) {
  return std::to_string(height) + "x" + std::to_string(width);
}

const Preprocessing& stated(const ReadOptions& options) {
  if (options.preprocessing) return *options.preprocessing;
  throw UserError(
      "nothing states how pixels become the network's input: --preprocessing does (unit, imagenet, "
      "..., mean=..., std=...), or MODEL.json beside MODEL.onnx");
}

}  // namespace

DatasetBuilder::DatasetBuilder(const ReadOptions& options, std::size_t channels, std::size_t count)
    : options_(options),
      preprocessing_(stated(options)),
      preprocessor_(preprocessing_, channels),
      channels_(channels),
      expected_(count) {
  data_.images.shape = {0, channels, 0, 0};
}

void DatasetBuilder::add(Pixels image, const std::string& what) {
  add_fitted(fit(std::move(image), preprocessing_, options_.size, what), what);
}

void DatasetBuilder::add_fitted(const Pixels& image, const std::string& what) {
  if (count() == 0) {
    height_ = image.height;
    width_ = image.width;
    data_.images.values.reserve(expected_ * image.bytes.size());
  } else if (image.height != height_ || image.width != width_) {
    throw UserError(what + ": " + size_text(image.height, image.width) +
                    " pixels, the images before it have " + size_text(height_, width_));
  }
  ++data_.images.shape[0];
  std::vector<float>& values = data_.images.values;
  const std::size_t at = values.size();
  values.resize(at + image.bytes.size());
  preprocessor_.normalise(image, std::span(values).subspan(at));
}

Dataset DatasetBuilder::finish(std::string name, std::vector<std::uint32_t> labels) {
  data_.images.shape = preprocessing_.layout == Layout::kNhwc
                           ? std::vector{count(), height_, width_, channels_}
                           : std::vector{count(), channels_, height_, width_};
  data_.name = std::move(name);
  data_.labels = std::move(labels);
  data_.preprocessing = describe(preprocessing_) + describe_fit(preprocessing_, options_.size);
  return std::move(data_);
}

}  // namespace systolog::workloads
