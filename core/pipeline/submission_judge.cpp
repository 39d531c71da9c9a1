#include "core/pipeline/submission_judge.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string_view>

#include "core/base/text.h"
#include "core/model/phone_number.h"
#include "core/model/segments.h"

namespace heliograph::pipeline {

namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

constexpr std::size_t kReferenceMax = 64;
constexpr std::size_t kUrlMax = 2'048;
constexpr std::size_t kMetadataMax = 4'096;
// RFC 5321, 4.5.3.1: a path holds 256 octets with its angle brackets.
constexpr std::size_t kEmailMax = 254;
// Nobody means a later time; a wrong unit or year does.
constexpr milliseconds kAheadMax = hours{24 * 366};
constexpr milliseconds kValidityMax = hours{24 * 31};

using Judgement = std::expected<void, FieldError>;

std::unexpected<FieldError> wrong(std::string pointer, std::string detail) {
  return std::unexpected(FieldError{std::move(pointer), std::move(detail)});
}

bool is_email(std::string_view text) {
  const std::size_t at = text.rfind('@');
  if (text.size() > kEmailMax || at == std::string_view::npos || at == 0 || at + 1 == text.size())
    return false;
  return std::ranges::all_of(text, [](char c) {
    return static_cast<unsigned char>(c) > 0x20 && c != 0x7f && c != '<' && c != '>' && c != ',';
  });
}

bool is_printable(std::string_view text) {
  return std::ranges::none_of(
      text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

class Judge {
 public:
  Judge(const IntakeSettings& settings, const model::Client& client, const Submission& given,
        model::TimePoint real_wall)
      : settings_(settings), client_(client), given_(given), now_(real_wall) {}

  std::expected<model::NewMessage, FieldError> run() {
    using Step = Judgement (Judge::*)();
    // In the order in which people write the fields: the first thing wrong is what they hear of.
    for (const Step step : {&Judge::recipient, &Judge::sender, &Judge::text, &Judge::pin,
                            &Judge::times, &Judge::extras}) {
      if (Judgement verdict = (this->*step)(); !verdict) return std::unexpected(verdict.error());
    }
    complete();
    return std::move(out_);
  }

 private:
  bool telephony() const { return given_.channel != model::Channel::kEmail; }

  Judgement recipient() {
    if (given_.to.empty()) return wrong("/to", "The recipient is missing.");
    if (!telephony()) {
      if (!is_email(given_.to)) return wrong("/to", "This is not an e-mail address.");
      out_.to = given_.to;
      return {};
    }
    const model::NumberRules rules{.default_region = client_.default_region.empty()
                                                         ? settings_.numbers.default_region
                                                         : client_.default_region,
                                   .check_possible = settings_.numbers.validation == "possible"};
    auto number = model::normalise_number(given_.to, rules);
    if (!number) return wrong("/to", number.error());
    out_.to = *std::move(number);
    if (out_.to != given_.to) out_.to_given = given_.to;
    return {};
  }

  Judgement sender() {
    out_.from = given_.from.empty() ? settings_.messages.default_from : given_.from;
    if (out_.from.empty())
      return wrong("/from", "The sender is missing and the gateway has no default sender.");
    if (telephony() && !model::is_valid_sender(out_.from)) {
      return wrong(
          "/from",
          "A sender is a number in international form, a short code of 3 to 8 digits, or 1 "
          "to 11 letters, digits and blanks with at least one letter.");
    }
    if (!telephony() && !is_email(out_.from))
      return wrong("/from", "This is not an e-mail address.");
    return {};
  }

  Judgement text() {
    if (given_.text.empty()) return wrong("/text", "The text is missing.");
    if (!base::is_utf8(given_.text)) return wrong("/text", "The text is not well-formed UTF-8.");
    const std::size_t characters = model::count_characters(given_.text);
    if (characters > settings_.messages.text_max) {
      return wrong("/text", fmt::format("The text has {} characters; at most {} are allowed.",
                                        characters, settings_.messages.text_max));
    }
    out_.text = given_.text;
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
    if (!given_.send_at) return {};
    if (*given_.send_at > now_ + kAheadMax)
      return wrong("/send_at", "The time to send at is more than a year ahead.");
    if (*given_.send_at > now_) out_.send_at = given_.send_at;  // a past one means now
    return {};
  }

  Judgement extras() {
    if (given_.client_reference.size() > kReferenceMax || !is_printable(given_.client_reference))
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
    out_.parts = telephony() ? model::segment(out_.text).parts : std::uint16_t{1};
    if (!client_.billing) return;
    const std::int64_t price =
        client_.price_per_part_cents.value_or(settings_.billing.price_per_part_cents);
    out_.cost_cents = price * out_.parts;
  }

  const IntakeSettings& settings_;
  const model::Client& client_;
  const Submission& given_;
  model::TimePoint now_;
  model::NewMessage out_;
};

}  // namespace

std::expected<model::NewMessage, FieldError> judge_submission(const IntakeSettings& settings,
                                                              const model::Client& client,
                                                              const Submission& submission,
                                                              model::TimePoint real_wall) {
  return Judge(settings, client, submission, real_wall).run();
}

}  // namespace heliograph::pipeline
