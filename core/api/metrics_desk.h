// MetricsDesk: what scrapes of GET /metrics share: whoever comes while a page is being made gets
// that one, so that many who look cost the parts what one costs.
//
// Thread-safe. Nobody's answer is kept here, so a request that is cut off leaves nothing behind.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace heliograph::api {

class MetricsDesk {
 public:
  using Page = std::shared_ptr<const std::string>;

  // The right to make the next page, given back when it is destroyed.
  class Making {
   public:
    Making(Making&& other) noexcept : desk_(std::exchange(other.desk_, nullptr)) {}
    Making& operator=(Making&&) = delete;
    Making(const Making&) = delete;
    Making& operator=(const Making&) = delete;
    ~Making() {
      if (desk_ != nullptr) desk_->end(nullptr);
    }
    // For all who have come meanwhile.
    void finish(Page page) { std::exchange(desk_, nullptr)->end(std::move(page)); }

   private:
    friend class MetricsDesk;
    explicit Making(MetricsDesk& desk) : desk_(&desk) {}
    MetricsDesk* desk_;
  };
  std::optional<Making> begin_making() {  // nullopt: somebody is at it
    const std::lock_guard lock(mutex_);
    if (making_) return std::nullopt;
    making_ = true;
    return Making(*this);
  }

  // How many have been made.
  std::uint64_t made() const {
    const std::lock_guard lock(mutex_);
    return made_;
  }
  // The last one; nullptr: no more than `made` have been made.
  Page page_after(std::uint64_t made) const {
    const std::lock_guard lock(mutex_);
    return made_ > made ? page_ : nullptr;
  }

 private:
  void end(Page page) {
    const std::lock_guard lock(mutex_);
    making_ = false;
    if (page == nullptr) return;
    page_ = std::move(page);
    ++made_;
  }

  mutable std::mutex mutex_;
  bool making_ = false;
  std::uint64_t made_ = 0;
  Page page_;
};

}  // namespace heliograph::api
