// Message and Outgoing: what a provider is asked to send.
#pragma once

#include <heliograph/abi/abi.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include <heliograph/text.hpp>
#include <heliograph/time.hpp>

namespace heliograph::sdk {

// The value of the first of `headers` with that name; names of received headers are in lower case.
inline std::optional<std::string_view> find_header(std::span<const hg_kv> headers,
                                                   std::string_view name) {
  for (const hg_kv& header : headers) {
    if (to_view(header.key) == name) return to_view(header.value);
  }
  return std::nullopt;
}

// A header, label or field in the ABI's form: a view of both strings.
constexpr hg_kv kv(std::string_view key, std::string_view value) noexcept {
  return {to_abi(key), to_abi(value)};
}

// One part of a message besides its body: HTML, media or an attachment. A view, as Message is.
class Part {
 public:
  explicit Part(const hg_part& raw) : raw_(&raw) {}

  std::uint32_t kind() const noexcept { return raw_->kind; }  // HG_PART_*
  std::string_view content_type() const noexcept { return to_view(raw_->content_type); }
  std::string_view name() const noexcept { return to_view(raw_->name); }
  std::string_view url() const noexcept { return to_view(raw_->url); }
  std::string_view body() const noexcept { return to_view(raw_->body); }

 private:
  const hg_part* raw_;
};

// A view of a message. Cheap to copy; valid until its ticket is completed, so a callback may keep
// it beside the ticket.
class Message {
 public:
  explicit Message(const hg_message& raw) : raw_(&raw) {}

  const hg_message& raw() const noexcept { return *raw_; }
  std::uint32_t channel() const noexcept { return raw_->channel; }
  std::string_view id() const noexcept { return to_view(raw_->id); }
  std::string_view idempotency_key() const noexcept { return to_view(raw_->idempotency_key); }
  std::string_view from() const noexcept { return to_view(raw_->from); }
  std::string_view to() const noexcept { return to_view(raw_->to); }
  std::string_view subject() const noexcept { return to_view(raw_->subject); }
  std::string_view content_type() const noexcept { return to_view(raw_->content_type); }
  std::string_view body() const noexcept { return to_view(raw_->body); }
  std::span<const hg_kv> headers() const noexcept { return {raw_->headers, raw_->n_headers}; }
  std::optional<std::string_view> header(std::string_view name) const {
    return find_header(headers(), name);
  }
  std::size_t part_count() const noexcept { return raw_->n_parts; }
  Part part(std::size_t i) const noexcept { return Part(*HG_AT(raw_->parts, i)); }
  // The first part of that kind.
  std::optional<Part> find_part(std::uint32_t kind) const noexcept {
    for (std::size_t i = 0; i < part_count(); ++i) {
      if (part(i).kind() == kind) return part(i);
    }
    return std::nullopt;
  }

 private:
  const hg_message* raw_;
};

// One send: the message and the circumstances of this attempt.
struct Outgoing {
  Message message;
  hg_op op;
  MonoTime deadline;      // afterwards nobody waits for the answer
  std::uint32_t attempt;  // 1 for the first
  bool resend;            // an earlier attempt here ended unknown: the peer may have it already
};

}  // namespace heliograph::sdk
