// SPDX-License-Identifier: Apache-2.0
#include "memory/dram/energy.h"

namespace systolog::memory::dram {

Energy energy(const Device& device, const Power& power, const Counts& counts, Cycle cycles) {
  const Timing& t = device.timing;
  const double ns = t.tck_ps / 1000;  // of a cycle; V mA ns = pJ
  const auto times = [](auto n) { return static_cast<double>(n); };
  const double rank_cycles =
      times(cycles) * device.organisation.ranks * device.organisation.channels;
  const double open_cycles = times(counts.active_cycles);
  Energy e;
  for (const Supply& s : power.supplies) {
    const double pj = s.volts * power.devices * ns;  // of 1 mA and a cycle
    e.activate += times(counts.activates) * pj *
                  (s.idd0_ma * t.nrc - s.idd3n_ma * t.nras - s.idd2n_ma * (t.nrc - t.nras));
    e.read += times(counts.reads) * pj * (s.idd4r_ma - s.idd3n_ma) * t.nbl;
    e.write += times(counts.writes) * pj * (s.idd4w_ma - s.idd3n_ma) * t.nbl;
    e.refresh += times(counts.refreshes) * pj * (s.idd5_ma - s.idd3n_ma) * t.nrfc;
    e.background += pj * (s.idd3n_ma * open_cycles + s.idd2n_ma * (rank_cycles - open_cycles));
  }
  return e;
}

}  // namespace systolog::memory::dram
