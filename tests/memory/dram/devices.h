// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <random>

#include "memory/dram/device.h"

namespace systolog::memory::dram::test {

/// DDR3-1600K, 4 Gb x8 (the struct's defaults are DDR4-2400R).
inline Device ddr3_1600() {
  Device d;
  d.name = "DDR3-1600";
  d.organisation.bank_groups = 1;
  d.organisation.banks = 8;
  d.organisation.rows = 65'536;
  d.timing = {.tck_ps = 1250,
              .nbl = 4,
              .ncl = 11,
              .ncwl = 8,
              .nrcd = 11,
              .nrp = 11,
              .nras = 28,
              .nrc = 39,
              .nccd_s = 4,
              .nccd_l = 4,
              .nrrd_s = 5,
              .nrrd_l = 5,
              .nfaw = 24,
              .nwr = 12,
              .nrtp = 6,
              .nwtr_s = 6,
              .nwtr_l = 6,
              .ncs = 2,
              .nturn = 2,
              .nrfc = 208,
              .nrefi = 6240};
  return d;
}

/// A small device whose rules all differ, so that each of them decides now and then.
inline Device random_device(std::mt19937& random) {
  auto one_of = [&](std::uint32_t low, std::uint32_t high) {
    return std::uniform_int_distribution<std::uint32_t>(low, high)(random);
  };
  Device d;
  auto& o = d.organisation;
  o = {.channels = 1,
       .ranks = 1U << one_of(0, 1),
       .bank_groups = 1U << one_of(0, 2),
       .banks = 1U << one_of(0, 2),
       .rows = 8,
       .columns = 64,
       .bus_bits = 64,
       .burst_length = 8};
  auto& t = d.timing;
  t.ncwl = one_of(4, 14);
  t.ncl = t.ncwl + one_of(0, 6);
  t.nrcd = one_of(5, 20);
  t.nrp = one_of(5, 20);
  t.nras = t.nrcd + one_of(3, 20);
  t.nrc = t.nras + t.nrp + one_of(0, 5);
  t.nccd_s = t.nbl + one_of(0, 1);
  t.nccd_l = t.nccd_s + one_of(0, 4);
  t.nrrd_s = one_of(2, 6);
  t.nrrd_l = t.nrrd_s + one_of(0, 4);
  t.nfaw = 4 * t.nrrd_s + one_of(0, 20);
  t.nwr = one_of(5, 20);
  t.nrtp = one_of(3, 12);
  t.nwtr_s = one_of(2, 6);
  t.nwtr_l = t.nwtr_s + one_of(0, 6);
  t.ncs = one_of(1, 3);
  t.nturn = one_of(1, 4);
  t.nrfc = one_of(30, 80);
  t.nrefi = t.nrfc + t.nrc + one_of(100, 600);
  auto& p = d.policy;
  p.page = one_of(0, 1) == 0 ? PagePolicy::kOpen : PagePolicy::kClosed;
  p.read_queue = one_of(1, 12);
  p.write_queue = one_of(2, 12);
  p.write_high = one_of(1, p.write_queue);
  p.write_low = one_of(0, p.write_high - 1);
  p.refresh = one_of(0, 3) != 0;
  return d;
}

}  // namespace systolog::memory::dram::test
