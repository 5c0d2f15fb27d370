// SPDX-License-Identifier: Apache-2.0
#include "tests/memory/dram/plain_controller.h"

#include <algorithm>

namespace systolog::memory::dram::test {

PlainController::PlainController(const Device& device)
    : device_(device),
      map_(device.policy.mapping, device.organisation),
      rules_(device),
      open_(device.organisation.ranks * device.organisation.bank_groups * device.organisation.banks,
            -1) {
  for (Cycle rank = 1; rank <= device.organisation.ranks; ++rank) {
    due_.push_back(device.timing.nrefi * rank / device.organisation.ranks);
  }
}

std::size_t PlainController::count(Kind kind) const {
  return static_cast<std::size_t>(std::count_if(pending_.begin(), pending_.end(),
                                                [&](const Pending& p) { return p.kind == kind; }));
}

bool PlainController::hits(const Pending& p) const { return open_[p.where.bank] == p.where.row; }

bool PlainController::accept(const TraceRequest& request, std::size_t index, Cycle now) {
  const bool reading = request.kind == Kind::kRead;
  if (count(request.kind) == (reading ? device_.policy.read_queue : device_.policy.write_queue)) {
    return false;
  }
  const Location where = map_.locate(request.address);
  for (const Pending& p : pending_) {
    if (reading && p.kind == Kind::kWrite && p.where.bank == where.bank &&
        p.where.row == where.row && p.where.column == where.column) {
      answered_ = std::max(answered_, now) + device_.timing.nbl;
      log_.done[index] = answered_;
      return true;
    }
  }
  pending_.push_back({index, where, request.kind});
  return true;
}

bool PlainController::issue(Command command, std::uint32_t bank, Cycle now, bool auto_precharge) {
  if (!rules_.allowed(command, bank, now)) return false;
  rules_.issue(command, bank, now, auto_precharge);
  log_.commands.push_back({command, bank, now});
  return true;
}

bool PlainController::step_refresh(Cycle now) {
  const std::uint32_t banks = device_.organisation.bank_groups * device_.organisation.banks;
  for (std::uint32_t rank = 0; rank < due_.size(); ++rank) {
    if (!device_.policy.refresh || due_[rank] > now) continue;
    bool all_closed = true;
    for (std::uint32_t b = rank * banks; b < (rank + 1) * banks; ++b) {
      if (open_[b] < 0) continue;
      all_closed = false;
      if (issue(Command::kPrecharge, b, now)) {
        open_[b] = -1;
        return true;
      }
    }
    if (all_closed && issue(Command::kRefresh, rank * banks, now)) {
      due_[rank] += device_.timing.nrefi;
      return true;
    }
  }
  return false;
}

void PlainController::step(Cycle now) {
  const std::size_t reads = count(Kind::kRead), writes = count(Kind::kWrite);
  const auto& policy = device_.policy;
  const bool drain = draining_ ? (reads == 0 ? writes > 0 : writes > policy.write_low)
                               : writes >= policy.write_high || (reads == 0 && writes > 0);
  if (step_refresh(now)) {
    draining_ = reads + writes == 0 ? false : drain;
    return;
  }
  const Kind kind = drain ? Kind::kWrite : Kind::kRead;
  const std::uint32_t banks = device_.organisation.bank_groups * device_.organisation.banks;
  auto may = [&](const Pending& p) {
    return p.kind == kind && (!policy.refresh || due_[p.where.bank / banks] > now);
  };
  for (auto p = pending_.begin(); p != pending_.end(); ++p) {  // column commands, oldest first
    const Command column = drain ? Command::kWrite : Command::kRead;
    if (!may(*p) || !hits(*p) || !rules_.allowed(column, p->where.bank, now)) continue;
    const Pending served = *p;
    pending_.erase(p);
    const bool others = std::any_of(pending_.begin(), pending_.end(), [&](const Pending& q) {
      return q.where.bank == served.where.bank && q.where.row == served.where.row;
    });
    const bool close = policy.page == PagePolicy::kClosed && !others;
    issue(column, served.where.bank, now, close);
    if (close) open_[served.where.bank] = -1;
    log_.done[served.index] =
        now + (drain ? device_.timing.ncwl : device_.timing.ncl) + device_.timing.nbl;
    draining_ = drain;
    return;
  }
  for (const Pending& p : pending_) {  // row commands, oldest first
    if (!may(p)) continue;
    const bool wanted = std::any_of(pending_.begin(), pending_.end(), [&](const Pending& q) {
      return q.kind == kind && q.where.bank == p.where.bank && hits(q);
    });
    if (wanted) continue;
    const Command command = open_[p.where.bank] < 0 ? Command::kActivate : Command::kPrecharge;
    if (!issue(command, p.where.bank, now)) continue;
    open_[p.where.bank] = command == Command::kActivate ? std::int64_t{p.where.row} : -1;
    draining_ = drain;
    return;
  }
}

PlainController::Log PlainController::run(const std::vector<TraceRequest>& requests) {
  log_.done.assign(requests.size(), -1);
  std::size_t next = 0;
  auto arrive = [&](Cycle now) {
    while (next < requests.size() && requests[next].cycle.value_or(0) <= now &&
           accept(requests[next], next, now)) {
      ++next;
    }
  };
  for (Cycle now = 0; next < requests.size() || !pending_.empty(); ++now) {
    arrive(now);
    step(now);
    arrive(now);  // into the slot that a column command freed
  }
  return log_;
}

}  // namespace systolog::memory::dram::test
