// A provider over hg.http-client/1 with one thing wrong: built several times, with another BAD_...
// each. What is wrong stands in provider.toml.
#include <heliograph/abi/ext/http_client.h>
#include <unistd.h>

#include <deque>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>

#include "bad_module.h"

struct hg_instance {
  const hg_host* host;
  const hg_http_client* http;
  hg_str url;
  std::deque<hg_op> order;              // crossed_outcomes
  std::map<hg_op, std::string> bodies;  // sends_again
  bool sent = false;
};

namespace {

constexpr hg_str kSchema = HG_STR_INIT(
    "{\"type\": \"object\", \"additionalProperties\": false, \"properties\": {\"url\": "
    "{\"type\": \"string\", \"pattern\": \"^https?://\", "
    "\"default\": \"http://127.0.0.1:9/messages\"}}}");

hg_status create(const hg_host* host, const hg_component*, const hg_config* cfg, hg_instance** out,
                 hg_error* err) {
  const void* http = host->get_extension(host, HG_EXT_HTTP_CLIENT);
  if (http == nullptr) return say(err, HG_E_UNSUPPORTED, "needs " HG_EXT_HTTP_CLIENT);
  hg_str url{};
  if (host->cfg_str(cfg, "url", &url) != HG_OK) return say(err, HG_E_CONFIG, "url: is missing");
  *out = new hg_instance{host, static_cast<const hg_http_client*>(http), url, {}, {}};
  return HG_OK;
}

void destroy(hg_instance* self) {
#if defined(BAD_COMPLETES_AFTER_DESTROY)
  if (self->sent) {
    std::thread([host = self->host] {
      usleep(20'000);
      hg_send_result late{};
      late.size = sizeof(late);
      late.op = 1;
      host->complete_send(host, &late, 1);
    }).detach();
  }
#endif
  delete self;
}

uint32_t outcome_of(const hg_http_response& answer) {
  const uint32_t code = answer.code;
#if defined(BAD_RETRY_IN_DOUBT)
  if (answer.progress < HG_HTTP_HEAD) return HG_RETRY;
#endif
#if defined(BAD_UNKNOWN_WHEN_UNSENT)
  if (answer.progress < HG_HTTP_HEAD) return HG_UNKNOWN;
#endif
#if defined(BAD_SENT_IN_DOUBT)
  if (answer.progress == HG_HTTP_WRITTEN) return HG_SENT;
#endif
  if (answer.progress < HG_HTTP_WRITTEN) return HG_RETRY;
  if (answer.progress < HG_HTTP_HEAD) return HG_UNKNOWN;
#if defined(BAD_RETRY_WHEN_CUT)
  if (answer.status != HG_OK) return HG_RETRY;
#endif
  if (code >= 200 && code < 300) return HG_SENT;
  if (code == 429) return HG_THROTTLED;
#if !defined(BAD_REJECTS_CREDENTIALS)
  if (code == 401) return HG_REFUSED;
#endif
#if defined(BAD_REJECTS_SERVER_ERROR)
  return HG_REJECTED;
#endif
  return code < 400 || code >= 500 ? HG_RETRY : HG_REJECTED;
}

uint64_t pause_of(const hg_http_response& answer) {
  uint64_t seconds = 0;
  for (size_t i = 0; i < answer.n_headers; ++i) {
    const std::string name(answer.headers[i].key.ptr, answer.headers[i].key.len);
    const std::string value(answer.headers[i].value.ptr, answer.headers[i].value.len);
    const bool number = !value.empty() && value.size() < 5 &&
                        value.find_first_not_of("0123456789") == std::string::npos;
    if (name == "retry-after" && number) seconds = std::stoull(value);
  }
  return seconds * 1'000'000'000;
}

void on_answer(void* arg, uint64_t tag, const hg_http_response* answer);

hg_status request(hg_instance* self, hg_op op, hg_str text) {
  hg_http_request request{};
  request.size = sizeof(request);
  request.method = HG_STR("POST");
  request.url = self->url;
  request.body = text;
  request.deadline_mono_ns = self->host->now_mono_ns(self->host) + 5'000'000'000;
  return self->http->request(self->host, &request, &on_answer, self, op, nullptr);
}

void on_answer(void* arg, uint64_t tag, const hg_http_response* answer) {
  auto* self = static_cast<hg_instance*>(arg);
  hg_send_result result{};
  result.size = sizeof(result);
  result.op = tag;
  result.outcome = outcome_of(*answer);
#if !defined(BAD_IGNORES_RETRY_AFTER)
  result.retry_after_ns = pause_of(*answer);
#endif
#if defined(BAD_NEVER_COMPLETES)
  return;
#endif
#if defined(BAD_CRASHES_ON_HUGE_BODY)
  if (answer->body.len > (256u << 10u)) *static_cast<volatile char*>(nullptr) = 1;
#endif
#if defined(BAD_ECHOES_BYTES)
  result.provider_msg_id = answer->body;
#endif
#if defined(BAD_CROSSED_OUTCOMES)
  result.op = self->order.front();
  self->order.pop_front();
#endif
#if defined(BAD_SENDS_AGAIN)
  const auto kept = self->bodies.find(tag);
  if (answer->progress == HG_HTTP_WRITTEN && kept != self->bodies.end()) {
    const std::string body = kept->second;
    self->bodies.erase(kept);
    if (request(self, tag, {body.data(), body.size()}) == HG_OK) return;
  }
#endif
#if defined(BAD_FOREIGN_OP)
  hg_send_result foreign = result;
  foreign.op = tag + 1000;
  self->host->complete_send(self->host, &foreign, 1);
#endif
  self->host->complete_send(self->host, &result, 1);
#if defined(BAD_DOUBLE_COMPLETION)
  self->host->complete_send(self->host, &result, 1);
#endif
}

hg_status caps(hg_instance*, hg_provider_caps* out) {
  out->channels = HG_CH_SMS;
  out->max_batch = 4;
  return HG_OK;
}

hg_status send(hg_instance* self, const hg_send_item* items, size_t n, size_t* accepted) {
  self->sent = true;
#if defined(BAD_THROWS_IN_SEND)
  throw std::logic_error("thrown in send");
#endif
#if defined(BAD_HANGS_IN_SEND)
  for (;;) pause();
#endif
#if defined(BAD_BLOCKS_IN_SEND)
  static int calls = 0;
  if (calls++ == 0) usleep(400'000);
#endif
#if defined(BAD_CRASHES_IN_SEND)
  *static_cast<volatile char*>(nullptr) = 1;
#endif
#if defined(BAD_EXITS_IN_SEND)
  _exit(0);
#endif
  hg_status status = HG_OK;
  for (*accepted = 0; *accepted < n; ++*accepted) {
    const hg_send_item& item = items[*accepted];
#if !defined(BAD_SENDS_LATE)
    const bool late =
        item.deadline_mono_ns != 0 && item.deadline_mono_ns <= self->host->now_mono_ns(self->host);
    if (late) return HG_E_DEADLINE;
#endif
    self->bodies[item.op] = std::string(item.msg->body.ptr, item.msg->body.len);
    self->order.push_back(item.op);
    status = request(self, item.op, item.msg->body);
    if (status != HG_OK) break;
  }
#if defined(BAD_LOSES_REST_OF_BATCH)
  return HG_OK;
#endif
#if defined(BAD_TAKES_MORE_THAN_IT_SAYS)
  if (n > 1) *accepted = 1, status = HG_E_BUSY;
#endif
  return status;
}

const hg_lifecycle life{
    sizeof(hg_lifecycle), 0, create, nullptr, nullptr, nullptr, nullptr, destroy, nullptr};
const hg_provider table{sizeof(hg_provider), 0, caps, send, nullptr};

}  // namespace

BAD_PLUGIN(HG_KIND_PROVIDER, life, table, kSchema)
