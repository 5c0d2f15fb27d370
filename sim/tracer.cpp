// SPDX-License-Identifier: Apache-2.0
#include "sim/tracer.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "sim/program_text.h"

namespace systolog::sim {
namespace {

/// A counter has at most so many steps a batch: enough for a screen.
constexpr std::uint64_t kSteps = 2000;

/// A quantity that is spread over time, in steps of equal length.
class Histogram {
 public:
  Histogram(std::uint64_t length, std::uint64_t step)
      : step_(step), sums_(length / step + 1, 0.0) {}

  void add(std::uint64_t begin, std::uint64_t end, double amount) {
    if (end <= begin) return;
    const double rate = amount / static_cast<double>(end - begin);
    for (std::uint64_t at = begin; at < end;) {
      const std::uint64_t next = std::min(end, (at / step_ + 1) * step_);
      const std::size_t index = std::min<std::size_t>(at / step_, sums_.size() - 1);
      sums_[index] += rate * static_cast<double>(next - at);
      at = next;
    }
  }
  const std::vector<double>& sums() const { return sums_; }

 private:
  std::uint64_t step_;
  std::vector<double> sums_;
};

/// Of [begin_ps, end_ps), and 0 from there on.
void write_counter(TraceFile& file, std::string_view name, const Histogram& histogram,
                   std::uint64_t begin_ps, std::uint64_t end_ps, std::uint64_t step_ps,
                   double scale) {
  double before = -1;
  const auto& sums = histogram.sums();
  for (std::size_t i = 0; i < sums.size() && begin_ps + i * step_ps < end_ps; ++i) {
    const double value = sums[i] * scale;
    if (value != before) file.counter(name, begin_ps + i * step_ps, value);
    before = value;
  }
  file.counter(name, end_ps, 0.0);
}

}  // namespace

Tracer::Tracer(const std::filesystem::path& file, const Network& network,
               const AcceleratorConfig& config)
    : network_(network), config_(config), file_(file) {
  file_.name_process(network.name + " on " + config.name + ", " + network.plan);
  file_.name_track(kLoad, "DMA load");
  file_.name_track(kStore, "DMA store");
  file_.name_track(kArray, "array");
  file_.name_track(kVector, "vector unit");
  file_.name_track(kBus, "bus");
  const auto& device = config.dram.device;
  const int channels = device ? static_cast<int>(device->device.organisation.channels) : 1;
  for (int c = 0; c < channels; ++c) {
    file_.name_track(kDram + c,
                     channels == 1 ? "DRAM channel" : "DRAM channel " + std::to_string(c));
    channels_.push_back({kDram + c, {}});
  }
}

void Tracer::attach(Platform& platform) {
  platform.bus.observe([this](const memory::Occupancy& burst) { occupy(bus_, burst); });
  platform.dram.observe([this](const memory::DataBurst& data) {
    const memory::Occupancy burst{sc_core::sc_time::from_value(data.begin),
                                  sc_core::sc_time::from_value(data.end), data.write, data.bytes};
    occupy(channels_[data.channel], burst);
    // One entry a slice: the counter needs no more.
    auto& last = dram_bursts_;
    if (!last.empty() && last.back().end == burst.begin && last.back().write == burst.write) {
      last.back().end = burst.end;
      last.back().bytes += burst.bytes;
    } else {
      last.push_back(burst);
    }
  });
}

void Tracer::occupy(Busy& busy, const memory::Occupancy& next) {
  // A gap no longer than the burst behind it is of the DRAM's rules (nCCD_L): a slice each
  // would make the file several times as large.
  const bool joins = busy.now && busy.now->write == next.write &&
                     next.begin - busy.now->end <= next.end - next.begin;
  if (!joins) {
    flush(busy);
    busy.now = next;
  }
  busy.now->end = next.end;
  busy.bytes += next.bytes;
  ++busy.bursts;
}

// Writes that were still queued when the last batch ended have gone out since.
void Tracer::close() {
  for (Busy& channel : channels_) flush(channel);
  file_.close();
}

void Tracer::flush(Busy& busy) {
  if (!busy.now) return;
  file_.slice(busy.track, busy.now->begin.value(), busy.now->end.value(),
              busy.now->write ? "write" : "read", {{"bytes", busy.bytes}, {"bursts", busy.bursts}});
  busy.now.reset();
  busy.bytes = busy.bursts = 0;
}

Tracer::Track Tracer::track_of(Engine engine) {
  switch (engine) {
    case Engine::kLoad:
      return kLoad;
    case Engine::kStore:
      return kStore;
    case Engine::kArray:
      return kArray;
    case Engine::kVector:
      return kVector;
  }
  return kLoad;
}

void Tracer::batch(const Program& program, const std::vector<CommandProcessor::Span>& spans,
                   sc_core::sc_time begin, sc_core::sc_time clock_period) {
  flush(bus_);
  for (Busy& channel : channels_) flush(channel);
  const std::uint64_t begin_ps = begin.value(), period_ps = clock_period.value();
  for (std::size_t i = 0; i < spans.size(); ++i) {
    const Command& command = program.commands[i];
    Json arguments = {{"command", i},
                      {"batch", batches_},
                      {"cycles", spans[i].end - spans[i].start},
                      {"work", work_text(command)}};
    if (const auto* t = std::get_if<memory::Transfer>(&command.work)) {
      arguments["bytes"] = t->bytes();
    }
    if (const auto* m = std::get_if<pe::Matmul>(&command.work)) arguments["macs"] = m->macs();
    file_.slice(track_of(engine_of(command)), begin_ps + spans[i].start * period_ps,
                begin_ps + spans[i].end * period_ps, network_.layers[command.layer].name,
                arguments);
  }
  counters(program, spans, begin_ps, period_ps);
  dram_bursts_.clear();
  ++batches_;
}

void Tracer::counters(const Program& program, const std::vector<CommandProcessor::Span>& spans,
                      std::uint64_t begin_ps, std::uint64_t period_ps) {
  std::uint64_t cycles = 1;
  for (const auto& span : spans) cycles = std::max(cycles, span.end);
  const std::uint64_t step = (cycles + kSteps - 1) / kSteps, step_ps = step * period_ps;
  Histogram macs(cycles, step), read(cycles * period_ps, step_ps),
      written(cycles * period_ps, step_ps);
  for (std::size_t i = 0; i < spans.size(); ++i) {
    if (const auto* m = std::get_if<pe::Matmul>(&program.commands[i].work)) {
      macs.add(spans[i].start, spans[i].end, static_cast<double>(m->macs()));
    }
  }
  for (const memory::Occupancy& burst : dram_bursts_) {
    (burst.write ? written : read)
        .add(burst.begin.value() - begin_ps, burst.end.value() - begin_ps,
             static_cast<double>(burst.bytes));
  }
  const std::uint64_t end_ps = begin_ps + cycles * period_ps;
  const auto pes = static_cast<double>(config_.array.rows) * config_.array.columns;
  // Bytes in picoseconds are TB/s.
  const double gb_per_s = 1e3 / static_cast<double>(step_ps);
  write_counter(file_, "array utilisation %", macs, begin_ps, end_ps, step_ps,
                100.0 / (pes * static_cast<double>(step)));
  write_counter(file_, "DRAM read GB/s", read, begin_ps, end_ps, step_ps, gb_per_s);
  write_counter(file_, "DRAM write GB/s", written, begin_ps, end_ps, step_ps, gb_per_s);
}

}  // namespace systolog::sim
