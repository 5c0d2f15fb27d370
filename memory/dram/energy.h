// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "memory/dram/counts.h"
#include "memory/dram/device.h"

namespace systolog::memory::dram {

/// Datasheet currents of one device on one of its supplies, mA, named as in JEDEC's IDD
/// specifications: idd0 activate and precharge every tRC, idd2n all banks closed, idd3n a bank
/// open, idd4r and idd4w bursts without gap, idd5 refresh every tRFC.
struct Supply {
  double volts = 1.2;
  double idd0_ma = 0, idd2n_ma = 0, idd3n_ma = 0, idd4r_ma = 0, idd4w_ma = 0, idd5_ma = 0;
};

/// What energy() needs to know of a device beside its timing: by default of DDR4-2400.
struct Power {
  std::uint32_t devices = 8;  // of a rank
  std::vector<Supply> supplies = {{1.2, 60, 45, 60, 145, 175, 175}};
  std::string source =
      "datasheet currents as in DRAMsim3's DDR4_4Gb_x8_2400 (University of Maryland)";
};

/// pJ of all channels together.
struct Energy {
  double activate = 0, read = 0, write = 0, refresh = 0, background = 0;
  double total() const { return activate + read + write + refresh + background; }
};

/// Energy of a run of `cycles`, by the commands it issued, as datasheet power calculators do it
/// (Micron TN-40-07; Chandrasekar et al., DRAMPower). With V supply voltages, D devices of a rank:
///   activate    ACT D sum V (IDD0 tRC - IDD3N tRAS - IDD2N (tRC - tRAS)), its precharge included
///   read        RD D sum V (IDD4R - IDD3N) tBL          write the same with IDD4W
///   refresh     REF D sum V (IDD5 - IDD3N) tRFC
///   background  D sum V (IDD3N with a bank open, IDD2N otherwise) over every rank's time
/// Termination and the controller's own pins are not in the currents; power-down is not modelled.
Energy energy(const Device& device, const Power& power, const Counts& counts, Cycle cycles);

}  // namespace systolog::memory::dram
