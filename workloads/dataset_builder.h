// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "workloads/dataset.h"

namespace systolog::workloads {

/// Gathers 8-bit images into a data set: resize, crop, normalise, check.
class DatasetBuilder {
 public:
  /// `count`: images to expect, 0 if not known. Throws UserError where no preprocessing is stated.
  DatasetBuilder(const ReadOptions& options, std::size_t channels, std::size_t count);

  /// `what` names the image in a UserError.
  void add(Pixels image, const std::string& what);
  /// An image that fit() has seen.
  void add_fitted(const Pixels& image, const std::string& what);
  std::size_t count() const { return data_.images.shape[0]; }

  Dataset finish(std::string name, std::vector<std::uint32_t> labels);

 private:
  ReadOptions options_;
  Preprocessing preprocessing_;
  Preprocessor preprocessor_;
  std::size_t channels_, expected_, height_ = 0, width_ = 0;
  Dataset data_;
};

}  // namespace systolog::workloads
