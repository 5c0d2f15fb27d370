// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/mman.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <tlm>

namespace systolog::memory {

/// Whether a memory keeps what is written to it. kNone is for runs of timing alone: payloads are
/// checked and take their time, their data is neither read nor changed.
enum class Contents { kKept, kNone };

/// Bytes behind a TLM target: what scratchpads and DRAM have in common. No time, no counts.
class Storage {
 public:
  /// All zero. Host memory is taken page by page as bytes are touched: a DRAM larger than the
  /// host's memory costs nothing.
  explicit Storage(std::uint64_t capacity_bytes, Contents contents = Contents::kKept)
      : bytes_(nullptr, Unmap{capacity_bytes}), size_(capacity_bytes) {
    if (contents == Contents::kNone) return;
    void* bytes = mmap(nullptr, capacity_bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (bytes == MAP_FAILED) throw std::bad_alloc();
    bytes_.reset(static_cast<std::byte*>(bytes));
  }

  std::uint64_t capacity_bytes() const { return size_; }

  /// Bytes [0, image.size()) are those of `image`, which must outlive the storage or the next
  /// call, until something is written there: what is only read need not be copied.
  void lend(std::span<const std::byte> image) {
    if (bytes_) image_ = image;
  }

  /// Carries out a read or write payload and sets its response status: ADDRESS_ERROR outside
  /// [0, capacity), BYTE_ENABLE_ERROR if enables are given, BURST_ERROR for streaming widths,
  /// COMMAND_ERROR for TLM_IGNORE_COMMAND. Returns whether the bytes moved.
  bool access(tlm::tlm_generic_payload& payload) {
    const std::uint64_t address = payload.get_address();
    const std::uint64_t length = payload.get_data_length();
    if (payload.get_byte_enable_ptr() != nullptr) {
      payload.set_response_status(tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE);
    } else if (payload.get_streaming_width() < length) {
      payload.set_response_status(tlm::TLM_BURST_ERROR_RESPONSE);
    } else if (length == 0 || length > size_ || address > size_ - length) {
      payload.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
    } else if (payload.is_read()) {
      if (bytes_) read(payload.get_data_ptr(), address, length);
      payload.set_response_status(tlm::TLM_OK_RESPONSE);
    } else if (payload.is_write()) {
      if (bytes_) write(payload.get_data_ptr(), address, length);
      payload.set_response_status(tlm::TLM_OK_RESPONSE);
    } else {
      payload.set_response_status(tlm::TLM_COMMAND_ERROR_RESPONSE);
    }
    return payload.is_response_ok();
  }

 private:
  void read(unsigned char* to, std::uint64_t address, std::uint64_t length) const {
    const std::uint64_t lent =
        address < image_.size() ? std::min(length, image_.size() - address) : 0;
    if (lent > 0) std::memcpy(to, image_.data() + address, lent);
    if (lent < length) std::memcpy(to + lent, bytes_.get() + address + lent, length - lent);
  }
  void write(const unsigned char* from, std::uint64_t address, std::uint64_t length) {
    if (address < image_.size()) {
      std::memcpy(bytes_.get(), image_.data(), image_.size());
      image_ = {};
    }
    std::memcpy(bytes_.get() + address, from, length);
  }

  struct Unmap {
    std::uint64_t size;
    void operator()(std::byte* bytes) const { munmap(bytes, size); }
  };
  std::unique_ptr<std::byte, Unmap> bytes_;
  std::uint64_t size_;
  std::span<const std::byte> image_;
};

}  // namespace systolog::memory
