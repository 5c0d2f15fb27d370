// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace systolog::workloads {

/// 8-bit pixels of one image, plane by plane: [channels, height, width]; three channels are R, G,
/// B.
struct Pixels {
  std::size_t channels = 0, height = 0, width = 0;
  std::vector<std::uint8_t> bytes;
};

/// Sizes of one image that a network takes, 0: as in the file.
struct ImageSize {
  std::size_t channels = 0, height = 0, width = 0;
};

enum class ChannelOrder { kRgb, kBgr };
enum class Layout { kNchw, kNhwc };         // of the network's input
enum class Filter { kBilinear, kBicubic };  // of the resizing

/// How 8-bit images become a network's input: shorter side to `resize`, centre crop to the
/// network's size, then pixel p of channel c becomes (p * scale - mean[c]) / std[c].
struct Preprocessing {
  float scale = 1.0F / 255.0F;
  std::vector<float> mean = {},
                     std = {};  // one for all channels or one each, in channel_order; empty: 0, 1
  ChannelOrder channel_order = ChannelOrder::kRgb;
  Layout layout = Layout::kNchw;
  /// Pixels of the shorter side before the crop. Not given: images of the network's size stay as
  /// they are, others are refused, except JPEG and PNG files: their shorter side becomes 256/224 of
  /// the network's longer one, as ImageNet practice has it. 0: crop without resizing.
  std::optional<std::size_t> resize = std::nullopt;
  Filter filter = Filter::kBilinear;
};

/// Preprocessings by name, for --preprocessing.
struct NamedPreprocessing {
  std::string_view name, description;
  Preprocessing preprocessing = {};
};
std::span<const NamedPreprocessing> preprocessings();

/// "RGB, (pixel / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]", for the report.
std::string describe(const Preprocessing& preprocessing);

/// "; shorter side to 256 (bilinear), centre crop to 224x224", or nothing where nothing is resized.
std::string describe_fit(const Preprocessing& preprocessing, const ImageSize& network);

/// Preprocessing for images of one data set.
class Preprocessor {
 public:
  /// Throws UserError where mean or std do not fit the channels.
  Preprocessor(const Preprocessing& preprocessing, std::size_t channels);

  /// Scales, shifts and orders channels: [C, H, W] or [H, W, C] to `out`, as long as the image.
  void normalise(const Pixels& image, std::span<float> out) const;

 private:
  bool reversed_, nhwc_;
  std::size_t channels_;
  std::vector<float> table_;  // [channel of the network][pixel value]
};

/// Pixels of the shorter side that ImageNet practice gives an image before the crop to a network's
/// size: 256 for 224.
std::size_t imagenet_resize(const ImageSize& network);

/// Resizes and crops to the network's size as `resize` says. `what` names the image in a UserError.
Pixels fit(Pixels image, const Preprocessing& preprocessing, const ImageSize& target,
           const std::string& what);

}  // namespace systolog::workloads
