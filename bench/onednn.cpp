// SPDX-License-Identifier: Apache-2.0
#include "bench/onednn.h"

#include <omp.h>

#include <dnnl.hpp>
#include <unordered_map>

namespace systolog::bench {

using dnnl::memory;

struct OneDnnMatmul::Primitive {
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};
  dnnl::matmul matmul;
  std::unordered_map<int, memory> arguments;
};

OneDnnMatmul::OneDnnMatmul(OneDnnType type, const Shape& s)
    : primitive_(std::make_unique<Primitive>()) {
  omp_set_num_threads(1);
  const bool fp32 = type == OneDnnType::kFp32;
  const auto source = fp32 ? memory::data_type::f32 : memory::data_type::u8;
  const auto weight = fp32 ? memory::data_type::f32 : memory::data_type::s8;
  const auto result = fp32 ? memory::data_type::f32 : memory::data_type::s32;
  const auto dim = [](std::size_t n) { return static_cast<memory::dim>(n); };
  const auto dims = [&](std::size_t rows, std::size_t columns) {
    return memory::dims{dim(s.groups), dim(rows), dim(columns)};
  };
  using Tag = memory::format_tag;
  const memory::desc a(dims(s.m, s.k), source, Tag::abc), c(dims(s.m, s.n), result, Tag::abc);
  // One group: let the library choose the weights' layout.
  const memory::desc b(dims(s.k, s.n), weight, s.groups == 1 ? Tag::any : Tag::abc);
  Primitive& p = *primitive_;
  const dnnl::matmul::primitive_desc description(dnnl::matmul::desc(a, b, c), p.engine);
  p.matmul = dnnl::matmul(description);
  memory source_memory(description.src_desc(), p.engine);
  memory weight_memory(description.weights_desc(), p.engine);
  memory result_memory(description.dst_desc(), p.engine);
  // Any bits but NaN or subnormal ones do: oneDNN's time does not depend on values.
  const auto fill = [](memory& m, float value) {
    const std::size_t bytes = m.get_desc().get_size();
    if (m.get_desc().data_type() == memory::data_type::f32) {
      std::fill_n(static_cast<float*>(m.get_data_handle()), bytes / sizeof(float), value);
    } else {
      std::fill_n(static_cast<signed char*>(m.get_data_handle()), bytes,
                  static_cast<signed char>(3));
    }
  };
  fill(source_memory, 0.5F);
  fill(weight_memory, 0.25F);
  p.arguments = {{DNNL_ARG_SRC, source_memory},
                 {DNNL_ARG_WEIGHTS, weight_memory},
                 {DNNL_ARG_DST, result_memory}};
}

OneDnnMatmul::~OneDnnMatmul() = default;

void OneDnnMatmul::run() {
  primitive_->matmul.execute(primitive_->stream, primitive_->arguments);
  primitive_->stream.wait();
}

}  // namespace systolog::bench
