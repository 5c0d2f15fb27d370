// SPDX-License-Identifier: Apache-2.0
#include "workloads/training/train_spec.h"

#include <ATen/Context.h>

#include <chrono>
#include <memory>
#include <random>
#include <span>

#include "workloads/training/augment.h"

namespace systolog::workloads::training {

namespace {

using Clock = std::chrono::steady_clock;

std::unique_ptr<torch::optim::Optimizer> optimiser_of(const NetworkSpec& spec,
                                                      const SpecNetwork& net) {
  if (spec.adam) {
    return std::make_unique<torch::optim::Adam>(
        net->parameters(),
        torch::optim::AdamOptions(spec.learning_rate).weight_decay(spec.weight_decay));
  }
  return std::make_unique<torch::optim::SGD>(net->parameters(),
                                             torch::optim::SGDOptions(spec.learning_rate)
                                                 .momentum(0.9)
                                                 .weight_decay(spec.weight_decay)
                                                 .nesterov(true));
}

/// All planes of an image move and mirror together: each gets the same random numbers.
void augment_planes(std::span<const float> image, std::size_t planes, std::size_t side,
                    std::mt19937_64& random, std::span<float> out) {
  constexpr Augmentation kAllowed{.max_shift = 4, .mirror = true};
  constexpr float kBackground = 0.0F;  // the mean
  const std::mt19937_64 start = random;
  for (std::size_t c = 0; c < planes; ++c) {
    random = start;
    const std::size_t at = c * side * side;
    augment(image.subspan(at, side * side), side, kAllowed, kBackground, random,
            out.subspan(at, side * side));
  }
}

}  // namespace

SpecNetwork train_spec(const NetworkSpec& spec, const Dataset& data, std::uint64_t seed,
                       const std::function<void(const Epoch&)>& report) {
  at::set_num_threads(1);
  at::globalContext().setDeterministicAlgorithms(true, /*warn_only=*/false);
  torch::manual_seed(seed);
  std::mt19937_64 random(seed);

  const std::size_t planes = data.images.shape[1], side = data.images.shape[2];
  const std::size_t image_size = planes * side * side, count = data.labels.size();
  const auto batch = static_cast<std::int64_t>(spec.batch), s = static_cast<std::int64_t>(side);
  torch::Tensor images = torch::empty({batch, static_cast<std::int64_t>(planes), s, s});
  torch::Tensor labels = torch::empty({batch}, torch::kInt64);

  SpecNetwork net(spec);
  net->train();
  const auto optimiser = optimiser_of(spec, net);
  const std::size_t steps = count / spec.batch;  // the rest sits out
  for (std::size_t epoch = 0; epoch < spec.epochs; ++epoch) {
    const Clock::time_point start = Clock::now();
    const std::vector<std::size_t> order = shuffled(count, random);
    double loss_sum = 0.0;
    for (std::size_t step = 0; step < steps; ++step) {
      for (std::size_t i = 0; i < spec.batch; ++i) {
        const std::size_t from = order[step * spec.batch + i];
        augment_planes(std::span(data.images.values).subspan(from * image_size, image_size), planes,
                       side, random, {images.data_ptr<float>() + i * image_size, image_size});
        labels.data_ptr<std::int64_t>()[i] = data.labels[from];
      }
      optimiser->param_groups()[0].options().set_lr(
          cosine(spec.learning_rate, epoch * steps + step, spec.epochs * steps));
      optimiser->zero_grad();
      const torch::Tensor loss = torch::cross_entropy_loss(net(images), labels);
      loss.backward();
      optimiser->step();
      loss_sum += loss.item<double>();
    }
    report({.number = epoch + 1,
            .loss = loss_sum / static_cast<double>(steps),
            .seconds = std::chrono::duration<double>(Clock::now() - start).count()});
  }
  net->eval();
  return net;
}

}  // namespace systolog::workloads::training
