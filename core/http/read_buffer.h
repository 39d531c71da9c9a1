// ReadBuffer: the bytes of one connection that were received and not used yet, in one piece. Grows
// up to a bound and keeps its memory from request to request. One thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>

#include "core/base/assert.h"

namespace heliograph::http {

class ReadBuffer {
 public:
  explicit ReadBuffer(std::size_t size_max) : size_max_(size_max) {}

  std::string_view view() const { return {data_.get() + begin_, end_ - begin_}; }
  bool empty() const { return begin_ == end_; }

  void consume(std::size_t size) {
    HG_ASSERT(size <= end_ - begin_);
    begin_ += size;
    if (begin_ == end_) begin_ = end_ = 0;
  }

  // Room behind what is there; never empty as long as view() is smaller than the bound.
  std::span<char> prepare() {
    if (end_ == capacity_ && begin_ > 0) move_to_front();
    if (end_ == capacity_ && capacity_ < size_max_) grow();
    return {data_.get() + end_, capacity_ - end_};
  }
  void commit(std::size_t size) {
    HG_ASSERT(size <= capacity_ - end_);
    end_ += size;
  }

 private:
  static constexpr std::size_t kFirstSize = 4096;

  void move_to_front() {
    std::memmove(data_.get(), data_.get() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  void grow() {
    const std::size_t wanted = std::min(size_max_, std::max(kFirstSize, capacity_ * 2));
    auto larger = std::make_unique_for_overwrite<char[]>(wanted);
    if (end_ > 0) std::memcpy(larger.get(), data_.get(), end_);
    data_ = std::move(larger);
    capacity_ = wanted;
  }

  const std::size_t size_max_;
  std::unique_ptr<char[]> data_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace heliograph::http
