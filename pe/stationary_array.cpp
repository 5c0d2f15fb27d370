// SPDX-License-Identifier: Apache-2.0
// The register-true array of the weight- and input-stationary dataflows.
#include "pe/array_feed.h"
#include "pe/register_array.h"
#include "pe/stationary_pes.h"

namespace systolog::pe {
namespace {

class StationaryArray final : public RegisterArray {
 public:
  StationaryArray(const ArrayConfig& config, const models::Arithmetic& arithmetic)
      : config_(config),
        arithmetic_(&arithmetic),
        lanes_(arithmetic.mac_lanes()),
        weights_stay_(config.dataflow == Dataflow::kWeightStationary),
        pes_(config, *lanes_,
             weights_stay_ ? StationaryPes::Stays::kWeights : StationaryPes::Stays::kActivations),
        edge_(config, lanes_->operand_bytes()),
        streamed_(config.rows),
        loaded_(config.columns),
        collector_(arithmetic, *lanes_) {}

  void start(const Matmul& command, std::span<const std::byte> input,
             std::span<const std::byte> weights, std::span<std::byte> accumulators) override {
    ArrayOperands operands(command, *arithmetic_, *lanes_, input, weights);
    // Streamed operands [group, time, K], stationary ones [group, K, column].
    if (weights_stay_) {
      stream_ = std::move(operands.activations);
      stay_ = std::move(operands.weights);
    } else {
      stream_ = std::move(operands.weights).transposed();
      stay_ = std::move(operands.activations).transposed();
    }
    const Gemm gemm = command.gemm();
    folds_ = FoldOrder(config_, policy_of(config_.dataflow).mapping(gemm), gemm.groups);
    collector_.start(command, folds_, config_.columns, accumulators);
    streaming_ = loading_ = {};
  }

  bool done() const override { return streaming_.fold == folds_.count() && pes_.drained(); }

  void clock() override {
    const bool streams = may_stream();
    // A fold's load may begin in the cycle in which the one before begins to stream, as the first
    // row swaps before it shifts.
    const bool loads = may_load(streams);
    push_stream(streams);
    push_load(loads);
    feed_rows();
    feed_columns();
    pes_.clock(edge_);
    collect();
  }

  std::vector<Probe> probes() const override {
    std::vector<Probe> probes;
    pes_.add_probes(probes);
    return probes;
  }

 private:
  /// Next thing a feeder sends: position `position` of fold `fold`.
  struct Cursor {
    std::uint64_t fold = 0, position = 0;
    void advance(std::uint64_t length) {
      if (++position < length) return;
      position = 0;
      ++fold;
    }
  };
  /// What row 0 (or column 0) is sent in one cycle; the next ones a cycle later each.
  struct Token {
    bool valid = false, first = false;
    const std::byte* operands = nullptr;  // of row 0 or column 0
    std::size_t count = 0;                // rows or columns with work
  };

  /// A fold streams when its operands have been loaded, and the left edge is free.
  bool may_stream() const {
    if (streaming_.fold == folds_.count()) return false;
    return streaming_.position > 0 || loading_.fold > streaming_.fold;
  }
  bool may_load(bool streams) const {
    if (loading_.fold == folds_.count()) return false;
    if (loading_.position > 0) return true;
    if (config_.fold_overlap == FoldOverlap::kNone) {
      return streaming_.fold == loading_.fold && pes_.drained();
    }
    // The shadows are free once the fold before has begun to stream.
    const bool begun = streaming_.fold + 1 == loading_.fold && (streaming_.position > 0 || streams);
    return begun || streaming_.fold == loading_.fold;
  }

  void push_stream(bool streams) {
    Token token;
    if (streams) {
      const FoldBlock b = folds_.at(streaming_.fold);
      token = {true, streaming_.position == 0,
               stream_.at(b.group, streaming_.position, b.first_row), b.rows};
      streaming_.advance(folds_.time());
    }
    streamed_.push(token);
  }
  void push_load(bool loads) {
    Token token;
    if (loads) {
      const FoldBlock b = folds_.at(loading_.fold);
      const std::uint64_t row = config_.rows - 1 - loading_.position;  // the last row's first
      token.valid = true;
      if (row < b.rows) {
        token.operands = stay_.at(b.group, b.first_row + row, b.first_column);
        token.count = b.columns;
      }
      loading_.advance(config_.rows);
    }
    loaded_.push(token);
  }

  void feed_rows() {
    for (std::size_t r = 0; r < config_.rows; ++r) {
      const Token& t = streamed_[r];
      const bool enabled = r < t.count;
      put_operand(edge_.moving, r, enabled ? t.operands + r * stream_.column_bytes : nullptr,
                  lanes_->operand_bytes());
      edge_.valid.set(0, r, t.valid);
      edge_.enabled.set(0, r, enabled);
      edge_.first.set(0, r, t.first);
    }
  }
  void feed_columns() {
    for (std::size_t c = 0; c < config_.columns; ++c) {
      const Token& t = loaded_[c];
      edge_.load.set(0, c, t.valid);
      if (!t.valid) continue;
      put_operand(edge_.loaded, c, c < t.count ? t.operands + c * stay_.column_bytes : nullptr,
                  lanes_->operand_bytes());
    }
  }

  void collect() {
    pes_.finished().for_each(config_.rows - 1, [&](std::size_t c) {
      collector_.take(
          c, pes_.sum(c), folds_.time(),
          [&](const FoldBlock& b, std::uint64_t time) -> std::optional<Collector::Place> {
            if (c >= b.columns) return std::nullopt;
            const std::uint64_t column = b.first_column + c;
            if (weights_stay_) return Collector::Place{time, column};
            return Collector::Place{column, time};
          });
    });
  }

  ArrayConfig config_;
  const models::Arithmetic* arithmetic_;
  std::unique_ptr<const models::MacLanes> lanes_;
  bool weights_stay_;
  StationaryPes pes_;
  StationaryPes::Edge edge_;
  SkewLine<Token> streamed_, loaded_;
  Collector collector_;
  // Of the command.
  OperandMatrix stream_, stay_;
  FoldOrder folds_;
  Cursor streaming_, loading_;
};

}  // namespace

std::unique_ptr<RegisterArray> make_stationary_array(const ArrayConfig& config,
                                                     const models::Arithmetic& arithmetic) {
  return std::make_unique<StationaryArray>(config, arithmetic);
}

}  // namespace systolog::pe
