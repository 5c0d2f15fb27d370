// SPDX-License-Identifier: Apache-2.0
// The register-true array of the output-stationary dataflow; the factory of all.
#include "pe/accumulating_pes.h"
#include "pe/array_feed.h"
#include "pe/register_array.h"

namespace systolog::pe {
namespace {

class AccumulatingArray final : public RegisterArray {
 public:
  AccumulatingArray(const ArrayConfig& config, const models::Arithmetic& arithmetic)
      : config_(config),
        arithmetic_(&arithmetic),
        lanes_(arithmetic.mac_lanes()),
        pes_(config, *lanes_),
        edge_(config, lanes_->operand_bytes()),
        sent_(std::max(config.rows, config.columns)),
        collector_(arithmetic, *lanes_) {}

  void start(const Matmul& command, std::span<const std::byte> input,
             std::span<const std::byte> weights, std::span<std::byte> accumulators) override {
    ArrayOperands operands(command, *arithmetic_, *lanes_, input, weights);
    activations_ = std::move(operands.activations);
    weights_ = std::move(operands.weights);
    const Gemm gemm = command.gemm();
    folds_ = FoldOrder(config_, output_stationary().mapping(gemm), gemm.groups);
    collector_.start(command, folds_, config_.columns, accumulators);
    fold_ = k_ = 0;
    cycles_since_start_ = config_.rows;
  }

  bool done() const override { return fold_ == folds_.count() && pes_.drained(); }

  void clock() override {
    push();
    feed();
    pes_.clock(edge_);
    collect();
  }

  std::vector<Probe> probes() const override {
    std::vector<Probe> probes;
    pes_.add_probes(probes);
    return probes;
  }

 private:
  /// What row 0 and column 0 are sent in one cycle; the next ones a cycle later each.
  struct Token {
    bool valid = false, first = false, last = false;
    const std::byte *activations = nullptr, *weights = nullptr;  // of row 0, of column 0
    std::size_t rows = 0, columns = 0;                           // with work
  };

  /// A fold starts when the edges are free, and, as a column takes R cycles to shift its results
  /// out, R cycles after the one before.
  bool may_send() const {
    if (fold_ == folds_.count()) return false;
    if (k_ > 0) return true;
    return config_.fold_overlap == FoldOverlap::kNone ? pes_.drained()
                                                      : cycles_since_start_ >= config_.rows;
  }

  void push() {
    Token token;
    if (may_send()) {
      if (k_ == 0) cycles_since_start_ = 0;
      const FoldBlock b = folds_.at(fold_);
      token = {true,
               k_ == 0,
               k_ + 1 == folds_.time(),
               activations_.at(b.group, b.first_row, k_),
               weights_.at(b.group, k_, b.first_column),
               b.rows,
               b.columns};
      if (++k_ == folds_.time()) {
        k_ = 0;
        ++fold_;
      }
    }
    ++cycles_since_start_;
    sent_.push(token);
  }

  void feed() {
    const std::size_t bytes = lanes_->operand_bytes();
    for (std::size_t r = 0; r < config_.rows; ++r) {
      const Token& t = sent_[r];
      const bool enabled = r < t.rows;
      put_operand(edge_.activations, r,
                  enabled ? t.activations + r * activations_.row_bytes : nullptr, bytes);
      edge_.valid.set(0, r, t.valid);
      edge_.enabled.set(0, r, enabled);
      edge_.first.set(0, r, t.first);
      edge_.last.set(0, r, t.last);
    }
    for (std::size_t c = 0; c < config_.columns; ++c) {
      const Token& t = sent_[c];
      put_operand(edge_.weights, c, c < t.columns ? t.weights + c * weights_.column_bytes : nullptr,
                  bytes);
      edge_.weight_valid.set(0, c, t.valid);
    }
  }

  void collect() {
    pes_.left().for_each(0, [&](std::size_t c) {
      collector_.take(c, pes_.result(c), config_.rows,
                      [&](const FoldBlock& b, std::uint64_t i) -> std::optional<Collector::Place> {
                        const std::uint64_t row = config_.rows - 1 - i;  // the last row's first
                        if (row >= b.rows || c >= b.columns) return std::nullopt;
                        return Collector::Place{b.first_row + row, b.first_column + c};
                      });
    });
  }

  ArrayConfig config_;
  const models::Arithmetic* arithmetic_;
  std::unique_ptr<const models::MacLanes> lanes_;
  AccumulatingPes pes_;
  AccumulatingPes::Edge edge_;
  SkewLine<Token> sent_;
  Collector collector_;
  std::uint64_t cycles_since_start_ = 0;  // of the fold that was sent last
  // Of the command.
  OperandMatrix activations_, weights_;
  FoldOrder folds_;
  std::uint64_t fold_ = 0, k_ = 0;  // sent next
};

}  // namespace

std::unique_ptr<RegisterArray> make_accumulating_array(const ArrayConfig& config,
                                                       const models::Arithmetic& arithmetic) {
  return std::make_unique<AccumulatingArray>(config, arithmetic);
}

std::unique_ptr<RegisterArray> make_register_array(const ArrayConfig& config,
                                                   const models::Arithmetic& arithmetic) {
  return config.dataflow == Dataflow::kOutputStationary
             ? make_accumulating_array(config, arithmetic)
             : make_stationary_array(config, arithmetic);
}

}  // namespace systolog::pe
