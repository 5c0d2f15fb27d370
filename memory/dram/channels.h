// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "memory/dram/address_map.h"
#include "memory/dram/controller.h"
#include "memory/dram/device.h"

namespace systolog::memory::dram {

/// A device's channels, a controller each, behind one port that takes bursts in order: one that
/// waits for room in a queue holds up those behind it.
class Channels {
 public:
  static constexpr Cycle kNever = Controller::kNever;
  using OnCommand = std::function<void(std::uint32_t channel, const Controller::Issued&)>;

  Channels(const Device& device, const Controller::OnDone& on_done);
  void on_command(const OnCommand& observer);

  /// `address` must be below the device's capacity.
  Location locate(std::uint64_t address) const { return map_.locate(address); }

  /// The first cycle, not before `earliest` nor before an earlier burst's, in which the burst's
  /// queue has room; issues the commands of its channel up to there. submit() must follow.
  Cycle make_room(Kind kind, const Location& location, Cycle earliest);
  void submit(Kind kind, const Location& location, std::uint64_t tag, Cycle now) {
    channels_[location.channel]->submit(kind, location, tag, now);
  }

  /// The cycle of the next command of all channels, kNever while no burst waits.
  Cycle next_cycle();
  /// Issues that command.
  void issue();
  /// Issues all commands that bursts wait for, then refreshes until `now` or the last of those.
  void finish(Cycle now);

  /// Of all channels, after finish(): its commands, and cycles with a bank open until then.
  const Counts& counts() const { return counts_; }
  /// When finish() ended.
  Cycle end() const { return end_; }

 private:
  AddressMap map_;
  std::vector<std::unique_ptr<Controller>> channels_;
  std::size_t next_ = 0;  // the channel of next_cycle()
  Cycle accepted_ = 0;    // when the last burst was queued
  Counts counts_;
  Cycle end_ = 0;
};

}  // namespace systolog::memory::dram
