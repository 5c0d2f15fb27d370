// SPDX-License-Identifier: Apache-2.0
#include "workloads/preprocessing.h"

#include <cmath>
#include <cstdio>

#include "models/user_error.h"

namespace systolog::workloads {

namespace {

/// The value for one channel: one for all, one each, or the standard.
float channel_value(const std::vector<float>& values, std::size_t channels, std::size_t channel,
                    float standard, const char* name) {
  if (values.empty()) return standard;
  if (values.size() != 1 && values.size() != channels) {
    throw UserError(std::string("preprocessing: ") + name + " has " +
                    std::to_string(values.size()) + " values, allowed one, or one for each of " +
                    std::to_string(channels) + " channels");
  }
  const float value = values[values.size() == 1 ? 0 : channel];
  if (!std::isfinite(value)) {
    throw UserError(std::string("preprocessing: ") + name + " must be finite");
  }
  return value;
}

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}

/// One number as it is, several in brackets.
std::string numbers(const std::vector<float>& values) {
  std::string text;
  for (const float v : values) text += (text.empty() ? "" : ", ") + number(v);
  return values.size() == 1 ? text : "[" + text + "]";
}

const NamedPreprocessing kNamed[] = {
    {"unit", "pixel / 255, nothing else", {}},
    {"signed", "pixel / 127.5 - 1", {.mean = {0.5F}, .std = {0.5F}}},
    {"imagenet",
     "RGB, ImageNet's mean and standard deviation",
     {.mean = {0.485F, 0.456F, 0.406F}, .std = {0.229F, 0.224F, 0.225F}}},
    {"cifar10",
     "RGB, CIFAR-10's mean and standard deviation",
     {.mean = {0.4914F, 0.4822F, 0.4465F}, .std = {0.2470F, 0.2435F, 0.2616F}}},
    {"mnist", "MNIST's mean and standard deviation", {.mean = {0.1307F}, .std = {0.3081F}}},
};

}  // namespace

std::span<const NamedPreprocessing> preprocessings() { return kNamed; }

std::string describe(const Preprocessing& p) {
  const double divisor = std::round(1.0 / static_cast<double>(p.scale));
  std::string text = "pixel";
  if (p.scale == static_cast<float>(1.0 / divisor)) {
    if (divisor != 1.0) text += " / " + number(divisor);
  } else {
    text += " * " + number(p.scale);
  }
  if (!p.mean.empty()) text += " - " + numbers(p.mean);
  if (!p.std.empty()) {
    text = (p.mean.empty() && p.scale == 1.0F ? text : "(" + text + ")") + " / " + numbers(p.std);
  }
  if (p.channel_order == ChannelOrder::kBgr) text += ", BGR";
  if (p.layout == Layout::kNhwc) text += ", NHWC";
  return text;
}

std::string describe_fit(const Preprocessing& p, const ImageSize& network) {
  if (!p.resize || network.height == 0) return "";
  std::string text;
  if (*p.resize != 0) {
    text = "; shorter side to " + std::to_string(*p.resize) +
           (p.filter == Filter::kBilinear ? " (bilinear)" : " (bicubic)");
  }
  return text + (text.empty() ? "; " : ", ") + "centre crop to " + std::to_string(network.height) +
         "x" + std::to_string(network.width);
}

Preprocessor::Preprocessor(const Preprocessing& p, std::size_t channels)
    : reversed_(p.channel_order == ChannelOrder::kBgr && channels == 3),
      nhwc_(p.layout == Layout::kNhwc),
      channels_(channels) {
  if (!std::isfinite(p.scale)) throw UserError("preprocessing: scale must be finite");
  table_.reserve(channels * 256);
  for (std::size_t c = 0; c < channels; ++c) {
    const float mean = channel_value(p.mean, channels, c, 0.0F, "mean");
    const float std = channel_value(p.std, channels, c, 1.0F, "std");
    if (std == 0.0F) throw UserError("preprocessing: std must not be 0");
    for (int v = 0; v < 256; ++v) {
      table_.push_back((static_cast<float>(v) * p.scale - mean) / std);
    }
  }
}

void Preprocessor::normalise(const Pixels& image, std::span<float> out) const {
  const std::size_t plane = image.height * image.width;
  for (std::size_t c = 0; c < channels_; ++c) {
    const std::uint8_t* from = image.bytes.data() + (reversed_ ? channels_ - 1 - c : c) * plane;
    const float* table = table_.data() + c * 256;
    float* to = out.data() + (nhwc_ ? c : c * plane);
    const std::size_t step = nhwc_ ? channels_ : 1;
    for (std::size_t i = 0; i < plane; ++i) to[i * step] = table[from[i]];
  }
}

}  // namespace systolog::workloads
