// SPDX-License-Identifier: Apache-2.0
// CIFAR-10's binary version: records of 3,073 bytes, a label 0 to 9 and 32 rows of 32 pixels, the
// red plane, then the green, then the blue. There is no header.
// [Krizhevsky, https://www.cs.toronto.edu/~kriz/cifar.html]
#include <limits>

#include "workloads/dataset.h"
#include "workloads/dataset_builder.h"
#include "workloads/packed_file.h"

namespace systolog::workloads {

namespace {

constexpr std::size_t kSide = 32;
constexpr std::size_t kPixels = 3 * kSide * kSide;
constexpr std::uint8_t kClasses = 10;

}  // namespace

Dataset read_cifar10(const DataFiles& files, const ReadOptions& options) {
  DatasetBuilder images(options, 3, options.limit);
  std::vector<std::uint32_t> labels;
  const std::size_t limit =
      options.limit == 0 ? std::numeric_limits<std::size_t>::max() : options.limit;
  for (const auto& path : files.images) {
    PackedFile file(path, "a CIFAR-10 binary file");
    for (std::size_t k = 0; labels.size() < limit && !file.at_end(); ++k) {
      const std::string record = "record " + std::to_string(k);
      const std::uint64_t start = file.offset();
      std::vector<std::uint8_t> bytes = file.read_up_to(1 + kPixels);
      if (bytes.size() <= kPixels) {
        file.fail_here("the file ends inside " + record + ", which has " +
                       std::to_string(bytes.size()) + " of its " + std::to_string(1 + kPixels) +
                       " bytes");
      }
      const std::uint8_t label = bytes[0];
      if (label >= kClasses) {
        file.fail("offset " + std::to_string(start) + ": " + record + " has label " +
                  std::to_string(label) + ", allowed 0 to 9");
      }
      bytes.erase(bytes.begin());
      images.add({3, kSide, kSide, std::move(bytes)}, path.string() + ": " + record);
      labels.push_back(label);
    }
    if (file.offset() == 0 && labels.size() < limit) file.fail("is empty");
  }
  return images.finish(
      files.name.empty() ? "CIFAR-10: " + files.images.front().filename().string() : files.name,
      std::move(labels));
}

}  // namespace systolog::workloads
