#include "core/pipeline/submission_judge.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string_view>

#include "core/base/text.h"
#include "core/model/addresses.h"
#include "core/model/phone_number.h"
#include "core/model/segments.h"
#include "core/model/zone_table.h"
#include "core/pipeline/content_judge.h"
#include "core/pipeline/price_quote.h"
#include "core/pipeline/quiet_hours.h"

namespace heliograph::pipeline {

namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

constexpr std::size_t kReferenceMax = 64;  // characters
constexpr std::size_t kUrlMax = 2'048;
constexpr std::size_t kMetadataMax = 4'096;
// Nobody means a later time; a wrong unit or year does.
constexpr milliseconds kAheadMax = hours{24 * 366};
constexpr milliseconds kValidityMax = hours{24 * 31};

constexpr const char* kNotAnAddress =
    "This is not a bare e-mail address such as \"name@example.com\".";

using Judgement = std::expected<void, FieldError>;

std::unexpected<FieldError> wrong(std::string pointer, std::string detail) {
  return std::unexpected(FieldError{std::move(pointer), std::move(detail)});
}

const std::string& region_of(const IntakeSettings& settings, const model::Client& client,
                             const Submission& given) {
  if (!client.default_region.empty()) return client.default_region;
  const std::string& own = settings.numbers.default_region;
  return own.empty() ? given.fallback_region : own;
}

bool is_printable(std::string_view text) {
  return std::ranges::none_of(
      text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

class Judge {
 public:
  Judge(const IntakeSettings& settings, const model::Client& client, const Submission& given,
        model::TimePoint real_wall)
      : settings_(settings),
        client_(client),
        given_(given),
        channel_(model::channel_info(given.channel)),
        now_(real_wall) {}

  std::expected<model::NewMessage, FieldError> run() {
    using Step = Judgement (Judge::*)();
    // In the order in which people write the fields: the first thing wrong is what they hear of.
    for (const Step step : {&Judge::channel, &Judge::recipient, &Judge::sender, &Judge::content,
                            &Judge::pin, &Judge::times, &Judge::extras}) {
      if (Judgement verdict = (this->*step)(); !verdict) return std::unexpected(verdict.error());
    }
    complete();
    return std::move(out_);
  }

 private:
  // It would wait for nothing until its validity is over. Without any provider nothing is known.
  Judgement channel() {
    const auto bit = static_cast<std::uint32_t>(given_.channel);
    const auto carries = [bit](const auto& entry) { return (entry.second & bit) != 0; };
    if (settings_.providers.empty() || std::ranges::any_of(settings_.providers, carries)) return {};
    return wrong("/channel",
                 fmt::format("No provider of this gateway carries the channel {}.", channel_.name));
  }

  Judgement recipient() {
    auto to = judge_recipient(settings_, client_, given_);
    if (!to) return std::unexpected(std::move(to.error()));
    out_.to = *std::move(to);
    if (out_.to != given_.to) out_.to_given = given_.to;
    return {};
  }

  Judgement sender() {
    const config::Messages& messages = settings_.messages;
    out_.from = !given_.from.empty() ? given_.from
                : channel_.telephony ? messages.default_from
                                     : messages.default_from_email;
    if (out_.from.empty())
      return wrong("/from", "The sender is missing and the gateway has no default sender.");
    if (channel_.telephony && !model::is_valid_sender(out_.from)) {
      return wrong(
          "/from",
          "A sender is a number in international form, a short code of 3 to 8 digits, or 1 "
          "to 11 letters, digits and blanks with at least one letter.");
    }
    if (!channel_.telephony && !model::is_email_address(out_.from))
      return wrong("/from", kNotAnAddress);
    return {};
  }

  Judgement content() {
    if (auto verdict = judge_content(settings_.messages, channel_, given_); !verdict) {
      return verdict;
    }
    out_.text = given_.text;
    out_.content = model::pack(given_.content);
    return {};
  }

  Judgement pin() {
    if (given_.provider.empty()) return {};
    const auto found = std::ranges::find(settings_.providers, given_.provider,
                                         [](const auto& entry) { return entry.first; });
    if (found == settings_.providers.end())
      return wrong("/provider", "There is no provider of this name.");
    if ((found->second & static_cast<std::uint32_t>(given_.channel)) == 0) {
      return wrong("/provider", fmt::format("This provider does not carry the channel {}.",
                                            model::to_string(given_.channel)));
    }
    out_.pinned_provider = given_.provider;
    return {};
  }

  Judgement times() {
    out_.validity = given_.validity.value_or(settings_.messages.validity);
    if (out_.validity <= milliseconds{0})
      return wrong("/validity", "The validity must be above zero.");
    if (given_.validity && out_.validity > kValidityMax)
      return wrong("/validity", "The validity can be 31 days at most.");
    if (!given_.timezone.empty() && !model::is_zone_name(given_.timezone)) {
      return wrong("/timezone", "This is no time zone such as \"Asia/Dhaka\".");
    }
    if (given_.send_at && *given_.send_at > now_ + kAheadMax)
      return wrong("/send_at", "The time to send at is more than a year ahead.");
    if (given_.send_at > now_) out_.send_at = given_.send_at;  // a past one means now
    return settings_.quiet_hours ? quiet_hours(*settings_.quiet_hours) : Judgement{};
  }

  // What is urgent, or waited for at a login, is sent by night too.
  Judgement quiet_hours(const QuietHours& quiet) {
    if (given_.otp || given_.lane == model::Lane::kUrgent) return {};
    const config::QuietHours* const hours = quiet.of(client_.name, given_.channel);
    if (hours == nullptr) return {};
    const model::TimePoint wanted = out_.send_at.value_or(now_);
    const auto earliest = quiet.earliest(*hours, out_.to, given_.timezone, wanted);
    if (!earliest) return wrong("/timezone", earliest.error());
    if (*earliest == wanted) return {};
    out_.send_at = *earliest;
    out_.schedule_reason = model::ScheduleReason::kQuietHours;
    return {};
  }

  Judgement extras() {
    const std::string& reference = given_.client_reference;
    if (!base::is_utf8(reference) || model::count_characters(reference) > kReferenceMax ||
        !is_printable(reference))
      return wrong("/client_reference", "A reference is at most 64 printable characters.");
    if (given_.callback_url.size() > kUrlMax || !is_printable(given_.callback_url))
      return wrong("/callback_url", "A URL is at most 2048 printable characters.");
    if (!given_.callback_url.empty() && settings_.callback_url_fault) {
      if (auto fault = settings_.callback_url_fault(given_.callback_url)) {
        return wrong("/callback_url", *std::move(fault));
      }
    }
    if (given_.metadata_json.size() > kMetadataMax)
      return wrong("/metadata", "The metadata is longer than 4096 bytes.");
    return {};
  }

  void complete() {
    out_.client = client_.id;
    out_.channel = given_.channel;
    out_.lane = given_.lane.value_or(model::Lane::kNormal);
    out_.in_doubt = given_.in_doubt.value_or(client_.in_doubt);
    out_.client_reference = given_.client_reference;
    out_.callback_url = given_.callback_url.empty() ? client_.callback_url : given_.callback_url;
    out_.metadata_json = given_.metadata_json;
    out_.in_conversation = client_.conversations;
    out_.parts = channel_.segmented ? model::segment(out_.text).parts : std::uint16_t{1};
    route();
    const PriceQuote quote =
        quote_price(settings_.prices, settings_.billing, client_, given_.channel, out_.to);
    out_.cost_cents = quote.cents * out_.parts;
  }

  // A pin is stronger than any rule.
  void route() {
    if (settings_.routes.empty() || !out_.pinned_provider.empty()) return;
    const auto rule = settings_.routes.match({.channel = out_.channel,
                                              .to = out_.to,
                                              .from = out_.from,
                                              .client = client_.name,
                                              .metadata_json = out_.metadata_json});
    if (rule) out_.route = settings_.routes.rule(*rule).name;
  }

  const IntakeSettings& settings_;
  const model::Client& client_;
  const Submission& given_;
  const model::ChannelInfo& channel_;
  model::TimePoint now_;
  model::NewMessage out_;
};

}  // namespace

std::expected<std::string, FieldError> judge_recipient(const IntakeSettings& settings,
                                                       const model::Client& client,
                                                       const Submission& given) {
  if (given.to.empty()) return wrong("/to", "The recipient is missing.");
  if (!model::channel_info(given.channel).telephony) {
    if (!model::is_email_address(given.to)) return wrong("/to", kNotAnAddress);
    return given.to;
  }
  const model::NumberRules rules{.default_region = given.digits_have_no_region
                                                       ? std::string()
                                                       : region_of(settings, client, given),
                                 .digits_are_international = given.digits_are_international,
                                 .check_possible = settings.numbers.validation == "possible"};
  auto number = model::normalise_number(given.to, rules);
  if (!number) return wrong("/to", number.error());
  return *std::move(number);
}

std::expected<model::NewMessage, FieldError> judge_submission(const IntakeSettings& settings,
                                                              const model::Client& client,
                                                              const Submission& submission,
                                                              model::TimePoint real_wall) {
  return Judge(settings, client, submission, real_wall).run();
}

}  // namespace heliograph::pipeline
