// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace systolog::pe {

/// One register of every PE: `bytes` each, that of PE (r, c) at index r * columns + c, all zero at
/// first.
class RegisterPlane {
 public:
  RegisterPlane(std::size_t rows, std::size_t columns, std::size_t bytes)
      : rows_(rows), bytes_(bytes), row_bytes_(columns * bytes), data_(rows * row_bytes_) {}

  std::byte* row(std::size_t r) { return data_.data() + r * row_bytes_; }
  const std::byte* row(std::size_t r) const { return data_.data() + r * row_bytes_; }
  std::byte* at(std::size_t r, std::size_t c) { return row(r) + c * bytes_; }
  const std::byte* at(std::size_t r, std::size_t c) const { return row(r) + c * bytes_; }

  /// Every PE takes what its left neighbour has; the first column takes edge[r].
  void shift_right(const std::byte* edge) {
    if (data_.size() > bytes_) {
      std::memmove(data_.data() + bytes_, data_.data(), data_.size() - bytes_);
    }
    for (std::size_t r = 0; r < rows_; ++r) copy_one(row(r), edge + r * bytes_);
  }
  /// Every PE takes what the one above has; the first row takes edge[c].
  void shift_down(const std::byte* edge) {
    std::memmove(data_.data() + row_bytes_, data_.data(), data_.size() - row_bytes_);
    std::memcpy(data_.data(), edge, row_bytes_);
  }
  void copy(const RegisterPlane& from) {
    std::memcpy(data_.data(), from.data_.data(), data_.size());
  }
  void copy_from(const RegisterPlane& from, std::size_t r, std::size_t c) {
    copy_one(at(r, c), from.at(r, c));
  }

 private:
  void copy_one(std::byte* to, const std::byte* from) const {
    // The usual sizes as one move each.
    if (bytes_ == 4) {
      std::memcpy(to, from, 4);
    } else if (bytes_ == 8) {
      std::memcpy(to, from, 8);
    } else {
      std::memcpy(to, from, bytes_);
    }
  }

  std::size_t rows_, bytes_, row_bytes_;
  std::vector<std::byte> data_;
};

/// A one-bit register of every PE, all 0 at first. Rows are padded to whole words of 64; the
/// padding may hold anything and is never shown.
class BitPlane {
 public:
  BitPlane(std::size_t rows, std::size_t columns)
      : rows_(rows), columns_(columns), words_((columns + 63) / 64), data_(rows * words_) {}

  const std::uint64_t* row(std::size_t r) const { return data_.data() + r * words_; }
  bool at(std::size_t r, std::size_t c) const { return (row(r)[c / 64] >> (c % 64) & 1) != 0; }
  void set(std::size_t r, std::size_t c, bool value) {
    std::uint64_t& word = data_[r * words_ + c / 64];
    const std::uint64_t bit = std::uint64_t{1} << (c % 64);
    word = value ? word | bit : word & ~bit;
  }

  /// As RegisterPlane's; edge has one bit a row or column.
  void shift_right(const BitPlane& edge) {
    for (std::size_t r = 0; r < rows_; ++r) {
      std::uint64_t carry = edge.at(0, r) ? 1 : 0;
      for (std::size_t w = 0; w < words_; ++w) {
        std::uint64_t& word = data_[r * words_ + w];
        const std::uint64_t out = word >> 63;
        word = word << 1 | carry;
        carry = out;
      }
    }
  }
  void shift_down(const BitPlane& edge) {
    std::memmove(data_.data() + words_, data_.data(), (data_.size() - words_) * 8);
    std::memcpy(data_.data(), edge.data_.data(), words_ * 8);
  }

  /// Row r takes row q of `a` and row p of `b`, bit by bit.
  void assign_and(std::size_t r, const BitPlane& a, std::size_t q, const BitPlane& b,
                  std::size_t p) {
    for (std::size_t w = 0; w < words_; ++w) data_[r * words_ + w] = a.row(q)[w] & b.row(p)[w];
  }

  /// Row r also takes the bits that are set in row q of `a`.
  void assign_or(std::size_t r, const BitPlane& a, std::size_t q) {
    for (std::size_t w = 0; w < words_; ++w) data_[r * words_ + w] |= a.row(q)[w];
  }

  /// True if a bit is set in row r, columns [0, columns).
  bool any(std::size_t r, std::size_t columns) const {
    for (std::size_t w = 0; w * 64 < columns; ++w) {
      if ((row(r)[w] & mask(w, columns)) != 0) return true;
    }
    return false;
  }
  /// True if row r equals row q of the other.
  bool equals(std::size_t r, const BitPlane& other, std::size_t q) const {
    for (std::size_t w = 0; w < words_; ++w) {
      if (((row(r)[w] ^ other.row(q)[w]) & mask(w, columns_)) != 0) return false;
    }
    return true;
  }
  /// Calls visit(c) for every set bit of row r, c ascending.
  template <typename Visit>
  void for_each(std::size_t r, const Visit& visit) const {
    for (std::size_t w = 0; w < words_; ++w) {
      for (std::uint64_t bits = row(r)[w] & mask(w, columns_); bits != 0; bits &= bits - 1) {
        visit(w * 64 + static_cast<std::size_t>(std::countr_zero(bits)));
      }
    }
  }

  /// Calls visit(first, count) for every run of set bits of row r; a run ends at a word at least.
  template <typename Visit>
  void for_each_run(std::size_t r, const Visit& visit) const {
    for (std::size_t w = 0; w < words_; ++w) {
      std::uint64_t bits = row(r)[w] & mask(w, columns_);
      while (bits != 0) {
        const auto first = static_cast<std::size_t>(std::countr_zero(bits));
        const auto count = static_cast<std::size_t>(std::countr_one(bits >> first));
        visit(w * 64 + first, count);
        if (first + count >= 64) break;
        bits &= ~std::uint64_t{0} << (first + count);
      }
    }
  }

 private:
  static std::uint64_t mask(std::size_t word, std::size_t columns) {
    const std::size_t left = columns - word * 64;
    return left >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << left) - 1;
  }

  std::size_t rows_, columns_, words_;
  std::vector<std::uint64_t> data_;
};

}  // namespace systolog::pe
