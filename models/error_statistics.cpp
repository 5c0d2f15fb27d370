// SPDX-License-Identifier: Apache-2.0
#include "models/error_statistics.h"

#include <tbb/blocked_range.h>
#include <tbb/enumerable_thread_specific.h>
#include <tbb/parallel_reduce.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <limits>
#include <mutex>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "models/error_pairs.h"
#include "models/error_tally.h"
#include "models/error_units.h"
#include "models/user_error.h"
#include "models/wilson.h"

namespace systolog::models {
namespace {

constexpr std::uint64_t kBlockPairs = 1 << 13;
constexpr std::uint64_t kPilotPairs = 1 << 16;

/// Least of 1, 2, 5 times a power of ten that is not below x > 0.
double round_up_125(double x) {
  double power = 1.0;  // of ten; a division by one is rounded once
  const bool small = x < 1.0;
  while (small ? x * power < 1.0 : x / power >= 10.0) power *= 10.0;
  for (const double digit : {1.0, 2.0, 5.0}) {
    const double step = small ? digit / power : digit * power;
    if (step >= x) return step;
  }
  return small ? 10.0 / power : 10.0 * power;
}

/// Bins for the relative errors of a pilot and 0; for the middle 99.8 % of them where a few lie far
/// out.
Histogram make_histogram(std::vector<double> pilot) {
  constexpr double kBins = 120.0, kFarOut = 1.5;
  double least = 0.0, most = 0.0;
  if (!pilot.empty()) {
    std::sort(pilot.begin(), pilot.end());
    const std::size_t tail = pilot.size() / 1000;
    const double low = pilot[tail], high = pilot[pilot.size() - 1 - tail];
    const bool all = pilot.back() - pilot.front() <= kFarOut * (high - low);
    least = std::min(all ? pilot.front() : low, 0.0);
    most = std::max(all ? pilot.back() : high, 0.0);
  }
  Histogram histogram;
  histogram.width = most > least ? round_up_125((most - least) / kBins) : 0.001;
  histogram.first = static_cast<std::int64_t>(std::floor(least / histogram.width + 0.5));
  const auto last = static_cast<std::int64_t>(std::floor(most / histogram.width + 0.5));
  histogram.counts.resize(static_cast<std::size_t>(last - histogram.first + 1));
  return histogram;
}

/// What a thread counts: integers, so that the order of threads does not matter.
struct Counts {
  std::vector<std::uint64_t> bins;
  std::uint64_t below = 0, above = 0;
  std::vector<std::int64_t> cell_pairs;
  std::vector<Int128> cell_sums;  // of relative errors in units of `quantum`
};

template <typename Unit>
class Measurement {
 public:
  Measurement(const ArithmeticName& name, const ErrorRequest& request)
      : unit_(name),
        range_(unit_.range(request.operands)),
        request_(request),
        source_(range_, request.samples, request.seed) {
    make_operands();
    make_map();
    result_.histogram = make_histogram(pilot());
    quantum_ = result_.histogram.width * 0x1p-20;
  }

  ErrorStatistics run() {
    Counts none;
    none.bins.resize(result_.histogram.counts.size());
    none.cell_pairs.resize(result_.map.means.size());
    none.cell_sums.resize(result_.map.means.size());
    counts_.emplace(none);
    // Halves are split and joined alike whatever threads there are.
    const std::uint64_t blocks = (source_.size() + kBlockPairs - 1) / kBlockPairs;
    Body body(*this);
    tbb::parallel_deterministic_reduce(tbb::blocked_range<std::uint64_t>(0, blocks), body);
    conclude(body.tally);
    return std::move(result_);
  }

 private:
  using Operand = typename Unit::Operand;
  struct Decoded {
    Operand operand;
    std::uint32_t cell;
  };
  struct Body {
    explicit Body(Measurement& m) : measurement(m) {}
    Body(Body& other, tbb::split) : measurement(other.measurement) {}
    void operator()(const tbb::blocked_range<std::uint64_t>& blocks) {
      for (std::uint64_t i = blocks.begin(); i < blocks.end(); ++i) {
        tally.merge(measurement.measure_block(i));
      }
    }
    void join(const Body& right) { tally.merge(right.tally); }

    Measurement& measurement;
    Tally tally;
  };

  /// Decoded ahead where there are few enough.
  void make_operands() {
    if (range_.log2_count > 16) return;
    operands_.reserve(range_.count());
    for (std::uint64_t i = 0; i < range_.count(); ++i) {
      operands_.push_back({unit_.decode(range_.at(i)), 0});
    }
  }

  void make_map() {
    constexpr int kMostCodeBits = 8, kMostFractionBits = 7;
    ErrorMap& map = result_.map;
    if (range_.log2_count <= kMostCodeBits) {
      map.axis = ErrorMap::Axis::kCodes;
      map.cells = range_.count();
      for (std::uint64_t i = 0; i < range_.count(); ++i) map.codes.push_back(range_.at(i));
      std::sort(map.codes.begin(), map.codes.end(),
                [&](Code x, Code y) { return unit_.order(x) < unit_.order(y); });
      for (std::size_t cell = 0; cell < map.cells; ++cell) {
        operands_[map.codes[cell] - range_.first].cell = static_cast<std::uint32_t>(cell);
      }
    } else {
      fraction_bits_ = std::min(unit_.fraction_bits(), kMostFractionBits);
      map.cells = std::size_t{1} << fraction_bits_;
      for (Decoded& d : operands_) d.cell = fraction_cell(d.operand);
    }
    map.means.resize(map.cells * map.cells);
  }

  std::uint32_t fraction_cell(const Operand& operand) const {
    const std::uint32_t significand = Unit::significand(operand);
    if (significand == 0 || fraction_bits_ == 0) return 0;
    const std::uint32_t fraction = significand << std::countl_zero(significand) << 1;
    return fraction >> (32 - fraction_bits_);
  }

  Decoded operand(std::uint32_t i) const {
    if (!operands_.empty()) return operands_[i];
    const Operand decoded = unit_.decode(range_.at(i));
    return {decoded, fraction_cell(decoded)};
  }

  std::vector<double> pilot() const {
    const PairSource drawn(range_, kPilotPairs, request_.seed);
    const bool few = range_.log2_count <= 8 || request_.samples != 0;
    const PairSource& pairs = few && source_.size() <= kPilotPairs ? source_ : drawn;
    std::vector<double> relative;
    for (std::uint64_t i = 0; i < pairs.size(); ++i) {
      const auto [a, b] = pairs(i);
      const PairErrors pair = unit_.compare(operand(a).operand, operand(b).operand);
      if (!pair.special && !pair.zero) relative.push_back(pair.relative);
    }
    return relative;
  }

  Tally measure_block(std::uint64_t block) {
    Tally tally;
    Counts& counts = counts_->local();
    const std::uint64_t first = block * kBlockPairs;
    const std::uint64_t last = std::min(first + kBlockPairs, source_.size());
    for (std::uint64_t i = first; i < last; ++i) {
      const auto [a, b] = source_(i);
      const Decoded x = operand(a), y = operand(b);
      const PairErrors pair = unit_.compare(x.operand, y.operand);
      tally.add(pair, range_.at(a), range_.at(b));
      if (!pair.special && !pair.zero) count(pair.relative, x.cell, y.cell, counts);
    }
    report(last - first);
    return tally;
  }

  void count(double relative, std::uint32_t row, std::uint32_t column, Counts& counts) const {
    const Histogram& h = result_.histogram;
    const double bin = std::floor(relative / h.width + 0.5) - static_cast<double>(h.first);
    if (bin < 0.0) {
      ++counts.below;
    } else if (bin >= static_cast<double>(counts.bins.size())) {
      ++counts.above;
    } else {
      ++counts.bins[static_cast<std::size_t>(bin)];
    }
    constexpr double kFarthest = 0x1p62;
    const std::size_t cell = row * result_.map.cells + column;
    const double units = std::clamp(relative / quantum_, -kFarthest, kFarthest);
    ++counts.cell_pairs[cell];
    counts.cell_sums[cell] += static_cast<std::int64_t>(units);
  }

  void report(std::uint64_t pairs) {
    const std::uint64_t done = done_.fetch_add(pairs) + pairs;
    if (!request_.progress) return;
    const std::unique_lock lock(reporting_, std::try_to_lock);
    if (lock) request_.progress(done);
  }

  void conclude(const Tally& tally);
  void gather_counts();
  Mean mean(const Tally& tally, Quantity sum, Quantity sum_of_squares, std::uint64_t count) const;
  Mean share(std::uint64_t part, std::uint64_t count) const;

  Unit unit_;
  CodeRange range_;
  const ErrorRequest& request_;
  PairSource source_;
  int fraction_bits_ = 0;
  std::vector<Decoded> operands_;
  double quantum_ = 0;
  ErrorStatistics result_;
  std::optional<tbb::enumerable_thread_specific<Counts>> counts_;
  std::atomic<std::uint64_t> done_{0};
  std::mutex reporting_;
};

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

template <typename Unit>
Mean Measurement<Unit>::mean(const Tally& tally, Quantity sum, Quantity sum_of_squares,
                             std::uint64_t count) const {
  if (count == 0) return {kNan, kNan, kNan};
  const auto n = static_cast<Tally::Sum>(count);
  const Tally::Sum value = tally.sums[sum] / n;
  const Tally::Sum variance =
      std::max(tally.sums[sum_of_squares] / n - value * value, Tally::Sum{0});
  const Tally::Sum half = source_.exhaustive() ? 0 : kNormal95 * std::sqrt(variance / n);
  return {static_cast<double>(value), static_cast<double>(value - half),
          static_cast<double>(value + half)};
}

template <typename Unit>
Mean Measurement<Unit>::share(std::uint64_t part, std::uint64_t count) const {
  if (count == 0) return {kNan, kNan, kNan};
  const auto n = static_cast<double>(count);
  const double p = static_cast<double>(part) / n;
  if (source_.exhaustive()) return {p, p, p};
  const Interval interval = wilson_95(p, n);
  return {p, interval.low, interval.high};
}

template <typename Unit>
void Measurement<Unit>::conclude(const Tally& t) {
  ErrorStatistics& s = result_;
  const auto extreme = [](Extreme e, std::uint64_t count) {
    if (count == 0) e.value = kNan;
    return e;
  };
  const std::uint64_t numbers = t.pairs - t.special, relatives = numbers - t.zero;
  const double greatest = unit_.greatest(request_.operands);
  s.exhaustive = source_.exhaustive();
  s.pairs = t.pairs;
  s.special = t.special;
  s.zero = t.zero;
  s.greatest_product = greatest * greatest;
  s.ep = share(t.wrong, numbers);
  s.mae = mean(t, kAbsolute, kSquare, numbers);
  s.mse = mean(t, kSquare, kFourth, numbers);
  for (Mean* magnitude : {&s.mae, &s.mse}) magnitude->low = std::max(magnitude->low, 0.0);
  s.nmed = {s.mae.value / s.greatest_product, s.mae.low / s.greatest_product,
            s.mae.high / s.greatest_product};
  s.wce = extreme(t.error, numbers);
  s.mred = mean(t, kRelativeMagnitude, kRelativeSquare, relatives);
  s.mred.low = std::max(s.mred.low, 0.0);
  s.bias = mean(t, kRelative, kRelativeSquare, relatives);
  s.std = kNan;
  if (relatives != 0) {
    const auto n = static_cast<Tally::Sum>(relatives);
    const Tally::Sum bias = t.sums[kRelative] / n;
    const Tally::Sum variance = t.sums[kRelativeSquare] / n - bias * bias;
    s.std = static_cast<double>(std::sqrt(std::max(variance, Tally::Sum{0})));
  }
  s.lowest = extreme(t.lowest, relatives);
  s.highest = extreme(t.highest, relatives);
  if (t.rounded != 0) {
    RoundedErrors& r = s.rounded.emplace();
    r.equal = share(t.equal, t.rounded);
    r.numbers = t.numbers;
    r.relative = mean(t, kRoundedRelative, kRoundedSquare, t.numbers);
    r.lowest = extreme(t.rounded_lowest, t.numbers);
    r.highest = extreme(t.rounded_highest, t.numbers);
    r.codes_apart = extreme(t.apart, t.rounded);
  }
  gather_counts();
}

template <typename Unit>
void Measurement<Unit>::gather_counts() {
  Histogram& histogram = result_.histogram;
  std::vector<double>& means = result_.map.means;
  std::vector<std::int64_t> pairs(means.size());
  std::vector<Int128> sums(means.size());
  for (const Counts& counts : *counts_) {
    for (std::size_t i = 0; i < counts.bins.size(); ++i) histogram.counts[i] += counts.bins[i];
    histogram.below += counts.below;
    histogram.above += counts.above;
    for (std::size_t i = 0; i < means.size(); ++i) {
      pairs[i] += counts.cell_pairs[i];
      sums[i] += counts.cell_sums[i];
    }
  }
  for (std::size_t i = 0; i < means.size(); ++i) {
    const double sum = static_cast<double>(sums[i]) * quantum_;
    means[i] = pairs[i] == 0 ? kNan : sum / static_cast<double>(pairs[i]);
  }
}

/// visit(kind of unit) for the format of the name.
template <typename Visit>
auto with_unit(const ArithmeticName& name, const Visit& visit) {
  if (std::holds_alternative<Posit>(name.format)) {
    return visit(std::type_identity<RealUnit<Posit>>());
  }
  if (std::holds_alternative<Float>(name.format)) {
    return visit(std::type_identity<RealUnit<Float>>());
  }
  return visit(std::type_identity<WholeUnit>());
}

}  // namespace

std::uint64_t count_pairs(std::string_view arithmetic, Operands operands) {
  const ArithmeticName name = parse_name(arithmetic);
  const auto range = with_unit(
      name, [&](auto unit) { return typename decltype(unit)::type(name).range(operands); });
  return range.log2_count == 32 ? ~std::uint64_t{0} : range.count() * range.count();
}

ErrorStatistics measure_errors(std::string_view arithmetic, const ErrorRequest& request) {
  const ArithmeticName name = parse_name(arithmetic);
  if (request.samples == 0 && count_pairs(arithmetic, request.operands) > kMostPairs) {
    throw UserError(name.canonical + ": too wide to measure every pair: more than 2^32");
  }
  if (request.samples > kMostSamples) {
    throw UserError(std::to_string(request.samples) + " samples: allowed 1 to 2^40");
  }
  return with_unit(name, [&](auto unit) {
    return Measurement<typename decltype(unit)::type>(name, request).run();
  });
}

double mean_relative_error(std::string_view arithmetic) {
  if (std::holds_alternative<Exact>(parse_name(arithmetic).multiplier.unit)) return 0.0;
  ErrorRequest request;
  if (count_pairs(arithmetic, request.operands) > kQuickPairs) request.samples = 1'000'000;
  const double mean = measure_errors(arithmetic, request).bias.value;
  return std::isnan(mean) ? 0.0 : mean;  // no pair has a product other than 0
}

}  // namespace systolog::models
