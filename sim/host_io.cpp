// SPDX-License-Identifier: Apache-2.0
#include "sim/host_io.h"

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

}  // namespace

std::vector<std::byte> encode_images(const Network& network, const workloads::Tensor& images,
                                     std::size_t first, std::size_t count) {
  return encode_value(network, 0, images, first, count);
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

std::span<const std::byte> fed_codes(const Network& network, std::size_t images, std::size_t fed,
                                     std::size_t first, std::size_t count) {
  const std::span<const std::byte> codes = network.fed[fed].codes;
  const std::size_t image = codes.size() / images;
  return codes.subspan(first * image, count * image);
}

void decode_outputs(const Network& network, std::span<const std::byte> codes, std::size_t count,
                    std::span<float> values) {
  const Value& output = network.values[network.output];
  const std::size_t size = output.shape.count();
  std::vector<float> nhwc(count * size);
  network.arithmetic_of(output).decode(codes.data(), output.quantisation, nhwc);
  if (!network.output_order.empty()) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      values[i] = nhwc[i / size * size + network.output_order[i % size]];
    }
    return;
  }
  for (std::size_t i = 0; i < count; ++i) {
    for_each_element(output.shape, [&](std::size_t from, std::size_t to) {
      values[i * size + to] = nhwc[i * size + from];
    });
  }
}

workloads::Tensor output_tensor(const Network& network, std::size_t images) {
  const workloads::Shape& s = network.output_shape;
  workloads::Tensor tensor;
  tensor.shape = workloads::batch_shape(images, s);
  tensor.values.resize(images * s.count());
  return tensor;
}

}  // namespace systolog::sim
