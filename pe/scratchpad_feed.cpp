// SPDX-License-Identifier: Apache-2.0
#include "pe/scratchpad_feed.h"

#include <algorithm>

namespace systolog::pe {
namespace {

/// Where each lane's operands or sums lie in a matmul's tiles [B].
class LaneOffsets {
 public:
  LaneOffsets(const ArrayConfig& array, const Matmul& m, const FeedWidths& widths)
      : array_(array), m_(m), widths_(widths) {}

  /// As if the padding were there.
  std::vector<std::uint64_t> inputs() const {
    switch (array_.dataflow) {
      case Dataflow::kWeightStationary:
        return lanes(array_.rows, m_.k(), [&](auto k) { return tap(k); });
      case Dataflow::kOutputStationary:
        return lanes(array_.rows, m_.m(), [&](auto m) { return pixel(m); });
      case Dataflow::kInputStationary:
        return lanes(array_.columns, m_.m(), [&](auto m) { return pixel(m); });
    }
    return {};
  }
  /// Weights and sums of input-stationary folds. Those of the others are filters side by side:
  /// consecutive words meet in no bank.
  std::vector<std::uint64_t> weights() const {
    return lanes(array_.rows, m_.k(), [&](auto k) { return k * m_.n() * widths_.weight / 8; });
  }
  std::vector<std::uint64_t> sums() const {
    return lanes(array_.columns, m_.m(), [&](auto m) { return m * m_.filters * widths_.sum / 8; });
  }

 private:
  template <typename Offset>
  static std::vector<std::uint64_t> lanes(std::uint64_t edge, std::uint64_t extent,
                                          const Offset& offset) {
    std::vector<std::uint64_t> list(std::min(edge, extent));
    for (std::uint64_t lane = 0; lane < list.size(); ++lane) list[lane] = offset(lane);
    return list;
  }

  std::uint64_t at(std::uint64_t image, std::uint64_t row, std::uint64_t column) const {
    return ((image * m_.rows + row) * m_.columns + column) *
           models::bytes_of(m_.channels, widths_.input);
  }
  std::uint64_t tap(std::uint64_t k) const {
    const std::uint64_t depth = m_.channels / m_.groups;
    return at(0, k / depth / m_.kernel_columns * m_.dilation_rows,
              k / depth % m_.kernel_columns * m_.dilation_columns) +
           k % depth * widths_.input / 8;
  }
  std::uint64_t pixel(std::uint64_t m) const {
    return at(m / m_.out_columns / m_.out_rows, m / m_.out_columns % m_.out_rows * m_.stride_rows,
              m % m_.out_columns * m_.stride_columns);
  }

  const ArrayConfig& array_;
  const Matmul& m_;
  FeedWidths widths_;
};

}  // namespace

FeedWidths widths_of(const Matmul& m, const models::Arithmetic& a) {
  return {m.input_width(a), m.weight_width(a),
          static_cast<std::uint32_t>(8 * a.accumulator_bytes())};
}

FeedBytes feed_bytes(const ArrayCounts& c, const FeedWidths& widths) {
  return {models::bytes_of(c.input_reads, widths.input),
          models::bytes_of(c.weight_reads, widths.weight),
          models::bytes_of(c.output_reads, widths.sum),
          models::bytes_of(c.output_writes, widths.sum)};
}

BankLoad bank_load(const std::vector<std::uint64_t>& lanes, std::uint64_t bytes,
                   const PortConfig& scratchpad) {
  std::vector<std::uint64_t> words;
  for (const std::uint64_t begin : lanes) {
    for (std::uint64_t w = begin / scratchpad.width_bytes;
         w <= (begin + bytes - 1) / scratchpad.width_bytes; ++w) {
      words.push_back(w);
    }
  }
  std::sort(words.begin(), words.end());
  words.erase(std::unique(words.begin(), words.end()), words.end());  // one read serves its lanes
  std::vector<std::uint64_t> load(scratchpad.banks);
  for (const std::uint64_t w : words) ++load[w % scratchpad.banks];
  return {*std::max_element(load.begin(), load.end()), ceil_div(words.size(), scratchpad.banks)};
}

FeedConflicts feed_conflicts(const ArrayConfig& array, const Matmul& matmul,
                             const models::Arithmetic& arithmetic, const FeedRates& rates) {
  const FeedWidths widths = widths_of(matmul, arithmetic);
  const LaneOffsets offsets(array, matmul, widths);
  const auto bytes = [](std::uint32_t width) { return models::bytes_of(1, width); };
  // Where there is one bank, every word is in it.
  const auto has_banks = [](const PortConfig& p) { return p.width_bytes > 0 && p.banks > 1; };
  FeedConflicts c;
  if (has_banks(rates.input)) {
    c.input = bank_load(offsets.inputs(), bytes(widths.input), rates.input);
  }
  if (array.dataflow != Dataflow::kInputStationary) return c;
  if (has_banks(rates.weight)) {
    c.weight = bank_load(offsets.weights(), bytes(widths.weight), rates.weight);
  }
  if (has_banks(rates.output)) {
    c.sums = bank_load(offsets.sums(), bytes(widths.sum), rates.output);
  }
  return c;
}

Cycles feed_cycles(const FeedBytes& bytes, const FeedRates& rates, const FeedConflicts& c) {
  const auto stream = [](std::uint64_t count, const PortConfig& p, const BankLoad& load) {
    return ceil_div(p.words(count) * load.heaviest, p.banks * load.least);
  };
  const auto shared = [](std::uint64_t words, const PortConfig& p) {
    return ceil_div(words, std::uint64_t{p.banks} * p.ports);
  };
  const PortConfig &in = rates.input, &weight = rates.weight, &out = rates.output;
  const Cycles streams =
      std::max({stream(bytes.input, in, c.input), stream(bytes.weight, weight, c.weight),
                stream(bytes.output_read, out, c.sums), stream(bytes.output_written, out, c.sums)});
  const std::uint64_t out_words = out.words(bytes.output_read) + out.words(bytes.output_written);
  if (rates.unified) {
    return std::max(streams,
                    shared(in.words(bytes.input) + weight.words(bytes.weight) + out_words, out));
  }
  return std::max({streams, shared(in.words(bytes.input), in),
                   shared(weight.words(bytes.weight), weight), shared(out_words, out)});
}

}  // namespace systolog::pe
