// SPDX-License-Identifier: Apache-2.0
#include "bench/onednn.h"

#include <omp.h>

#include <algorithm>
#include <cmath>
#include <dnnl.hpp>
#include <unordered_map>

namespace systolog::bench {

using dnnl::memory;

struct OneDnnLayer::Primitive {
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};
  dnnl::primitive layer;
  std::unordered_map<int, memory> arguments;
};

namespace {

using Tag = memory::format_tag;

memory::dim dim(std::size_t n) { return static_cast<memory::dim>(n); }

struct Types {
  memory::data_type source, weight, result;
};

auto matmul(const Types& types, const Shape& s, const dnnl::engine& engine) {
  const memory::desc a({dim(s.m), dim(s.k)}, types.source, Tag::ab);
  const memory::desc b({dim(s.k), dim(s.n)}, types.weight, Tag::any);
  const memory::desc c({dim(s.m), dim(s.n)}, types.result, Tag::ab);
  return dnnl::matmul::primitive_desc(dnnl::matmul::desc(a, b, c), engine);
}

auto depthwise(const Types& types, const Shape& s, const dnnl::engine& engine) {
  const auto side = [](std::size_t area) {
    return dim(static_cast<std::size_t>(std::lround(std::sqrt(static_cast<double>(area)))));
  };
  const memory::dim image = side(s.m), kernel = side(s.k), padding = kernel / 2;
  const memory::dims size = {1, dim(s.groups), image, image};
  const memory::desc a(size, types.source, Tag::any), c(size, types.result, Tag::any);
  const memory::desc b({dim(s.groups), 1, 1, kernel, kernel}, types.weight, Tag::any);
  return dnnl::convolution_forward::primitive_desc(
      dnnl::convolution_forward::desc(dnnl::prop_kind::forward_inference,
                                      dnnl::algorithm::convolution_direct, a, b, c, {1, 1},
                                      {padding, padding}, {padding, padding}),
      engine);
}

/// Any bits but NaN or subnormal ones do: oneDNN's time does not depend on values.
void fill(memory& m, float value) {
  const std::size_t bytes = m.get_desc().get_size();
  if (m.get_desc().data_type() == memory::data_type::f32) {
    std::fill_n(static_cast<float*>(m.get_data_handle()), bytes / sizeof(float), value);
  } else {
    std::fill_n(static_cast<signed char*>(m.get_data_handle()), bytes, static_cast<signed char>(3));
  }
}

}  // namespace

OneDnnLayer::OneDnnLayer(OneDnnType type, const Shape& s)
    : primitive_(std::make_unique<Primitive>()) {
  omp_set_num_threads(1);
  using Type = memory::data_type;
  const Types types = type == OneDnnType::kFp32 ? Types{Type::f32, Type::f32, Type::f32}
                                                : Types{Type::u8, Type::s8, Type::s32};
  Primitive& p = *primitive_;
  const auto prepare = [&](const auto& description, const dnnl::primitive& layer) {
    memory source(description.src_desc(), p.engine), weights(description.weights_desc(), p.engine);
    memory result(description.dst_desc(), p.engine);
    fill(source, 0.5F);
    fill(weights, 0.25F);
    p.layer = layer;
    p.arguments = {{DNNL_ARG_SRC, source}, {DNNL_ARG_WEIGHTS, weights}, {DNNL_ARG_DST, result}};
  };
  if (s.groups == 1) {
    const auto description = matmul(types, s, p.engine);
    prepare(description, dnnl::matmul(description));
  } else {
    const auto description = depthwise(types, s, p.engine);
    prepare(description, dnnl::convolution_forward(description));
  }
}

OneDnnLayer::~OneDnnLayer() = default;

void OneDnnLayer::run() {
  primitive_->layer.execute(primitive_->stream, primitive_->arguments);
  primitive_->stream.wait();
}

}  // namespace systolog::bench
