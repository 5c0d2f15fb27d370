// SPDX-License-Identifier: Apache-2.0
#include "memory/dram/device.h"

#include <bit>
#include <string_view>

namespace systolog::memory::dram {
namespace {

// The controller's keys have 6 bits for a bank (bank_scan.h).
constexpr std::uint32_t kMostBanks = 64;
// Row, bank and burst share one 64-bit address.
constexpr int kMostAddressBits = 48;

struct Field {
  std::string_view name;
  std::uint64_t value;
};

class Complaints {
 public:
  void power_of_two(Field field) {
    if (!std::has_single_bit(field.value)) {
      say(text(field) + " is not a power of two");
    }
  }
  void at_least(Field larger, Field smaller) {
    if (larger.value < smaller.value) say(text(larger) + " is less than " + text(smaller));
  }
  void at_most(Field field, std::uint64_t most) {
    if (field.value > most) say(text(field) + " is more than " + std::to_string(most));
  }
  void at_least_sum(Field larger, Field a, Field b) {
    if (larger.value < a.value + b.value) {
      say(text(larger) + " is less than " + text(a) + " + " + text(b) + " = " +
          std::to_string(a.value + b.value));
    }
  }
  void say(std::string sentence) { sentences_.push_back(std::move(sentence)); }
  std::vector<std::string> take() { return std::move(sentences_); }

 private:
  static std::string text(Field field) {
    return std::string(field.name) + " " + std::to_string(field.value);
  }
  std::vector<std::string> sentences_;
};

void check(const Organisation& o, Complaints& complaints) {
  const Field counts[] = {{"channels", o.channels},
                          {"ranks", o.ranks},
                          {"bank_groups", o.bank_groups},
                          {"banks", o.banks},
                          {"rows", o.rows},
                          {"columns", o.columns},
                          {"bus_bits", o.bus_bits},
                          {"burst_length", o.burst_length}};
  for (const Field& count : counts) complaints.power_of_two(count);
  if (o.bus_bits < 8) complaints.say("bus_bits " + std::to_string(o.bus_bits) + " is less than 8");
  complaints.at_least({"columns", o.columns}, {"burst_length", o.burst_length});
  const std::uint64_t banks = std::uint64_t{o.ranks} * o.bank_groups * o.banks;
  if (banks > kMostBanks) {
    complaints.say("ranks x bank_groups x banks " + std::to_string(banks) +
                   " is more than the 64 banks of a channel that the controller handles");
  }
  int bits = 0;
  for (const Field& count : counts) bits += static_cast<int>(std::bit_width(count.value)) - 1;
  if (bits > kMostAddressBits + 3) {
    complaints.say("the device is larger than 2^48 bytes");
  }
}

void check(const Timing& t, const Organisation& o, Complaints& complaints) {
  const Field bl{"nbl", t.nbl};
  if (2 * t.nbl != o.burst_length) {
    complaints.say("nbl " + std::to_string(t.nbl) + " is not half of burst_length " +
                   std::to_string(o.burst_length));
  }
  complaints.at_least_sum({"nrc", t.nrc}, {"nras", t.nras}, {"nrp", t.nrp});
  complaints.at_least({"nras", t.nras}, {"nrcd", t.nrcd});
  complaints.at_least({"nccd_s", t.nccd_s}, bl);
  complaints.at_least({"nccd_l", t.nccd_l}, {"nccd_s", t.nccd_s});
  complaints.at_least({"nrrd_l", t.nrrd_l}, {"nrrd_s", t.nrrd_s});
  complaints.at_least({"nfaw", t.nfaw}, {"nrrd_s", t.nrrd_s});
  complaints.at_least({"nwtr_l", t.nwtr_l}, {"nwtr_s", t.nwtr_s});
  complaints.at_least({"ncl", t.ncl}, {"ncwl", t.ncwl});
  complaints.at_least({"nrc", t.nrc}, {"nrrd_l", t.nrrd_l});
  const Field all[] = {bl,
                       {"ncl", t.ncl},
                       {"nrc", t.nrc},
                       {"nccd_l", t.nccd_l},
                       {"nfaw", t.nfaw},
                       {"nwr", t.nwr},
                       {"nrtp", t.nrtp},
                       {"nwtr_l", t.nwtr_l},
                       {"ncs", t.ncs},
                       {"nturn", t.nturn},
                       {"nrfc", t.nrfc}};
  for (const Field& field : all) complaints.at_most(field, kMostTiming);
  // What a refresh needs before it: every bank precharged.
  if (t.nrefi <= t.nrfc + t.nrc) {
    complaints.say("nrefi " + std::to_string(t.nrefi) + " leaves no time beside nrfc " +
                   std::to_string(t.nrfc) + " + nrc " + std::to_string(t.nrc));
  }
}

void check(const Policy& p, Complaints& complaints) {
  complaints.at_least({"write_queue", p.write_queue}, {"write_high", p.write_high});
  if (p.write_high <= p.write_low) {
    complaints.say("write_high " + std::to_string(p.write_high) + " is not more than write_low " +
                   std::to_string(p.write_low));
  }
}

}  // namespace

std::vector<std::string> contradictions(const Device& device) {
  Complaints complaints;
  check(device.organisation, complaints);
  check(device.timing, device.organisation, complaints);
  check(device.policy, complaints);
  return complaints.take();
}

}  // namespace systolog::memory::dram
