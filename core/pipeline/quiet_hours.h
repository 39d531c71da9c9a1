// Quiet hours: the part of the night in which a client's messages are not sent, told by the clock
// at the recipient's place.
//
// Asked once, when a message is accepted: one that would be sent in the night is scheduled for its
// end. Clients without quiet hours never come here. The rules of the zones are the system's (tz
// database), read when the gateway starts. Immutable: any thread.
#pragma once

#include <expected>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/config/config.h"
#include "core/model/channel.h"
#include "core/model/message.h"

namespace heliograph::pipeline {

class QuietHours {
 public:
  // Of the clients that have any. Throws std::runtime_error where there are such and the system
  // lacks a country's time zone: it would wake people there.
  explicit QuietHours(std::span<const config::Client> clients);
  ~QuietHours();
  QuietHours(const QuietHours&) = delete;
  QuietHours& operator=(const QuietHours&) = delete;

  // Of the client of this name; nullptr: it has none, or has none for this channel.
  const config::QuietHours* of(std::string_view client, model::Channel channel) const;

  // From when on a message that may go out at `at` (real wall clock) really may: `at` itself by
  // day. The zone is `timezone` (an IANA name) where it is given, else that of the number's
  // country, else the client's. Where there are several it has to be day in each of them. Where
  // none is known there is no night. The error is a sentence about `timezone`: it is not known
  // here, or is needed because it is never day in all of the country at once.
  std::expected<model::TimePoint, std::string> earliest(const config::QuietHours& hours,
                                                        std::string_view to,
                                                        std::string_view timezone,
                                                        model::TimePoint at) const;

 private:
  class Zones;
  std::unique_ptr<const Zones> zones_;
  std::map<std::string, config::QuietHours, std::less<>> clients_;
};

}  // namespace heliograph::pipeline
