#include "plugins/providers/http/receipts.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <utility>

#include <heliograph/json.hpp>

#include "plugins/providers/http/form.h"
#include "plugins/providers/http/json_table.h"
#include "plugins/providers/http/pointers.h"
#include "plugins/providers/http/signature.h"
#include "plugins/providers/http/timestamp.h"

namespace heliograph::plugins::http {

namespace {

// One store transaction each; providers that batch send hundreds.
constexpr std::size_t kReceiptsMax = 1'000;
constexpr std::size_t kReasonBytesMax = 256;

struct State {
  std::string_view name;
  std::uint32_t state;
};

constexpr std::array kStates{
    State{"accepted", HG_RCPT_ACCEPTED},       State{"delivered", HG_RCPT_DELIVERED},
    State{"undelivered", HG_RCPT_UNDELIVERED}, State{"expired", HG_RCPT_EXPIRED},
    State{"rejected", HG_RCPT_REJECTED},       State{"unknown", HG_RCPT_UNKNOWN},
};

// The default vocabulary: the gateway's own.
constexpr std::array kDefaultStatuses{
    State{"ACCEPTED", HG_RCPT_ACCEPTED},       State{"DELIVERED", HG_RCPT_DELIVERED},
    State{"FAILED_PERM", HG_RCPT_UNDELIVERED}, State{"EXPIRED", HG_RCPT_EXPIRED},
    State{"REJECTED", HG_RCPT_REJECTED},
};

std::string mapped(std::string_view text, int (*convert)(int)) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(convert(static_cast<unsigned char>(c)));
  return out;
}

std::string upper(std::string_view text) { return mapped(text, &std::toupper); }
std::string lower(std::string_view text) { return mapped(text, &std::tolower); }

// Cut, not in the middle of a UTF-8 sequence.
std::string shortened(std::string text) {
  if (text.size() <= kReasonBytesMax) return text;
  std::size_t length = kReasonBytesMax;
  while (length > 0 && (static_cast<unsigned char>(text[length]) & 0xC0u) == 0x80u) --length;
  text.resize(length);
  return text;
}

bool is_form(const sdk::IngressRequest& request) {
  const std::string type = lower(request.header("content-type").value_or(""));
  return type.starts_with("application/x-www-form-urlencoded");
}

}  // namespace

ReceiptReader::ReceiptReader(const sdk::Config& config)
    : enabled_(config.flag("receipts.enabled")),
      secret_(config.find_text("receipts.secret").value_or("")),
      header_(lower(config.text("receipts.signature_header"))),
      inbound_(config) {
  pointers_.list = pointer_in(config, "receipts.list");
  pointers_.provider_message_id = pointer_in(config, "receipts.provider_message_id");
  pointers_.message_id = pointer_in(config, "receipts.message_id");
  pointers_.status = pointer_in(config, "receipts.status");
  pointers_.code = pointer_in(config, "receipts.code");
  pointers_.reason = pointer_in(config, "receipts.reason");
  pointers_.timestamp = pointer_in(config, "receipts.timestamp");
  if (pointers_.provider_message_id.empty() && pointers_.message_id.empty()) {
    throw sdk::ConfigError("receipts.provider_message_id", "or message_id must be there");
  }
  if (pointers_.status.empty()) throw sdk::ConfigError("receipts.status", "must not be empty");
  for (const State& known : kDefaultStatuses) states_.emplace(known.name, known.state);
  for (const auto& [status, name] : texts_at(config, "/receipts/statuses")) {
    const auto found = std::ranges::find(kStates, name, &State::name);
    if (found == kStates.end()) {
      throw sdk::ConfigError("receipts.statuses." + status,
                             "must be accepted, delivered, undelivered, expired, rejected or "
                             "unknown");
    }
    states_.insert_or_assign(upper(status), found->state);
  }
}

sdk::IngressAnswer ReceiptReader::switched_off() {
  return sdk::IngressAnswer::error(404, "receipts are switched off for this provider\n");
}

sdk::IngressAnswer ReceiptReader::read(const sdk::IngressRequest& request) const {
  using Answer = sdk::IngressAnswer;
  if (!enabled_ && !inbound_.enabled()) return switched_off();
  if (request.method() != "POST") return Answer::error(405, "receipts are taken by POST\n");
  if (secret_.empty() && !request.local()) {
    return Answer::error(403,
                         "without receipts.secret, receipts are taken from this machine only\n");
  }
  const std::string_view signature = request.header(header_).value_or("");
  if (!secret_.empty() && !signature_matches(secret_, request.body(), signature)) {
    return Answer::error(401, "the signature is missing or wrong\n");
  }
  if (is_form(request)) return read_document(form_to_json(request.body()));
  if (!sdk::json::valid(request.body())) {
    return Answer::error(400, "the body is not valid JSON\n");
  }
  return read_document(request.body());
}

sdk::IngressAnswer ReceiptReader::read_document(std::string_view document) const {
  const std::optional<std::string_view> list = sdk::json::find(document, pointers_.list);
  if (!list) return sdk::IngressAnswer::error(400, pointers_.list + " is missing\n");
  const std::vector<std::string_view> elements = sdk::json::elements(*list);
  if (elements.size() > kReceiptsMax) {
    return sdk::IngressAnswer::error(413, "more than 1000 receipts in one request\n");
  }
  sdk::IngressAnswer answer;
  std::size_t messages = 0;
  for (std::size_t i = 0; i < elements.size(); ++i) {
    const bool is_message = elements[i].front() == '{' && inbound_.matches(elements[i]);
    if (!is_message && !enabled_) return switched_off();
    const std::string problem =
        is_message ? inbound_.add(elements[i], answer.events) : add(elements[i], answer.events);
    if (is_message) ++messages;
    if (problem.empty()) continue;
    const std::string what = is_message ? "message " : "receipt ";
    return sdk::IngressAnswer::error(400, what + std::to_string(i) + ": " + problem + "\n");
  }
  answer.content_type = "application/json";
  sdk::json::Object body;
  body.number("receipts", elements.size() - messages);
  if (messages > 0) body.number("inbound", messages);
  answer.body = body.finish();
  return answer;
}

// Adds one receipt; returns what is wrong with it, "" when nothing.
std::string ReceiptReader::add(std::string_view element, sdk::Events& events) const {
  if (element.front() != '{') return "is no object";
  sdk::Receipt receipt;
  receipt.provider_msg_id = text_at(element, pointers_.provider_message_id);
  receipt.message_id = text_at(element, pointers_.message_id);
  if (receipt.provider_msg_id.empty() && receipt.message_id.empty()) {
    const bool by_provider = !pointers_.provider_message_id.empty();
    return (by_provider ? pointers_.provider_message_id : pointers_.message_id) + " is missing";
  }
  const std::string status = text_at(element, pointers_.status);
  if (status.empty()) return pointers_.status + " is missing";
  const std::string timestamp = text_at(element, pointers_.timestamp);
  receipt.state = state_of(status);
  receipt.provider_code = text_at(element, pointers_.code);
  receipt.detail = shortened(text_at(element, pointers_.reason));
  // A moment nobody can read is no reason to lose a receipt: it then counts as of now.
  receipt.at_unix = parse_timestamp(timestamp).value_or(std::chrono::nanoseconds{0});
  receipt.dedup_key =
      (receipt.provider_msg_id.empty() ? receipt.message_id : receipt.provider_msg_id) + "/" +
      status + "/" + timestamp;
  events.add(std::move(receipt));
  return {};
}

std::uint32_t ReceiptReader::state_of(std::string_view status) const {
  const auto found = states_.find(upper(status));
  return found == states_.end() ? HG_RCPT_UNKNOWN : found->second;
}

}  // namespace heliograph::plugins::http
