// SPDX-License-Identifier: Apache-2.0
#include "pe/stationary_pes.h"

#include <stdexcept>

namespace systolog::pe {

StationaryPes::StationaryPes(const ArrayConfig& array, const models::MacLanes& lanes, Stays stays)
    : rows_(array.rows),
      columns_(array.columns),
      lanes_(&lanes),
      stays_(stays),
      moving_(rows_, columns_, lanes.operand_bytes()),
      stationary_(rows_, columns_, lanes.operand_bytes()),
      valid_(rows_, columns_),
      enabled_(rows_, columns_),
      first_(rows_, columns_),
      fresh_(rows_, columns_),
      shifted_(1, columns_),
      stages_(array.pipeline_depth - 1, Stage{stationary_, stationary_, valid_, enabled_}),
      sum_(rows_, columns_, lanes.sum_bytes()),
      sum_valid_(rows_, columns_),
      zeros_(columns_ * lanes.sum_bytes()) {
  if (array.fold_overlap == FoldOverlap::kDoubleBuffered) shadow_ = stationary_;
}

void StationaryPes::clock(const Edge& edge) {
  moving_.shift_right(edge.moving.data());
  valid_.shift_right(edge.valid);
  enabled_.shift_right(edge.enabled);
  first_.shift_right(edge.first);
  if (shadow_) {
    for (std::size_t r = 0; r < rows_; ++r) {
      first_.for_each(r, [&](std::size_t c) { stationary_.copy_from(*shadow_, r, c); });
    }
  }
  if (stages_.empty()) {
    add_products(moving_, stationary_, valid_, enabled_);
  } else {
    Stage& stage = stages_[oldest_];
    add_products(stage.moving, stage.stationary, stage.valid, stage.enabled);
    stage.moving.copy(moving_);
    stage.stationary.copy(stationary_);
    stage.valid = valid_;
    stage.enabled = enabled_;
    oldest_ = (oldest_ + 1) % stages_.size();
  }
  load(edge);
}

void StationaryPes::add_products(const RegisterPlane& moving, const RegisterPlane& stationary,
                                 const BitPlane& valid, const BitPlane& enabled) {
  const bool weights_stay = stays_ == Stays::kWeights;
  const RegisterPlane& activations = weights_stay ? moving : stationary;
  const RegisterPlane& weights = weights_stay ? stationary : moving;
  // From the last row up, so that each row still finds the old sums of the one above.
  for (std::size_t r = rows_; r-- > 0;) {
    if (r > 0 && !valid.equals(r, sum_valid_, r - 1)) {
      throw std::logic_error("register array: a sum and its operand miss each other in row " +
                             std::to_string(r));
    }
    lanes_->step({.count = columns_,
                  .enabled = enabled.row(r),
                  .activations = activations.row(r),
                  .weights = weights.row(r),
                  .sums = r > 0 ? sum_.row(r - 1) : zeros_.data(),
                  .out = sum_.row(r)});
  }
  sum_valid_ = valid;
}

void StationaryPes::load(const Edge& edge) {
  RegisterPlane& chain = shadow_ ? *shadow_ : stationary_;
  const std::size_t bytes = lanes_->operand_bytes();
  if (!edge.load.any(0, columns_)) return;
  for (std::size_t r = rows_; r-- > 1;) {
    shifted_.assign_and(0, edge.load, 0, fresh_, r - 1);
    shifted_.for_each_run(0, [&](std::size_t first, std::size_t count) {
      std::memcpy(chain.at(r, first), chain.at(r - 1, first), count * bytes);
    });
    fresh_.assign_or(r, shifted_, 0);
  }
  edge.load.for_each_run(0, [&](std::size_t first, std::size_t count) {
    std::memcpy(chain.at(0, first), edge.loaded.data() + first * bytes, count * bytes);
  });
  fresh_.assign_or(0, edge.load, 0);
  // A column whose last row has got its operand is loaded.
  fresh_.for_each(rows_ - 1, [&](std::size_t c) {
    for (std::size_t r = 0; r < rows_; ++r) fresh_.set(r, c, false);
  });
}

bool StationaryPes::drained() const {
  for (std::size_t r = 0; r < rows_; ++r) {
    // What is in the last column or row goes no further.
    if (valid_.any(r, columns_ - 1) || (r + 1 < rows_ && sum_valid_.any(r, columns_))) return false;
    for (const Stage& stage : stages_) {
      if (stage.valid.any(r, columns_)) return false;
    }
  }
  return true;
}

void StationaryPes::add_probes(std::vector<Probe>& probes) const {
  for (std::size_t r = 0; r < rows_; ++r) {
    for (std::size_t c = 0; c < columns_; ++c) {
      const std::string pe = "pe_" + std::to_string(r) + "_" + std::to_string(c);
      const auto operand = [&](const std::string& name, const RegisterPlane& plane) {
        probes.push_back({pe, name, Probe::Kind::kReal,
                          [this, &plane, r, c] { return lanes_->operand_value(plane.at(r, c)); }});
      };
      probes.push_back(
          {pe, "valid", Probe::Kind::kBit, [this, r, c] { return valid_.at(r, c) ? 1.0 : 0.0; }});
      operand("moving", moving_);
      operand("stationary", stationary_);
      if (shadow_) operand("shadow", *shadow_);
      probes.push_back({pe, "sum_valid", Probe::Kind::kBit,
                        [this, r, c] { return sum_valid_.at(r, c) ? 1.0 : 0.0; }});
      probes.push_back({pe, "sum", Probe::Kind::kReal,
                        [this, r, c] { return lanes_->sum_value(sum_.at(r, c)); }});
    }
  }
}

}  // namespace systolog::pe
