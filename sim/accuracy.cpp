// SPDX-License-Identifier: Apache-2.0
#include "sim/accuracy.h"

#include <openssl/evp.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <memory>
#include <stdexcept>

namespace systolog::sim {
namespace {

/// Rank of a class among an image's outputs: 0 for the largest; ties and NaN count against it.
std::size_t rank_of(std::span<const float> outputs, std::size_t label) {
  std::size_t rank = 0;
  for (std::size_t c = 0; c < outputs.size(); ++c) {
    if (c == label) continue;
    const bool before =
        c < label ? !(outputs[c] < outputs[label]) : !(outputs[c] <= outputs[label]);
    if (before) ++rank;
  }
  return rank;
}

}  // namespace

Accuracy compare(const workloads::Tensor& outputs, const workloads::Tensor& reference,
                 std::span<const std::uint32_t> labels, std::size_t k) {
  Accuracy a;
  a.k = k;
  a.images = outputs.shape.at(0);
  a.labelled = !labels.empty();
  const std::size_t classes = outputs.values.size() / a.images;
  for (std::size_t i = 0; i < a.images; ++i) {
    const auto ours = std::span(outputs.values).subspan(i * classes, classes);
    const auto theirs = std::span(reference.values).subspan(i * classes, classes);
    const auto theirs_best =
        static_cast<std::size_t>(std::max_element(theirs.begin(), theirs.end()) - theirs.begin());
    a.agreement += rank_of(ours, theirs_best) == 0 ? 1 : 0;
    for (std::size_t c = 0; c < classes; ++c) {
      const double error = std::abs(double{ours[c]} - double{theirs[c]});
      if (std::isnan(error) || error > a.max_abs_error) a.max_abs_error = error;
      a.mean_abs_error += error;
    }
    if (!a.labelled) continue;
    const std::size_t rank = rank_of(ours, labels[i]);
    a.top1 += rank == 0 ? 1 : 0;
    a.top5 += rank < 5 ? 1 : 0;
    a.topk += rank < k ? 1 : 0;
    a.reference_top1 += theirs_best == labels[i] ? 1 : 0;
  }
  a.mean_abs_error /= static_cast<double>(a.images * classes);
  for (double* count : {&a.top1, &a.top5, &a.topk, &a.reference_top1, &a.agreement}) {
    *count /= static_cast<double>(a.images);
  }
  return a;
}

std::string sha256(std::span<const float> values, std::span<const workloads::Tensor> more) {
  static_assert(std::endian::native == std::endian::little, "hashes are of little-endian bytes");
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> hash(EVP_MD_CTX_new(),
                                                                     EVP_MD_CTX_free);
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  bool right = hash != nullptr && EVP_DigestInit_ex(hash.get(), EVP_sha256(), nullptr) == 1;
  const auto add = [&](std::span<const float> part) {
    right = right && EVP_DigestUpdate(hash.get(), part.data(), part.size_bytes()) == 1;
  };
  add(values);
  for (const workloads::Tensor& tensor : more) add(tensor.values);
  if (!right || EVP_DigestFinal_ex(hash.get(), digest, &length) != 1) {
    throw std::runtime_error("SHA-256 failed");
  }
  std::string hex;
  for (unsigned i = 0; i < length; ++i) {
    constexpr char kDigits[] = "0123456789abcdef";
    hex += kDigits[digest[i] >> 4];
    hex += kDigits[digest[i] & 15];
  }
  return hex;
}

}  // namespace systolog::sim
