// The http provider: what a message brings into a request's body, what answers and receipts say.
#include <algorithm>
#include <array>
#include <string>

#include "core/base/text.h"
#include "plugins/providers/http/answer.h"
#include "plugins/providers/http/body_template.h"
#include "plugins/providers/http/form.h"
#include "plugins/providers/http/receipts.h"
#include "plugins/providers/http/template.h"
#include "tests/fuzz/target.h"

#include <heliograph/json.hpp>
#include <heliograph/testing/config_tree.hpp>

namespace heliograph::plugins::http {
namespace {

using sdk::testing::ConfigTree;
using sdk::testing::Value;

void check_template(fuzz::Pieces pieces) {
  static const Template kJson = json_body(
      R"({"to":"{to}","from":"{from}","t":["{text}",{"x{{":"{x-campaign}"}]})", {}, "body");
  static const Template kForm =
      form_body(R"({"to":"{to}","from":"{from}","text":"{text}"})", {}, "body");
  std::array<hg_kv, 1> headers{};
  hg_message raw{};
  raw.size = sizeof raw;
  raw.channel = HG_CH_SMS;
  raw.to = sdk::to_abi(pieces.line());
  raw.from = sdk::to_abi(pieces.line());
  headers[0] = {HG_STR("x-campaign"), sdk::to_abi(pieces.line())};
  raw.headers = headers.data();
  raw.n_headers = 1;
  raw.body = sdk::to_abi(pieces.rest());
  std::string body;
  kJson.render(sdk::Message(raw), body);
  MUST(sdk::json::valid(body));
  MUST(sdk::json::text_at(body, "/t/0").has_value());
  body.clear();
  kForm.render(sdk::Message(raw), body);
  MUST(std::ranges::count(body, '&') == 2 && std::ranges::count(body, '=') == 3);
  std::string header;
  append_escaped(header, pieces.rest(), Escape::kHeader);
  for (const char c : header) MUST(static_cast<unsigned char>(c) >= ' ' && c != 127);
}

void check_operators_template(std::string_view table) {
  if (!sdk::json::valid(table) || !base::is_utf8(table)) return;  // the gateway hands over JSON
  try {
    const Template made = json_body(table, {}, "body");
    hg_message raw{};
    raw.size = sizeof raw;
    raw.body = HG_STR("hel\"lo");
    std::string body;
    made.render(sdk::Message(raw), body);
    MUST(sdk::json::valid(body));
  } catch (const sdk::ConfigError& error) {
    MUST(std::string_view(error.what()).size() > 0);
  }
}

void check_answer(fuzz::Pieces pieces) {
  AnswerRules rules;
  rules.id_pointers = {"/message_id", "/messages/0/id"};
  rules.id_header = "x-id";
  rules.error_pointer = "/code";
  rules.classification.set_code("21610", HG_REJECTED);
  const AnswerReader reader(rules);
  const std::string_view text = pieces.line();
  const std::array<hg_kv, 2> headers{sdk::kv("retry-after", text), sdk::kv("x-id", text)};
  hg_http_response raw{};
  raw.size = sizeof raw;
  raw.progress = HG_HTTP_COMPLETE;
  raw.code = 100u + pieces.byte() * 2u;
  raw.headers = headers.data();
  raw.n_headers = headers.size();
  raw.body = sdk::to_abi(pieces.rest());
  const sdk::SendResult result =
      reader.read(sdk::HttpResponse(raw), std::chrono::nanoseconds{1'700'000'000'000'000'000});
  MUST(result.outcome <= HG_REFUSED);
  if (result.outcome == HG_SENT) MUST(raw.code >= 200 && raw.code < 300);
}

const ReceiptReader& receipts() {
  static const ReceiptReader reader = [] {
    static const ConfigTree tree(Value::parse(
        R"({"receipts":{"enabled":true,"signature_header":"X-Signature","list":"",)"
        R"("provider_message_id":"/id","message_id":"/message_id","status":"/status",)"
        R"("code":"/code","reason":"/reason","timestamp":"/at","statuses":{"ok":"delivered"}},)"
        R"("inbound":{"enabled":true,"kind":"/kind","kind_value":"inbound","id":"/id","from":"/from",)"
        R"("to":"/to","text":"/text","subject":"/subject","html":"/html","media":"/media{n}",)"
        R"("channel":"/channel","timestamp":"/at"}})"));
    static hg_host host{};
    ConfigTree::install(host);
    return ReceiptReader(sdk::Config(&host, tree.raw()));
  }();
  return reader;
}

void check_receipts(fuzz::Pieces pieces) {
  const std::array<hg_kv, 1> headers{sdk::kv("content-type", pieces.line())};
  hg_ingress_request raw{};
  raw.size = sizeof raw;
  raw.method = HG_STR("POST");
  raw.headers = headers.data();
  raw.n_headers = 1;
  raw.flags = HG_INGRESS_F_LOCAL;
  raw.body = sdk::to_abi(pieces.rest());
  const sdk::IngressAnswer answer = receipts().read(sdk::IngressRequest(raw));
  MUST(answer.code == 200 || answer.code == 400 || answer.code == 413);
  if (answer.code != 200) MUST(answer.events.size() == 0);
}

}  // namespace

FUZZ_TARGET(http_provider) {
  fuzz::Pieces pieces(input);
  switch (pieces.byte() & 7) {
    case 0:
      return check_template(pieces);
    case 1:
      return check_operators_template(pieces.rest());
    case 2:
      return check_answer(pieces);
    case 3:
      return check_receipts(pieces);
    default:
      MUST(sdk::json::valid(form_to_json(pieces.rest())));
  }
}

}  // namespace heliograph::plugins::http
