// SPDX-License-Identifier: Apache-2.0
#include "pe/accumulating_pes.h"

#include <cstring>
#include <stdexcept>

namespace systolog::pe {

AccumulatingPes::AccumulatingPes(const ArrayConfig& array, const models::MacLanes& lanes)
    : rows_(array.rows),
      columns_(array.columns),
      lanes_(&lanes),
      taken_{RegisterPlane(rows_, columns_, lanes.operand_bytes()),
             RegisterPlane(rows_, columns_, lanes.operand_bytes()),
             BitPlane(rows_, columns_),
             BitPlane(rows_, columns_),
             BitPlane(rows_, columns_),
             BitPlane(rows_, columns_)},
      weight_valid_(rows_, columns_),
      stages_(array.pipeline_depth - 1, taken_),
      sum_(rows_, columns_, lanes.sum_bytes()),
      full_(rows_, columns_),
      tail_(rows_, columns_),
      shifting_(rows_, columns_),
      left_bits_(1, columns_),
      left_results_(1, columns_, lanes.sum_bytes()) {
  if (array.fold_overlap == FoldOverlap::kDoubleBuffered) result_ = sum_;
}

void AccumulatingPes::clock(const Edge& edge) {
  shift_results();
  taken_.activation.shift_right(edge.activations.data());
  taken_.weight.shift_down(edge.weights.data());
  taken_.valid.shift_right(edge.valid);
  taken_.enabled.shift_right(edge.enabled);
  taken_.first.shift_right(edge.first);
  taken_.last.shift_right(edge.last);
  weight_valid_.shift_down(edge.weight_valid);
  for (std::size_t r = 0; r < rows_; ++r) {
    if (!taken_.valid.equals(r, weight_valid_, r)) {
      throw std::logic_error("register array: an activation and a weight miss each other in row " +
                             std::to_string(r));
    }
  }
  if (stages_.empty()) {
    add_products(taken_);
  } else {
    add_products(stages_[oldest_]);
    stages_[oldest_].activation.copy(taken_.activation);
    stages_[oldest_].weight.copy(taken_.weight);
    stages_[oldest_].valid = taken_.valid;
    stages_[oldest_].enabled = taken_.enabled;
    stages_[oldest_].first = taken_.first;
    stages_[oldest_].last = taken_.last;
    oldest_ = (oldest_ + 1) % stages_.size();
  }
}

void AccumulatingPes::add_products(const Stage& stage) {
  for (std::size_t r = 0; r < rows_; ++r) {
    stage.first.for_each(
        r, [&](std::size_t c) { std::memset(sum_.at(r, c), 0, lanes_->sum_bytes()); });
    lanes_->step({.count = columns_,
                  .enabled = stage.enabled.row(r),
                  .activations = stage.activation.row(r),
                  .weights = stage.weight.row(r),
                  .sums = sum_.row(r),
                  .out = sum_.row(r)});
    stage.last.for_each(r, [&](std::size_t c) { finish(r, c); });
  }
}

void AccumulatingPes::finish(std::size_t row, std::size_t column) {
  if (full_.at(row, column)) {
    throw std::logic_error("register array: a result of row " + std::to_string(row) + " is lost");
  }
  if (result_) result_->copy_from(sum_, row, column);
  full_.set(row, column, true);
  tail_.set(row, column, row == 0);
  if (row + 1 == rows_) {
    for (std::size_t r = 0; r < rows_; ++r) shifting_.set(r, column, true);
  }
}

void AccumulatingPes::shift_results() {
  left_bits_ = BitPlane(1, columns_);
  RegisterPlane& chain = results();
  // From the last row up, so that each row finds the one below handed on.
  for (std::size_t r = rows_; r-- > 0;) {
    shifting_.for_each(r, [&](std::size_t c) {
      if (r + 1 == rows_) {
        left_bits_.set(0, c, full_.at(r, c));
        std::memcpy(left_results_.at(0, c), chain.at(r, c), lanes_->sum_bytes());
      } else {
        if (full_.at(r + 1, c)) {
          throw std::logic_error("register array: a result of row " + std::to_string(r + 1) +
                                 " is run over");
        }
        std::memcpy(chain.at(r + 1, c), chain.at(r, c), lanes_->sum_bytes());
        full_.set(r + 1, c, full_.at(r, c));
        tail_.set(r + 1, c, tail_.at(r, c));
      }
      if (tail_.at(r, c)) shifting_.set(r, c, false);
      full_.set(r, c, false);
      tail_.set(r, c, false);
    });
  }
}

bool AccumulatingPes::drained() const {
  for (std::size_t r = 0; r < rows_; ++r) {
    // An activation in the last column, a weight in the last row, go no further.
    if (taken_.valid.any(r, columns_ - 1) || full_.any(r, columns_)) return false;
    if (r + 1 < rows_ && weight_valid_.any(r, columns_)) return false;
    for (const Stage& stage : stages_) {
      if (stage.valid.any(r, columns_)) return false;
    }
  }
  return true;
}

void AccumulatingPes::add_probes(std::vector<Probe>& probes) const {
  for (std::size_t r = 0; r < rows_; ++r) {
    for (std::size_t c = 0; c < columns_; ++c) {
      const std::string pe = "pe_" + std::to_string(r) + "_" + std::to_string(c);
      const auto bit = [&](const std::string& name, const BitPlane& plane) {
        probes.push_back(
            {pe, name, Probe::Kind::kBit, [&plane, r, c] { return plane.at(r, c) ? 1.0 : 0.0; }});
      };
      const auto operand = [&](const std::string& name, const RegisterPlane& plane) {
        probes.push_back({pe, name, Probe::Kind::kReal,
                          [this, &plane, r, c] { return lanes_->operand_value(plane.at(r, c)); }});
      };
      const auto sum = [&](const std::string& name, const RegisterPlane& plane) {
        probes.push_back({pe, name, Probe::Kind::kReal,
                          [this, &plane, r, c] { return lanes_->sum_value(plane.at(r, c)); }});
      };
      bit("valid", taken_.valid);
      operand("activation", taken_.activation);
      operand("weight", taken_.weight);
      sum("sum", sum_);
      if (result_) sum("result", *result_);
      bit("result_full", full_);
    }
  }
}

}  // namespace systolog::pe
