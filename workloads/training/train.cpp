// SPDX-License-Identifier: Apache-2.0
#include "workloads/training/train.h"

#include <ATen/Context.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numbers>
#include <random>
#include <span>
#include <vector>

#include "workloads/training/augment.h"

namespace systolog::workloads::training {

namespace {

using Clock = std::chrono::steady_clock;

/// A part of a data set, copied into batches image by image.
class Images {
 public:
  Images(const Dataset& data, std::size_t first, std::size_t count)
      : data_(data), first_(first), count_(count), side_(data.images.shape[2]) {}

  std::size_t count() const { return count_; }
  std::size_t side() const { return side_; }
  std::span<const float> image(std::size_t i) const {
    return std::span(data_.images.values).subspan((first_ + i) * side_ * side_, side_ * side_);
  }
  std::int64_t label(std::size_t i) const { return data_.labels[first_ + i]; }

 private:
  const Dataset& data_;
  std::size_t first_, count_, side_;
};

struct Batch {
  Batch(std::size_t count, std::size_t side) : side_pixels(side * side) {
    const auto n = static_cast<std::int64_t>(count), s = static_cast<std::int64_t>(side);
    images = torch::empty({n, 1, s, s});
    labels = torch::empty({n}, torch::kInt64);
  }
  std::span<float> image(std::size_t i) {
    return {images.data_ptr<float>() + i * side_pixels, side_pixels};
  }
  std::size_t side_pixels;
  torch::Tensor images, labels;
};

double accuracy(LeNet5& net, const Images& set) {
  const torch::NoGradGuard no_grad;
  std::int64_t right = 0;
  constexpr std::size_t kBatch = 500;
  for (std::size_t first = 0; first < set.count(); first += kBatch) {
    const std::size_t count = std::min(kBatch, set.count() - first);
    Batch batch(count, set.side());
    for (std::size_t i = 0; i < count; ++i) {
      std::ranges::copy(set.image(first + i), batch.image(i).begin());
      batch.labels.data_ptr<std::int64_t>()[i] = set.label(first + i);
    }
    right += net(batch.images).argmax(1).eq(batch.labels).sum().item<std::int64_t>();
  }
  return static_cast<double>(right) / static_cast<double>(set.count());
}

std::vector<torch::Tensor> copy_of(const std::vector<torch::Tensor>& parameters) {
  std::vector<torch::Tensor> copies;
  for (const torch::Tensor& p : parameters) copies.push_back(p.detach().clone());
  return copies;
}

}  // namespace

double cosine(double rate, std::size_t step, std::size_t steps) {
  const double t = static_cast<double>(step) / static_cast<double>(steps);
  return 0.5 * rate * (1.0 + std::cos(std::numbers::pi * t));
}

LeNet5 train(const Dataset& data, const TrainOptions& options,
             const std::function<void(const Epoch&)>& report) {
  at::set_num_threads(1);
  at::globalContext().setDeterministicAlgorithms(true, /*warn_only=*/false);
  torch::manual_seed(options.seed);
  std::mt19937_64 random(options.seed);

  const std::size_t total = data.labels.size();
  const Images training(data, 0, total - options.held_out);
  const Images held_out(data, total - options.held_out, options.held_out);
  const float background = *std::ranges::min_element(data.images.values);

  LeNet5 net;
  torch::optim::SGD optimiser(net->parameters(), torch::optim::SGDOptions(options.learning_rate)
                                                     .momentum(options.momentum)
                                                     .weight_decay(options.weight_decay)
                                                     .nesterov(true));
  auto& rate = static_cast<torch::optim::SGDOptions&>(optimiser.param_groups()[0].options());

  const std::size_t steps_per_epoch = training.count() / options.batch;  // the rest sits out
  double best = -1.0;
  std::vector<torch::Tensor> best_parameters;
  for (std::size_t epoch = 0; epoch < options.epochs; ++epoch) {
    const Clock::time_point start = Clock::now();
    const std::vector<std::size_t> order = shuffled(training.count(), random);
    double loss_sum = 0.0;
    for (std::size_t step = 0; step < steps_per_epoch; ++step) {
      Batch batch(options.batch, training.side());
      for (std::size_t i = 0; i < options.batch; ++i) {
        const std::size_t from = order[step * options.batch + i];
        augment(training.image(from), training.side(), {options.max_shift, options.mirror},
                background, random, batch.image(i));
        batch.labels.data_ptr<std::int64_t>()[i] = training.label(from);
      }
      rate.lr(cosine(options.learning_rate, epoch * steps_per_epoch + step,
                     options.epochs * steps_per_epoch));
      optimiser.zero_grad();
      const torch::Tensor loss = torch::cross_entropy_loss(net(batch.images), batch.labels);
      loss.backward();
      optimiser.step();
      loss_sum += loss.item<double>();
    }
    Epoch done{.number = epoch + 1, .loss = loss_sum / static_cast<double>(steps_per_epoch)};
    done.held_out_accuracy = accuracy(net, held_out);
    done.is_best = done.held_out_accuracy > best;
    if (done.is_best) {
      best = done.held_out_accuracy;
      best_parameters = copy_of(net->parameters());
    }
    done.seconds = std::chrono::duration<double>(Clock::now() - start).count();
    report(done);
  }

  const torch::NoGradGuard no_grad;
  std::vector<torch::Tensor> parameters = net->parameters();
  for (std::size_t i = 0; i < parameters.size(); ++i) parameters[i].copy_(best_parameters[i]);
  return net;
}

}  // namespace systolog::workloads::training
