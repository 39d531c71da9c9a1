#include "plugins/providers/smtp/mail.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <ctime>
#include <utility>

#include "plugins/providers/smtp/address.h"
#include "plugins/providers/smtp/header_field.h"
#include "plugins/providers/smtp/mail_check.h"

namespace heliograph::plugins::smtp {

namespace {

constexpr std::string_view kPlainText = "text/plain; charset=utf-8";
constexpr std::string_view kHtml = "text/html; charset=utf-8";
constexpr std::string_view kBytes = "application/octet-stream";

bool begins_with_word(std::string_view text, std::string_view word) {
  return text.size() >= word.size() &&
         std::equal(word.begin(), word.end(), text.begin(), [](char a, char b) {
           return a == std::tolower(static_cast<unsigned char>(b));
         });
}

// The gateway's texts are UTF-8, whatever their sender left out.
std::string text_type(std::string_view given, std::string_view otherwise) {
  if (given.empty()) return std::string(otherwise);
  const bool complete = given.find(';') != std::string_view::npos;
  return std::string(given) + (complete ? "" : "; charset=utf-8");
}

// RFC 2045 section 6.4: base64 of a composite type would be no valid mail. Its bytes arrive as a
// file all the same.
std::string_view attachment_type(std::string_view given) {
  const bool composite =
      begins_with_word(given, "message/") || begins_with_word(given, "multipart/");
  return given.empty() || composite ? kBytes : given;
}

// An id is the gateway's, so this changes nothing in practice; it makes the head safe whatever
// comes.
std::string atom_of(std::string_view id) {
  std::string atom(id);
  std::ranges::replace_if(atom, [](char c) { return !is_atext(c) && c != '.'; }, '-');
  return atom;
}

class Composer {
 public:
  Composer(const sdk::Message& message, const MailProfile& profile, Mail& mail)
      : message_(message), profile_(profile), mail_(mail) {}

  void envelope() {
    const std::string_view sender =
        profile_.envelope_from.empty() ? message_.from() : profile_.envelope_from;
    mail_.sender = sender;
    mail_.recipient = message_.to();
    mail_.international = std::ranges::any_of(
        std::array{sender, message_.from(), message_.to()},
        [](std::string_view a) { return form_of_address(a) == AddressForm::kInternational; });
    const std::string_view domain = profile_.message_id_domain.empty() ? domain_of(message_.from())
                                                                       : profile_.message_id_domain;
    mail_.message_id = atom_of(message_.id()) + "@" + std::string(domain);
  }

  void head(std::chrono::nanoseconds unix_time) {
    append_raw_field(text_, "Date", date_of(unix_time));
    append_address_field(text_, "From", profile_.from_name, message_.from());
    append_address_field(text_, "To", {}, message_.to());
    append_text_field(text_, "Subject", message_.subject());
    append_raw_field(text_, "Message-ID", "<" + mail_.message_id + ">");
    for (const hg_kv& header : message_.headers()) {
      if (!profile_.shows(sdk::to_view(header.key))) continue;
      append_text_field(text_, sdk::to_view(header.key), sdk::to_view(header.value));
    }
    append_raw_field(text_, "MIME-Version", "1.0");
  }

  void body() {
    if (count(HG_PART_ATTACHMENT) == 0) {
      texts();
    } else {
      const std::string boundary = open_multipart("mixed");
      next_part(boundary);
      texts();
      each(HG_PART_ATTACHMENT, [&](const sdk::Part& part) {
        next_part(boundary);
        attachment(part);
      });
      close_multipart(boundary);
    }
    flush();
  }

 private:
  // The body and its other forms, the plainest first: RFC 2046 section 5.1.4.
  void texts() {
    const std::size_t others = count(HG_PART_ALTERNATIVE);
    const bool has_body = !message_.body().empty() || others == 0;
    if (others + (has_body ? 1 : 0) == 1) {
      if (has_body)
        text_part(text_type(message_.content_type(), kPlainText), message_.body());
      else
        each(HG_PART_ALTERNATIVE, [&](const sdk::Part& part) { alternative(part); });
      return;
    }
    const std::string boundary = open_multipart("alternative");
    if (has_body) {
      next_part(boundary);
      text_part(text_type(message_.content_type(), kPlainText), message_.body());
    }
    each(HG_PART_ALTERNATIVE, [&](const sdk::Part& part) {
      next_part(boundary);
      alternative(part);
    });
    close_multipart(boundary);
  }

  void alternative(const sdk::Part& part) {
    const std::string_view type = part.content_type();
    if (type.empty() || begins_with_word(type, "text/")) {
      text_part(text_type(type, kHtml), part.body());
    } else {  // an invitation in application/ics, say
      append_raw_field(text_, "Content-Type", attachment_type(type));
      base64(part.body());
    }
  }

  void text_part(std::string_view type, std::string_view content) {
    append_raw_field(text_, "Content-Type", type);
    append_raw_field(text_, "Content-Transfer-Encoding", "quoted-printable");
    text_ += "\r\n";
    flush();
    mail_.segments.push_back({Segment::Form::kQuotedPrintable, {}, content});
    text_ += "\r\n";
  }

  void attachment(const sdk::Part& part) {
    append_raw_field(text_, "Content-Type", attachment_type(part.content_type()));
    append_field_with_parameter(text_, "Content-Disposition", "attachment", "filename",
                                part.name());
    base64(part.body());
  }

  void base64(std::string_view content) {
    append_raw_field(text_, "Content-Transfer-Encoding", "base64");
    text_ += "\r\n";
    flush();
    mail_.segments.push_back({Segment::Form::kBase64, {}, content});
  }

  // "=_" occurs neither in quoted-printable nor in base64: no content can hold a boundary.
  std::string open_multipart(std::string_view kind) {
    const std::string boundary =
        "=_" + std::string(kind) + "_" + atom_of(message_.id().substr(0, 40));
    append_raw_field(text_, "Content-Type",
                     "multipart/" + std::string(kind) + ";\r\n boundary=\"" + boundary + "\"");
    text_ += "\r\n";
    return boundary;
  }
  void next_part(const std::string& boundary) { text_ += "--" + boundary + "\r\n"; }
  void close_multipart(const std::string& boundary) { text_ += "--" + boundary + "--\r\n"; }

  void flush() {
    if (text_.empty()) return;
    mail_.segments.push_back({Segment::Form::kText, std::exchange(text_, {}), {}});
  }

  std::size_t count(std::uint32_t kind) const {
    std::size_t found = 0;
    each(kind, [&](const sdk::Part&) { ++found; });
    return found;
  }

  template <typename F>
  void each(std::uint32_t kind, F&& visit) const {
    for (std::size_t i = 0; i < message_.part_count(); ++i) {
      if (message_.part(i).kind() == kind) visit(message_.part(i));
    }
  }

  const sdk::Message& message_;
  const MailProfile& profile_;
  Mail& mail_;
  std::string text_;
};

}  // namespace

bool MailProfile::shows(std::string_view header) const {
  return std::ranges::find(metadata_headers, header) != metadata_headers.end();
}

std::size_t Mail::size_estimate() const {
  std::size_t size = 0;
  for (const Segment& segment : segments) {
    const bool base64 = segment.form == Segment::Form::kBase64;
    size += segment.text.size();
    size += base64 ? Base64Lines::size_of(segment.content.size()) : segment.content.size();
  }
  return size;
}

Composed compose(const sdk::Message& message, const MailProfile& profile,
                 std::chrono::nanoseconds unix_time) {
  Composed made;
  made.error = fault_of(message, profile);
  if (!made.error.empty()) return made;
  Composer composer(message, profile, made.mail.emplace());
  composer.envelope();
  composer.head(unix_time);
  composer.body();
  return made;
}

std::string date_of(std::chrono::nanoseconds unix_time) {
  constexpr std::array kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                               "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t seconds = std::chrono::floor<std::chrono::seconds>(unix_time).count();
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  std::array<char, 16> day_of_month{};
  std::array<char, 32> rest{};
  std::strftime(day_of_month.data(), day_of_month.size(), "%d", &utc);
  std::strftime(rest.data(), rest.size(), "%Y %H:%M:%S +0000", &utc);
  std::string date = kDays[static_cast<std::size_t>(utc.tm_wday)];
  date.append(", ").append(day_of_month.data()).append(" ");
  return date.append(kMonths[static_cast<std::size_t>(utc.tm_mon)]).append(" ").append(rest.data());
}

}  // namespace heliograph::plugins::smtp
