#include "plugins/providers/http/bodies.h"

#include <string>

#include "plugins/providers/http/body_template.h"
#include "plugins/providers/http/json_table.h"
#include "plugins/providers/http/parts.h"

namespace heliograph::plugins::http {

namespace {

struct Channel {
  std::uint32_t bit;
  const char* name;
  // The gateway's own shape, as the mock provider takes it. A form cannot hold attachments.
  std::string_view json;
  std::string_view form;
};

constexpr std::string_view kSms =
    R"({"phone":"{to}","from":"{from}","text":"{text}","message_id":"{id}"})";
constexpr std::string_view kMms =
    R"({"phone":"{to}","from":"{from}","text":"{text}","media":"{media}","message_id":"{id}"})";
constexpr std::string_view kEmail =
    R"({"subject":"{subject}","body":"{text}","recipients":["{to}"],"from":"{from}",)"
    R"("html":"{html}","attachments":"{attachments}","message_id":"{id}"})";
constexpr std::string_view kEmailForm =
    R"({"subject":"{subject}","body":"{text}","recipients":["{to}"],"from":"{from}",)"
    R"("html":"{html}","message_id":"{id}"})";

constexpr std::array<Channel, 3> kTable{{{HG_CH_SMS, "sms", kSms, kSms},
                                         {HG_CH_MMS, "mms", kMms, kMms},
                                         {HG_CH_EMAIL, "email", kEmail, kEmailForm}}};

bool has_part(const sdk::Message& message, std::uint32_t kind) {
  return message.find_part(kind).has_value();
}

}  // namespace

Bodies::Bodies(const sdk::Config& config, const Secrets& secrets, const Template& rest) {
  const bool form = config.text("format") == "form";
  const bool bodiless = config.text("method") == "GET";
  const std::string_view all = table_at(config, "/body");
  if (bodiless && !all.empty()) {
    throw sdk::ConfigError("body", "a GET request has none: put placeholders into url");
  }
  for (std::size_t i = 0; i < kTable.size(); ++i) {
    const std::string path = std::string("bodies.") + kTable[i].name;
    const std::string_view own = table_at(config, std::string("/bodies/") + kTable[i].name);
    if (bodiless && !own.empty()) {
      throw sdk::ConfigError(path, "a GET request has none: put placeholders into url");
    }
    const std::string_view given = own.empty() ? all : own;
    const std::string_view source =
        !given.empty() ? given : (form ? kTable[i].form : kTable[i].json);
    Body& body = bodies_[i];
    if (!bodiless) {
      const std::string& where = own.empty() ? "body" : path;
      body.text = form ? form_body(source, secrets, where) : json_body(source, secrets, where);
    }
    const auto has = [&](Template::Field field) {
      return body.text.uses(field) || rest.uses(field);
    };
    body.has_html = has(Template::Field::kHtml);
    body.has_media = has(Template::Field::kMedia);
    body.has_attachments = has(Template::Field::kAttachments);
  }
}

const Bodies::Body& Bodies::of(const sdk::Message& message) const {
  for (std::size_t i = 0; i < kTable.size(); ++i) {
    if (kTable[i].bit == message.channel()) return bodies_[i];
  }
  return bodies_.front();
}

void Bodies::render(const sdk::Message& message, std::string& out) const {
  of(message).text.render(message, out);
}

std::string_view Bodies::cannot_carry(const sdk::Message& message) const {
  if (message.part_count() == 0) return {};
  const Body& body = of(message);
  if (!body.has_attachments && has_part(message, HG_PART_ATTACHMENT)) {
    return "the body configured for this provider has no {attachments}";
  }
  if (!body.has_media && has_part(message, HG_PART_MEDIA)) {
    return "the body configured for this provider has no {media}";
  }
  // Beside a text the HTML only says the same again.
  if (!body.has_html && message.body().empty() && !html_of(message).empty()) {
    return "the body configured for this provider has no {html}, and the message has no text";
  }
  return {};
}

}  // namespace heliograph::plugins::http
