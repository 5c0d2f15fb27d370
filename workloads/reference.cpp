// SPDX-License-Identifier: Apache-2.0
#include "workloads/reference.h"

#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>

#include <algorithm>
#include <string>
#include <vector>

#include "models/user_error.h"
#include "workloads/reference_operators.h"

namespace systolog::workloads {

namespace {

std::string to_string(const std::vector<std::size_t>& shape) {
  std::string text;
  for (const std::size_t size : shape) text += (text.empty() ? "" : ", ") + std::to_string(size);
  return "[" + text + "]";
}

void check_images(const Graph& graph, const Tensor& images) {
  if (graph.shapes_only) {
    throw UserError("network '" + graph.name +
                    "': is a topology without weights, which has no values");
  }
  const std::size_t count = images.shape.empty() ? 0 : images.shape[0];
  const std::vector<std::size_t> wanted = batch_shape(count, graph.input_shape());
  if (images.shape != wanted || images.values.size() != count * graph.input_shape().count()) {
    throw UserError("network '" + graph.name + "': got images of shape " + to_string(images.shape) +
                    " with " + std::to_string(images.values.size()) + " values, allowed [N, " +
                    systolog::workloads::to_string(graph.input_shape()).substr(1));
  }
}

/// The last node that reads each node's values, which may be dropped after it.
std::vector<std::size_t> last_readers(const Graph& graph) {
  std::vector<std::size_t> last(graph.nodes.size());
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    last[i] = i;
    for (const std::size_t input : graph.nodes[i].inputs) last[input] = i;
  }
  for (const GraphOutput& output : outputs_of(graph)) last[output.node] = graph.nodes.size();
  return last;
}

class ImageRun {
 public:
  explicit ImageRun(const Graph& graph) : graph_(graph), last_reader_(last_readers(graph)) {}

  /// Values of the first output.
  std::vector<float> operator()(std::span<const float> image, const Observer& observe) const {
    std::vector<std::vector<float>> values(graph_.nodes.size());
    std::vector<std::span<const float>> inputs;
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
      const Node& node = graph_.nodes[i];
      inputs.clear();
      if (i == 0) inputs.push_back(image);
      for (const std::size_t input : node.inputs) inputs.emplace_back(values[input]);
      values[i] = run_operator(graph_, node, inputs);
      if (observe) observe(i, values[i]);
      for (const std::size_t input : node.inputs) {
        if (last_reader_[input] == i) std::vector<float>().swap(values[input]);
      }
    }
    return std::move(values[outputs_of(graph_).front().node]);
  }

 private:
  const Graph& graph_;
  std::vector<std::size_t> last_reader_;
};

}  // namespace

Tensor run_reference(const Graph& graph, const Tensor& images, const Observer& observe) {
  check_images(graph, images);
  const std::size_t count = images.shape[0];
  const std::size_t in_size = graph.input_shape().count();
  const std::size_t out_size = graph.output_shape().count();
  Tensor out{batch_shape(count, graph.output_shape()), std::vector<float>(count * out_size)};
  const ImageRun run(graph);
  const auto run_images = [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      const std::vector<float> logits =
          run(std::span(images.values).subspan(i * in_size, in_size), observe);
      std::copy(logits.begin(), logits.end(),
                out.values.begin() + static_cast<std::ptrdiff_t>(i * out_size));
    }
  };
  if (observe) {
    run_images(0, count);
  } else {
    tbb::parallel_for(tbb::blocked_range<std::size_t>(0, count),
                      [&](const auto& range) { run_images(range.begin(), range.end()); });
  }
  return out;
}

}  // namespace systolog::workloads
