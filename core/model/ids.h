// Identities of the things the gateway keeps. Each is its own type, so that a client cannot be
// passed where a provider is meant.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/time_text.h"

namespace heliograph::model {

using TimePoint = base::WallTime;  // wall clock, milliseconds, UTC
inline constexpr TimePoint kNever = TimePoint::max();

// A message's id: a UUID of version 7 (RFC 9562, 5.7). Its first 48 bits are the milliseconds of
// its making, the next 16 usable bits a counter, the rest random. Time and counter together are
// `row()`, the key under which the store keeps the message, so that the id needs no index of its
// own. Ids grow in the order in which messages were accepted.
class MessageId {
 public:
  constexpr MessageId() = default;

  // `row`: milliseconds << 16 | counter, below 2^63. `random`: only its low 58 bits are used.
  static MessageId from_parts(std::int64_t row, std::uint64_t random);
  // The 36-character form, any letter case; nullopt for anything that from_parts() could not have
  // made.
  static std::optional<MessageId> parse(std::string_view text);

  std::int64_t row() const { return row_; }
  std::uint64_t random() const { return random_; }
  TimePoint created_at() const { return TimePoint{std::chrono::milliseconds{row_ >> 16}}; }
  std::string to_string() const;           // lower case, with hyphens
  void write_to(std::string& text) const;  // the same over what `text` was, whose memory it reuses

  auto operator<=>(const MessageId&) const = default;

 private:
  std::int64_t row_ = 0;
  std::uint64_t random_ = 0;
};

inline constexpr std::uint64_t kMessageIdRandomMask = (std::uint64_t{1} << 58) - 1;

// A client as the store numbers it; what people see is its public id (a UUID) and its name.
enum class ClientId : std::int64_t {};

// A provider as the store numbers it: given out once for each provider name and never reused, so
// that attempts and exclusions stay true when the configuration changes. The name is what people
// see.
enum class ProviderKey : std::int32_t {};

// The small number of a dispatch class: messages that the same set of providers may carry (channel,
// pinned provider, route set). Interned by the store.
enum class ClassId : std::int32_t {};

}  // namespace heliograph::model

template <>
struct std::hash<heliograph::model::MessageId> {
  std::size_t operator()(const heliograph::model::MessageId& id) const noexcept {
    return std::hash<std::int64_t>{}(id.row());
  }
};
