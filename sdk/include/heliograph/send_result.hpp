// SendResult and SendTicket: how a provider says what became of a message.
#pragma once

#include <heliograph/abi/abi.h>

#include <chrono>
#include <cstdint>
#include <new>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <heliograph/host.hpp>
#include <heliograph/text.hpp>

namespace heliograph::sdk {

// See abi/provider.h for what each outcome promises. `detail` is a sentence for people.
struct SendResult {
  std::uint32_t outcome = HG_UNKNOWN;
  std::string provider_msg_id{};
  std::vector<std::string> part_ids{};  // where the peer gives one to each part, in their order
  std::string detail{};
  std::string provider_code{};
  std::int32_t status_code = 0;
  std::uint32_t segments = 0;
  std::chrono::nanoseconds retry_after{0};

  static SendResult sent(std::string_view provider_msg_id) {
    return make(HG_SENT, provider_msg_id, {});
  }
  static SendResult rejected(std::string_view detail) { return make(HG_REJECTED, {}, detail); }
  static SendResult retry(std::string_view detail) { return make(HG_RETRY, {}, detail); }
  static SendResult unknown(std::string_view detail) { return make(HG_UNKNOWN, {}, detail); }
  static SendResult refused(std::string_view detail) { return make(HG_REFUSED, {}, detail); }
  static SendResult throttled(std::chrono::nanoseconds retry_after, std::string_view detail) {
    SendResult result = make(HG_THROTTLED, {}, detail);
    result.retry_after = retry_after;
    return result;
  }

 private:
  static SendResult make(std::uint32_t outcome, std::string_view id, std::string_view detail) {
    SendResult result;
    result.outcome = outcome;
    result.provider_msg_id = id;
    result.detail = detail;
    return result;
  }
};

// The duty to answer one send, exactly once. Move it to wherever the answer will be known; a ticket
// that is destroyed unanswered answers HG_UNKNOWN, which is the truth when the plugin lost track.
// [any thread]
class SendTicket {
 public:
  SendTicket(Host host, hg_op op) : host_(host), op_(op) {}
  SendTicket(SendTicket&& other) noexcept : host_(other.host_), op_(std::exchange(other.op_, 0)) {}
  SendTicket& operator=(SendTicket&& other) noexcept {
    if (this != &other) {
      abandon();
      host_ = other.host_;
      op_ = std::exchange(other.op_, 0);
    }
    return *this;
  }
  ~SendTicket() { abandon(); }

  // Answers. A second answer is ignored here already.
  void complete(const SendResult& result) noexcept {
    const hg_op op = std::exchange(op_, 0);
    if (op == 0) return;
    hg_send_result raw{};
    raw.size = sizeof(raw);
    raw.outcome = result.outcome;
    raw.op = op;
    raw.retry_after_ns = to_abi(result.retry_after);
    raw.segments = result.segments;
    raw.status_code = result.status_code;
    raw.provider_msg_id = to_abi(result.provider_msg_id);
    raw.provider_code = to_abi(result.provider_code);
    raw.detail = to_abi(result.detail);
    const std::vector<hg_str> part_ids = views_of(result.part_ids);
    raw.part_ids = part_ids.data();
    raw.n_part_ids = part_ids.size();
    host_.raw()->complete_send(host_.raw(), &raw, 1);
  }

  hg_op op() const noexcept { return op_; }  // 0: answered, or moved away
  bool pending() const noexcept { return op_ != 0; }
  // Gives the duty up without answering: for the glue, which then reports the send as not taken.
  hg_op release() noexcept { return std::exchange(op_, 0); }

 private:
  // None when memory is short: the outcome matters more than its receipts.
  static std::vector<hg_str> views_of(const std::vector<std::string>& ids) noexcept {
    std::vector<hg_str> views;
    try {
      views.reserve(ids.size());
    } catch (const std::bad_alloc&) {
      return views;
    }
    for (const std::string& id : ids) views.push_back(to_abi(id));
    return views;
  }
  void abandon() noexcept {
    if (op_ == 0) return;
    hg_send_result raw{};
    raw.size = sizeof(raw);
    raw.outcome = HG_UNKNOWN;
    raw.op = std::exchange(op_, 0);
    raw.detail = HG_STR("the plugin gave this send up without an answer");
    host_.raw()->complete_send(host_.raw(), &raw, 1);
  }

  Host host_;
  hg_op op_;
};

}  // namespace heliograph::sdk
