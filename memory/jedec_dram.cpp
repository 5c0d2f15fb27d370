// SPDX-License-Identifier: Apache-2.0
#include "memory/jedec_dram.h"

#include <algorithm>

namespace systolog::memory {
namespace {

using dram::Cycle;
using dram::Kind;

// A request's tag: its stream, whether it writes, and of a read its place in the list.
constexpr int kStreamShift = 32;
constexpr std::uint64_t kWrite = std::uint64_t{1} << 31;

std::uint64_t tag_of(std::uint32_t stream, std::uint64_t rest) {
  return std::uint64_t{stream} << kStreamShift | rest;
}

}  // namespace

JedecDram::JedecDram(const dram::Device& device, OnDone on_done)
    : device_(device),
      on_done_(std::move(on_done)),
      channels_(device, [this](std::uint64_t tag, Cycle cycle) { done(tag, cycle); }) {
  channels_.on_command([this](std::uint32_t channel, const dram::Controller::Issued& issued) {
    count(channel, issued);
  });
}

Picoseconds JedecDram::time_of(Cycle cycle) const {
  return static_cast<Picoseconds>(static_cast<double>(cycle) * device_.timing.tck_ps + 0.5);
}

Cycle JedecDram::cycle_at(Picoseconds time) const {
  auto cycle = static_cast<Cycle>(static_cast<double>(time) / device_.timing.tck_ps);
  if (cycle > 0 && time_of(cycle - 1) >= time) --cycle;  // the division may have rounded up
  while (time_of(cycle) < time) ++cycle;
  return cycle;
}

std::uint32_t JedecDram::new_read(std::uint64_t id, std::uint32_t left) {
  if (free_.empty()) {
    free_.push_back(static_cast<std::uint32_t>(reads_.size()));
    reads_.emplace_back();
  }
  const std::uint32_t slot = free_.back();
  free_.pop_back();
  reads_[slot] = {id, left, 0};
  return slot;
}

void JedecDram::arrive(const DramBurst& burst, Picoseconds at) {
  if (burst.stream >= streams_.size()) streams_.resize(burst.stream + 1);
  const std::uint64_t size = device_.organisation.burst_bytes();
  const std::uint64_t first = burst.address / size, last = (burst.address + burst.bytes - 1) / size;
  const auto count = static_cast<std::uint32_t>(last - first + 1);
  const Kind kind = burst.write ? Kind::kWrite : Kind::kRead;
  const std::uint64_t tag = tag_of(burst.stream, burst.write ? kWrite : new_read(burst.id, count));
  Cycle now = cycle_at(at);
  for (std::uint64_t piece = first; piece <= last; ++piece) {
    const dram::Location location = channels_.locate(piece * size);
    now = channels_.make_room(kind, location, now);
    channels_.submit(kind, location, tag, now);
  }
  if (burst.write) on_done_(burst.id, std::max(at, time_of(now)));
}

void JedecDram::done(std::uint64_t tag, Cycle cycle) {
  if ((tag & kWrite) != 0) {  // answered when it was queued
    last_write_ = std::max(last_write_, cycle);
    return;
  }
  const auto slot = static_cast<std::uint32_t>(tag & (kWrite - 1));
  Read& read = reads_[slot];
  read.last = std::max(read.last, cycle);
  if (--read.left > 0) return;
  free_.push_back(slot);
  const Picoseconds when = time_of(read.last);
  until_ = std::min(until_, when);
  on_done_(read.id, when);
}

void JedecDram::count(std::uint32_t channel, const dram::Controller::Issued& issued) {
  if (issued.tag == dram::Controller::kNoTag) return;
  DramCommands& stream = streams_[issued.tag >> kStreamShift];
  const dram::Timing& t = device_.timing;
  switch (issued.command) {
    case dram::Command::kActivate:
      ++stream.activates;
      return;
    case dram::Command::kRead:
      ++stream.reads;
      break;
    case dram::Command::kWrite:
      ++stream.writes;
      break;
    default:
      return;
  }
  if (!on_data_) return;
  const bool write = issued.command == dram::Command::kWrite;
  const Cycle begin = issued.cycle + (write ? t.ncwl : t.ncl);
  on_data_(
      {channel, time_of(begin), time_of(begin + t.nbl), write, device_.organisation.burst_bytes()});
}

Picoseconds JedecDram::next() {
  const Cycle cycle = channels_.next_cycle();
  // A burst may still come in that very cycle, and the controller looks at it first.
  return cycle == dram::Channels::kNever ? kNever : time_of(cycle) + 1;
}

void JedecDram::advance(Picoseconds until) {
  until_ = until;
  for (Cycle cycle = channels_.next_cycle();
       cycle != dram::Channels::kNever && time_of(cycle) < until_; cycle = channels_.next_cycle()) {
    channels_.issue();
  }
  until_ = kNever;
}

std::optional<DramUse> JedecDram::finish(Picoseconds now) {
  channels_.finish(cycle_at(now));
  channels_.finish(last_write_);  // its data come behind its command
  return DramUse{channels_.counts(), channels_.end(), streams_, time_of(last_write_)};
}

}  // namespace systolog::memory
