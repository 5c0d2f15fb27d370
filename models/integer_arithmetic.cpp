// SPDX-License-Identifier: Apache-2.0
#include "models/integer_arithmetic.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "models/blocks.h"
#include "models/code_range.h"
#include "models/kernels_exact.h"
#include "models/kernels_fma.h"
#include "models/nonzero_tile.h"
#include "models/taps.h"
#include "models/tile.h"

namespace systolog::models {
namespace {

constexpr int kDoubleBits = std::numeric_limits<double>::digits;
constexpr double kExactFloat = 0x1p24, kExactDouble = 0x1p53;
constexpr std::size_t kFloorFold = 128;

/// Least and greatest of `count` numbers.
template <typename T>
std::pair<std::int64_t, std::int64_t> extremes_of(std::size_t count, const std::byte* numbers) {
  T least = 0, most = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const T x = load<T>(numbers + i * sizeof(T));
    least = std::min(least, x);
    most = std::max(most, x);
  }
  return {least, most};
}

int or_bits(const ArithmeticName& name) {
  const auto* approximate = std::get_if<LowerOrSum>(&name.accumulator);
  return approximate == nullptr ? 0 : approximate->or_bits;
}

}  // namespace

WholeArithmetic::WholeArithmetic(const ArithmeticName& name, const Fixed& codes,
                                 int accumulator_width, Kernels kernels)
    : ArithmeticBase(name.canonical, codes.bits()),
      codes_(codes),
      accumulator_width_(accumulator_width),
      mac_(make_integer_mac(name)),
      product_(name.multiplier.is_logarithmic() ? Product::kLogarithmic : Product::kTimes),
      signs_(name.multiplier.signs),
      leading_(name.multiplier.leading()),
      saturates_(name.fixed_sum() != nullptr),
      or_bits_(or_bits(name)),
      way_(choose(name, kernels)),
      decoder_(codes.bits(), Decode{codes}) {
  saturation_ = {.unit = 1.0, .least = -kExactDouble, .most = kExactDouble, .signs = signs_};
  if (const auto* sum = name.fixed_sum()) {
    const double limit = std::ldexp(1.0, sum->width - 1);
    saturation_.unit = std::ldexp(1.0, sum->fraction_bits - 2 * codes.fraction_bits);
    saturation_.least = -limit;
    saturation_.most = limit - 1.0;
  }
  if (way_ == Way::kWrapping || way_ == Way::kSaturating || way_ == Way::kLowerOr) {
    to_float_.emplace(bits(), Prepare<float>{codes, leading_, signs_});
    to_double_.emplace(bits(), Prepare<double>{codes, leading_, signs_});
  }
  if (way_ == Way::kTable) {
    const auto& unit = std::get<ProductTable>(name.multiplier.unit);
    const Code count = Code{1} << bits();
    const int dropped = saturates_ ? 2 * codes.fraction_bits - name.fixed_sum()->fraction_bits : 0;
    std::vector<std::int32_t> terms;
    terms.reserve(std::size_t{count} * count);
    for (Code a = 0; a < count; ++a) {
      for (Code b = 0; b < count; ++b) {
        const std::int64_t product = unit(codes.integer(a), codes.integer(b));
        terms.push_back(static_cast<std::int32_t>(product >> dropped));
      }
    }
    table_.emplace(bits(), std::move(terms));
  }
  const auto* fixed = std::get_if<FixedSum>(&name.accumulator);
  if (kernels == Kernels::kFastest && fixed != nullptr &&
      std::holds_alternative<Exact>(name.multiplier.unit)) {
    dropped_bits_ = 2 * codes.fraction_bits - fixed->fraction_bits;
  }
}

auto WholeArithmetic::choose(const ArithmeticName& name, Kernels kernels) const -> Way {
  if (kernels == Kernels::kScalar) return Way::kScalar;
  if (name.multiplier.is_table()) return or_bits_ == 0 ? Way::kTable : Way::kScalar;
  if (or_bits_ != 0) return Way::kLowerOr;
  const bool exact = std::holds_alternative<Exact>(name.multiplier.unit);
  const auto* fixed = std::get_if<FixedSum>(&name.accumulator);
  if (fixed == nullptr && exact && accumulator_width_ <= 32) return Way::kModulo;
  if (product_ == Product::kTimes && 2 * kept_bits() > kDoubleBits) return Way::kScalar;
  if (fixed == nullptr) return Way::kWrapping;
  // A sum and a term, each below 2^52.
  const int term_bits = 2 * bits() - (2 * codes_.fraction_bits - fixed->fraction_bits);
  return fixed->width < kDoubleBits && term_bits < kDoubleBits ? Way::kSaturating : Way::kScalar;
}

std::int64_t WholeArithmetic::sum_at(const std::byte* accumulators, std::size_t i) const {
  return accumulator_bytes() == 4 ? load<std::int32_t>(accumulators + 4 * i)
                                  : load<std::int64_t>(accumulators + 8 * i);
}

void WholeArithmetic::set_sum(std::int64_t sum, std::byte* accumulators, std::size_t i) const {
  if (accumulator_bytes() == 4) {
    store(static_cast<std::int32_t>(sum), accumulators + 4 * i);
  } else {
    store(sum, accumulators + 8 * i);
  }
}

void WholeArithmetic::matmul(const MatmulTile& tile) const {
  if (dropped_bits_ && matmul_floors(tile)) return;
  switch (way_) {
    case Way::kScalar:
      return matmul_scalar(tile);
    case Way::kModulo:
      return matmul_modulo(tile);
    case Way::kWrapping:
      if (matmul_nonzero<float, std::int32_t>(*to_float_, tile)) return;
      if (matmul_nonzero<double, double>(*to_double_, tile)) return;
      // k products of 2 B - 1 bits in a double.
      if (static_cast<double>(tile.k) * std::ldexp(1.0, 2 * bits() - 1) > kExactDouble) {
        return matmul_scalar(tile);
      }
      return matmul_in_doubles(tile);
    case Way::kSaturating:
      if (matmul_nonzero<float, std::int32_t>(*to_float_, tile)) return;
      if (matmul_nonzero<double, double>(*to_double_, tile)) return;
      return matmul_in_doubles(tile);
    case Way::kLowerOr:
      if (matmul_nonzero<float, std::int32_t>(*to_float_, tile)) return;
      return matmul_scalar(tile);
    case Way::kTable:
      return matmul_by_table(tile);
  }
}

void WholeArithmetic::matmul_modulo(const MatmulTile& tile) const {
  const auto decode = [this](const std::byte* codes, std::size_t count, std::int16_t* out) {
    if (bits() == 8) {
      for (std::size_t i = 0; i < count; ++i) out[i] = load<std::int8_t>(codes + i);
    } else {
      for (std::size_t i = 0; i < count; ++i) {
        out[i] = static_cast<std::int16_t>(integer_at(codes, i));
      }
    }
  };
  BlockedTile<std::int16_t, std::int32_t, 2> blocked(tile, code_bytes(), accumulator_bytes());
  blocked.for_each_block(decode, decode, [&](auto& block) {
    std::byte* sums = block.tile.accumulators;
    block.work.fold = 128;  // any will do
    block.for_each_sum([=](std::size_t i, std::int32_t& sum) {
      sum = load<std::int32_t>(sums + i * sizeof(sum));
    });
    sum_pairs(block.work);
    const int unused = 32 - accumulator_width_;
    block.for_each_sum([=](std::size_t i, std::int32_t sum) {
      const auto bits = static_cast<std::uint32_t>(sum) << unused;
      store(static_cast<std::int32_t>(bits) >> unused, sums + i * sizeof(sum));
    });
  });
}

bool WholeArithmetic::sum_channels(const DepthwiseTile& tile) const {
  if (dropped_bits_) return channels_floors(tile);
  if (way_ != Way::kModulo) return false;
  const double sums = static_cast<double>(tile.k) * std::ldexp(1.0, 2 * bits() - 2);
  if (sums > kExactDouble) return false;
  sums > kExactFloat ? channels_modulo<double>(tile) : channels_modulo<float>(tile);
  return true;
}

template <typename T>
void WholeArithmetic::channels_modulo(const DepthwiseTile& tile) const {
  using Whole = std::conditional_t<std::is_same_v<T, float>, std::int32_t, std::int64_t>;
  const auto decode = [this](const std::byte* codes, std::size_t count, T* out) {
    if (bits() == 8) {
      for (std::size_t i = 0; i < count; ++i) out[i] = load<std::int8_t>(codes + i);
    } else {
      for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<T>(integer_at(codes, i));
    }
  };
  TapsTile<T, T> taps(tile, code_bytes(), accumulator_bytes(), decode);
  const int unused = 32 - accumulator_width_;
  taps.for_each_block([&](const auto& block, std::byte* sums) {
    taps.clear_sums(block);
    sum_fused(block);
    taps.for_each_sum(block, [=](std::size_t i, T sum) {
      const auto before = load<std::uint32_t>(sums + i * sizeof(std::uint32_t));
      const auto total = before + static_cast<std::uint32_t>(static_cast<Whole>(sum));
      store(static_cast<std::int32_t>(total << unused) >> unused, sums + i * sizeof(total));
    });
  });
}

double WholeArithmetic::greatest_of(const std::byte* codes, std::size_t count) const {
  return static_cast<double>(code_range(SignOf::kTwosComplement, bits(), codes, count).greatest);
}

bool WholeArithmetic::floors_hold(double a, double w, std::size_t k, std::size_t count,
                                  const std::byte* accumulators) const {
  // A floor is at most 1 beyond its product, and doubles err by far less than the factor.
  const double term = 1.0 + std::ldexp(a * w, -*dropped_bits_);
  double reach = 0.0;
  for (std::size_t i = 0; i < count; ++i) {
    reach = std::max(reach, std::fabs(static_cast<double>(sum_at(accumulators, i))));
  }
  reach += static_cast<double>(k) * term;
  constexpr double kBelow = 1.0 - 0x1p-40;
  return reach <= kBelow * std::ldexp(1.0, accumulator_width_ - 1) - 1.0 &&
         static_cast<double>(kFloorFold) * term <= kBelow * std::ldexp(1.0, 63 - *dropped_bits_);
}

bool WholeArithmetic::channels_floors(const DepthwiseTile& tile) const {
  const auto padding = static_cast<double>(std::abs(std::int64_t{codes_.integer(tile.zero_code)}));
  const double a = std::max(padding, greatest_of(tile.activations, tile.pixels * tile.channels));
  const double w = greatest_of(tile.weights, tile.channels * tile.k);
  if (!floors_hold(a, w, tile.k, tile.m * tile.channels, tile.accumulators)) return false;
  const auto decode = [this](const std::byte* codes, std::size_t count, std::int64_t* out) {
    for (std::size_t i = 0; i < count; ++i) out[i] = integer_at(codes, i);
  };
  TapsTile<std::int64_t, std::int64_t> taps(tile, code_bytes(), accumulator_bytes(), decode);
  taps.for_each_block([&](auto& block, std::byte* sums) {
    block.fold = kFloorFold;
    taps.for_each_sum(block, [&](std::size_t i, std::int64_t& sum) { sum = sum_at(sums, i); });
    sum_floors(block, *dropped_bits_);
    taps.for_each_sum(block, [&](std::size_t i, std::int64_t sum) { set_sum(sum, sums, i); });
  });
  return true;
}

bool WholeArithmetic::matmul_floors(const MatmulTile& tile) const {
  if (!floors_hold(greatest_of(tile.activations, tile.m * tile.k),
                   greatest_of(tile.weights, tile.k * tile.n), tile.k, tile.m * tile.n,
                   tile.accumulators)) {
    return false;
  }
  const auto decode = [this](const std::byte* codes, std::size_t count, std::int64_t* out) {
    for (std::size_t i = 0; i < count; ++i) out[i] = integer_at(codes, i);
  };
  BlockedTile<std::int64_t, std::int64_t> blocked(tile, code_bytes(), accumulator_bytes());
  blocked.for_each_block(decode, decode, [&](auto& block) {
    std::byte* sums = block.tile.accumulators;
    block.work.fold = kFloorFold;
    block.for_each_sum([&](std::size_t i, std::int64_t& sum) { sum = sum_at(sums, i); });
    sum_floors(block.work, *dropped_bits_);
    block.for_each_sum([&](std::size_t i, std::int64_t sum) { set_sum(sum, sums, i); });
  });
  return true;
}

void WholeArithmetic::matmul_in_doubles(const MatmulTile& tile) const {
  PackedTile<double, double> packed(tile, code_bytes(), *to_double_, *to_double_);
  if (way_ == Way::kWrapping) {
    sum_saturating(product_, packed.work(), saturation_);
    packed.for_each_sum([&](std::size_t i, double sum) {
      const auto addend = static_cast<std::int64_t>(sum);
      set_sum(mac_->add(sum_at(tile.accumulators, i), addend), tile.accumulators, i);
    });
    return;
  }
  packed.for_each_sum(
      [&](std::size_t i, double& sum) { sum = static_cast<double>(sum_at(tile.accumulators, i)); });
  sum_saturating(product_, packed.work(), saturation_);
  packed.for_each_sum([&](std::size_t i, double sum) {
    set_sum(static_cast<std::int64_t>(sum), tile.accumulators, i);
  });
}

template <typename Sum>
bool WholeArithmetic::any_order(const MatmulTile& tile, double sums) const {
  constexpr bool kDouble = std::is_same_v<Sum, double>;
  const bool modulo = !kDouble && !saturates_ && accumulator_width_ <= 32;
  if (!modulo && sums >= (kDouble ? kExactDouble : 0x1p31)) return false;
  if (!saturates_) return true;
  const std::size_t count = tile.m * tile.n;
  const auto [least, most] = accumulator_bytes() == 4
                                 ? extremes_of<std::int32_t>(count, tile.accumulators)
                                 : extremes_of<std::int64_t>(count, tile.accumulators);
  return static_cast<double>(most) + sums <= saturation_.most &&
         static_cast<double>(least) - sums >= saturation_.least;
}

template <typename ForEach>
void WholeArithmetic::add_sums(const MatmulTile& tile, const ForEach& for_each) const {
  const auto add_to = [&]<typename Stored>(Stored) {
    const int unused = 8 * static_cast<int>(sizeof(Stored)) - accumulator_width_;
    for_each([&](std::size_t i, auto sum) {
      using Unsigned = std::make_unsigned_t<Stored>;
      std::byte* const at = tile.accumulators + i * sizeof(Stored);
      const auto total = static_cast<Unsigned>(load<Stored>(at)) +
                         static_cast<Unsigned>(static_cast<std::int64_t>(sum));
      store(static_cast<Stored>(total << unused) >> unused, at);  // wraps, where sums do
    });
  };
  accumulator_bytes() == 4 ? add_to(std::int32_t{}) : add_to(std::int64_t{});
}

template <typename T, typename Sum>
bool WholeArithmetic::matmul_nonzero(const Decoder<T, Prepare<T>>& decode,
                                     const MatmulTile& tile) const {
  const auto decode_line = [&](const std::byte* codes, std::size_t count, T* out) {
    if (code_bytes() < 4) return decode(codes, count, out, 1);
    decode_integers(codes, count, bits(), leading_, signs_, out);
  };
  const bool in_order = or_bits_ != 0;
  NonzeroTile<T, Sum> packed(tile, code_bytes(), in_order ? tile.fold_rows : tile.k, decode_line);
  const Range<T> rows = packed.rows(), lanes = packed.lanes();
  if (rows.all_zero() || lanes.all_zero()) return true;
  constexpr int kDigits = std::numeric_limits<T>::digits;
  const double a = static_cast<double>(rows.greatest()), b = static_cast<double>(lanes.greatest());
  const double greatest = a * b * saturation_.unit, exact = std::ldexp(1.0, kDigits);
  if (kept_bits() > kDigits && std::max(a, b) > exact) return false;
  if (product_ == Product::kTimes && 2 * kept_bits() > kDigits && a * b > exact) return false;
  const bool ones_complement = signs_ == Signs::kOnesComplement;
  if (ones_complement && (kept_bits() >= kDigits || 2.0 * greatest >= exact)) return false;
  if (greatest + 2.0 >= (std::is_same_v<Sum, double> ? kExactDouble : 0x1p31)) return false;
  const double k = static_cast<double>(tile.k);
  // Each addition of the approximate adder, merges included, is off by 2^(K-1) at most.
  const double off = in_order ? 2.0 * k * std::ldexp(1.0, or_bits_ - 1) : 0.0;
  if (!any_order<Sum>(tile, k * (greatest + 2.0) + off)) return false;
  using Bits = IeeeBits<T>;
  const Bits one = product_ == Product::kTimes ? 0 : std::bit_cast<Bits>(T{1});
  packed.list({.unit = static_cast<T>(saturation_.unit), .add = (ones_complement ? 1U : 0U) - one});
  LaneZeros zeros = LaneZeros::kNone;
  if (lanes.any_zero && product_ == Product::kLogarithmic) {
    // A product below 1 of positive operands has the same floor as 0.
    if (rows.any_negative) {
      zeros = LaneZeros::kMasked;
    } else {
      packed.replace_zeros(static_cast<T>(0x1p-60));
    }
  }
  if constexpr (std::is_same_v<Sum, std::int32_t>) {
    if (in_order) {
      packed.for_each_sum(
          [&](std::size_t i, Sum& sum) { sum = static_cast<Sum>(sum_at(tile.accumulators, i)); });
      sum_floors_lower_or(product_, zeros, or_bits_, packed.work());
      packed.for_each_sum([&](std::size_t i, Sum sum) {
        set_sum(sign_extend(static_cast<std::uint32_t>(sum), accumulator_width_), tile.accumulators,
                i);
      });
      return true;
    }
  }
  sum_floors(product_, zeros, packed.work());
  add_sums(tile, [&](const auto& add) { packed.for_each_sum(add); });
  return true;
}

void WholeArithmetic::matmul_by_table(const MatmulTile& tile) const {
  const double sums = static_cast<double>(tile.k) * static_cast<double>(table_->greatest());
  if (!any_order<std::int32_t>(tile, sums)) return matmul_scalar(tile);
  thread_local std::vector<std::int32_t> terms;
  terms.assign(tile.m * tile.n, 0);
  table_->add(tile, terms.data());
  add_sums(tile, [&](const auto& add) {
    for (std::size_t i = 0; i < terms.size(); ++i) add(i, terms[i]);
  });
}

void WholeArithmetic::matmul_scalar(const MatmulTile& tile) const {
  const Rows<std::int32_t> rows(tile, code_bytes(), decoder_);
  for (std::size_t m = 0; m < tile.m; ++m) {
    const std::span row(rows.activations.data() + m * tile.k, tile.k);
    for (std::size_t n = 0; n < tile.n; ++n) {
      const std::size_t i = m * tile.n + n;
      set_sum(mac_->dot(row, rows.weights.data() + n * tile.k, tile.fold_rows,
                        sum_at(tile.accumulators, i)),
              tile.accumulators, i);
    }
  }
}

/// Sums modulo 2^32 of unsigned operands, or the units themselves on signed ones. Between the steps
/// bits above the accumulator's may be wrong: none of them reaches those below.
template <typename Operand, typename Sum>
class WholeArithmetic::Lanes final : public MacLanes {
 public:
  explicit Lanes(const WholeArithmetic& arithmetic) : arithmetic_(&arithmetic) {}
  std::size_t operand_bytes() const override { return sizeof(Operand); }
  std::size_t sum_bytes() const override { return sizeof(Sum); }
  void decode(const std::byte* codes, std::size_t count, std::byte* operands) const override {
    arithmetic_->decoder_(codes, count, reinterpret_cast<std::int32_t*>(operands), 1);
  }
  void step(const LaneStep& work) const override {
    if constexpr (std::is_same_v<Sum, std::uint32_t>) {
      const auto at = [](const std::byte* b) { return reinterpret_cast<const std::uint32_t*>(b); };
      step_lanes(work.count, at(work.sums), at(work.activations), at(work.weights),
                 reinterpret_cast<std::uint32_t*>(work.out));
    } else {
      arithmetic_->mac_->step(work);
    }
  }
  void merge(const std::byte* sum, std::byte* accumulator) const override {
    const std::int64_t total = arithmetic_->sum_at(accumulator, 0);
    arithmetic_->set_sum(arithmetic_->mac_->add(total, integer(sum)), accumulator, 0);
  }
  double operand_value(const std::byte* operand) const override {
    return load<std::int32_t>(operand);
  }
  double sum_value(const std::byte* sum) const override {
    return static_cast<double>(integer(sum));
  }

 private:
  static std::int64_t integer(const std::byte* sum) {
    if constexpr (std::is_same_v<Sum, std::uint32_t>) return load<std::int32_t>(sum);
    return load<std::int64_t>(sum);
  }
  const WholeArithmetic* arithmetic_;
};

std::unique_ptr<const MacLanes> WholeArithmetic::mac_lanes() const {
  if (way_ == Way::kModulo) return std::make_unique<Lanes<std::uint32_t, std::uint32_t>>(*this);
  return std::make_unique<Lanes<std::int32_t, std::int64_t>>(*this);
}

void WholeArithmetic::max(std::size_t count, const std::byte* other, std::byte* codes) const {
  for (std::size_t i = 0; i < count; ++i) {
    if (integer_at(other, i) > integer_at(codes, i)) set_code(code_at(other, i), codes, i);
  }
}

std::uint64_t WholeArithmetic::multiply(Code a, Code b) const {
  const auto product =
      static_cast<std::uint64_t>(mac_->multiply(codes_.integer(a), codes_.integer(b)));
  const int unused = 64 - product_bits();
  return product << unused >> unused;
}

Code WholeArithmetic::add_codes(Code a, Code b) const {
  const std::int64_t sum = std::int64_t{codes_.integer(a)} + codes_.integer(b);
  return codes_.code(std::clamp(sum, codes_.least(), codes_.most()));
}

void WholeArithmetic::relu_from(std::int64_t zero, std::size_t count, std::byte* codes) const {
  const std::int64_t floor = std::clamp(zero, codes_.least(), codes_.most());
  for (std::size_t i = 0; i < count; ++i) {
    if (integer_at(codes, i) < floor) set_code(codes_.code(floor), codes, i);
  }
}

}  // namespace systolog::models
