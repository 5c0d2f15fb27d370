// SPDX-License-Identifier: Apache-2.0
#include "memory/dram/channels.h"

#include <algorithm>

namespace systolog::memory::dram {

Channels::Channels(const Device& device, const Controller::OnDone& on_done)
    : map_(device.policy.mapping, device.organisation) {
  for (std::uint32_t c = 0; c < device.organisation.channels; ++c) {
    channels_.push_back(std::make_unique<Controller>(device, on_done));
  }
}

void Channels::on_command(const OnCommand& observer) {
  for (std::uint32_t c = 0; c < channels_.size(); ++c) {
    channels_[c]->on_command(
        [observer, c](const Controller::Issued& issued) { observer(c, issued); });
  }
}

Cycle Channels::make_room(Kind kind, const Location& location, Cycle earliest) {
  Controller& channel = *channels_[location.channel];
  accepted_ = std::max(accepted_, earliest);
  while (channel.next_cycle() < accepted_) channel.issue();
  while (channel.full(kind)) {
    accepted_ = channel.next_cycle();
    channel.issue();
  }
  return accepted_;
}

Cycle Channels::next_cycle() {
  Cycle first = kNever;
  for (std::size_t c = 0; c < channels_.size(); ++c) {
    const Cycle cycle = channels_[c]->next_cycle();
    if (cycle >= first) continue;
    first = cycle;
    next_ = c;
  }
  return first;
}

void Channels::issue() { channels_[next_]->issue(); }

void Channels::finish(Cycle now) {
  end_ = std::max(end_, now);
  for (auto& channel : channels_) {
    while (!channel->idle()) {
      end_ = std::max(end_, channel->next_cycle());
      channel->issue();
    }
  }
  counts_ = {};
  for (auto& channel : channels_) {
    channel->finish(end_);
    counts_ += channel->counts(end_);
  }
}

}  // namespace systolog::memory::dram
