// SPDX-License-Identifier: Apache-2.0
#include "sim/host_io.h"

#include "models/packed_codes.h"

namespace systolog::sim {
namespace {

/// Calls visit(NHWC index, NCHW index) for every element of one image.
template <typename Visit>
void for_each_element(const workloads::Shape& s, Visit visit) {
  std::size_t nhwc = 0;
  for (std::size_t y = 0; y < s.height; ++y) {
    for (std::size_t x = 0; x < s.width; ++x) {
      for (std::size_t c = 0; c < s.channels; ++c, ++nhwc) {
        visit(nhwc, (c * s.height + y) * s.width + x);
      }
    }
  }
}

/// Codes of so many images as they lie in the DRAM.
std::vector<std::byte> as_stored(const Value& value, std::vector<std::byte> codes) {
  if (!value.packed) return codes;
  const std::size_t channels = value.shape.channels, pixels = codes.size() / channels;
  std::vector<std::byte> stored(pixels * models::bytes_of(channels, models::kPackedBits));
  models::pack(codes.data(), pixels, channels, stored.data());
  return stored;
}

}  // namespace

std::vector<std::byte> encode_images(const Network& network, const workloads::Tensor& images,
                                     std::size_t first, std::size_t count) {
  return as_stored(network.values[0], encode_value(network, 0, images, first, count));
}

std::vector<std::byte> encode_value(const Network& network, std::size_t value,
                                    const workloads::Tensor& images, std::size_t first,
                                    std::size_t count) {
  const Value& input = network.values[value];
  const std::size_t size = input.shape.count();
  std::vector<float> nhwc(count * size);
  for (std::size_t i = 0; i < count; ++i) {
    const float* image = images.values.data() + (first + i) * size;
    for_each_element(input.shape,
                     [&](std::size_t to, std::size_t from) { nhwc[i * size + to] = image[from]; });
  }
  const models::Arithmetic& arithmetic = network.arithmetic_of(input);
  std::vector<std::byte> codes(nhwc.size() * arithmetic.code_bytes());
  arithmetic.encode(nhwc, input.quantisation, codes.data());
  return codes;
}

std::vector<std::byte> fed_codes(const Network& network, std::size_t images, std::size_t fed,
                                 std::size_t first, std::size_t count) {
  const FedValue& value = network.fed[fed];
  std::vector<std::byte> codes;
  if (!value.is_constant) {
    const std::size_t image = value.codes.size() / images;
    const auto part = std::span(value.codes).subspan(first * image, count * image);
    codes.assign(part.begin(), part.end());
    return as_stored(network.values[value.value], std::move(codes));
  }
  for (std::size_t i = 0; i < count; ++i) {
    codes.insert(codes.end(), value.codes.begin(), value.codes.end());
  }
  return as_stored(network.values[value.value], std::move(codes));
}

OutputReader::OutputReader(const Network& network, std::size_t images) : network_(network) {
  for (const NetworkOutput& output : network.outputs) {
    tensors_.push_back({workloads::batch_shape(images, output.shape),
                        std::vector<float>(images * output.shape.count())});
  }
}

void OutputReader::take(std::size_t i, std::span<const std::byte> stored, std::size_t first,
                        std::size_t count) {
  const NetworkOutput& output = network_.outputs[i];
  const Value& value = network_.values[output.value];
  const std::size_t size = value.shape.count();
  std::vector<float> nhwc(count * size);
  const models::UnpackedCodes codes(stored, value.packed, count * size / value.shape.channels,
                                    value.shape.channels);
  network_.arithmetic_of(value).decode(codes.codes().data(), value.quantisation, nhwc);
  const auto values = std::span(tensors_[i].values).subspan(first * size, count * size);
  if (!output.order.empty()) {
    for (std::size_t e = 0; e < values.size(); ++e) {
      values[e] = nhwc[e / size * size + output.order[e % size]];
    }
    return;
  }
  for (std::size_t image = 0; image < count; ++image) {
    for_each_element(value.shape, [&](std::size_t from, std::size_t to) {
      values[image * size + to] = nhwc[image * size + from];
    });
  }
}

}  // namespace systolog::sim
