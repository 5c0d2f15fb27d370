// SPDX-License-Identifier: Apache-2.0
#include "memory/storage.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "tests/memory/support.h"

namespace systolog::memory {
namespace {

constexpr std::size_t kCapacity = 96;

void access(Storage& storage, tlm::tlm_command command, std::uint64_t address,
            std::vector<std::byte>& bytes) {
  tlm::tlm_generic_payload payload;
  test::set_up(payload, command, address, bytes);
  EXPECT_TRUE(storage.access(payload));
}

// Against a plain array into which every image is copied.
TEST(Storage, ReadsWhatIsLentUntilItIsWrittenThere) {
  std::mt19937 random(5);
  const auto below = [&](std::size_t end) { return random() % end; };
  for (int round = 0; round < 200; ++round) {
    Storage storage(kCapacity);
    std::vector<std::byte> expected(kCapacity);
    std::vector<std::byte> image(1 + below(kCapacity));
    for (auto& byte : image) byte = static_cast<std::byte>(random());
    storage.lend(image);
    std::copy(image.begin(), image.end(), expected.begin());
    for (int step = 0; step < 20; ++step) {
      const std::size_t length = 1 + below(40), address = below(kCapacity - length + 1);
      std::vector<std::byte> bytes(length);
      const auto at = expected.begin() + static_cast<std::ptrdiff_t>(address);
      if (random() % 4 == 0) {
        for (auto& byte : bytes) byte = static_cast<std::byte>(random());
        access(storage, tlm::TLM_WRITE_COMMAND, address, bytes);
        std::copy(bytes.begin(), bytes.end(), at);
      } else {
        access(storage, tlm::TLM_READ_COMMAND, address, bytes);
        ASSERT_EQ(bytes, std::vector<std::byte>(at, at + static_cast<std::ptrdiff_t>(length)))
            << "round " << round << ", " << length << " bytes at " << address << ", image of "
            << image.size();
      }
    }
  }
}

}  // namespace
}  // namespace systolog::memory
