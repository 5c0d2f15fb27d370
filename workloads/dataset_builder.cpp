// SPDX-License-Identifier: Apache-2.0
#include "workloads/dataset_builder.h"

#include <utility>

#include "models/user_error.h"

namespace systolog::workloads {

namespace {

std::string size_text(std::size_t height, std::size_t width) {
  return std::to_string(height) + "x" + std::to_string(width);
}

}  // namespace

DatasetBuilder::DatasetBuilder(const ReadOptions& options, std::size_t channels, std::size_t count)
    : options_(options),
      preprocessor_(options.preprocessing, channels),
      channels_(channels),
      expected_(count) {
  data_.images.shape = {0, channels, 0, 0};
}

void DatasetBuilder::add(Pixels image, const std::string& what) {
  image = fit(std::move(image), options_.preprocessing, options_.size, what);
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
  data_.images.shape = options_.preprocessing.layout == Layout::kNhwc
                           ? std::vector{count(), height_, width_, channels_}
                           : std::vector{count(), channels_, height_, width_};
  data_.name = std::move(name);
  data_.labels = std::move(labels);
  data_.preprocessing = describe(options_.preprocessing);
  return std::move(data_);
}

}  // namespace systolog::workloads
