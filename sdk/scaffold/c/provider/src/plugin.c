/* An HTTP provider in C99, straight on the ABI: posts each message as JSON and reads the provider's
 * id from the answer.
 *
 * There is no state per message: the instance is the callback's arg and the host's op is its tag.
 */
#include <heliograph/abi/abi.h>
#include <heliograph/abi/ext/http_client.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"

static const char schema[] =
    "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\","
    "\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"url\"],\"properties\":{"
    "\"url\":{\"type\":\"string\",\"pattern\":\"^https?://\","
    "\"description\":\"Where messages are posted.\","
    "\"examples\":[\"http://127.0.0.1:8071/api/sms/provider1\"]},"
    "\"timeout\":{\"type\":\"string\",\"default\":\"5s\",\"x-unit\":\"duration\","
    "\"description\":\"How long one exchange may take, within the message's own deadline.\"},"
    "\"id_field\":{\"type\":\"string\",\"default\":\"message_id\",\"minLength\":1,"
    "\"description\":\"Member of the answer that holds the provider's message id.\"},"
    "\"max_in_flight\":{\"type\":\"integer\",\"default\":64,\"minimum\":1,\"maximum\":100000,"
    "\"description\":\"Sends that may wait for an answer at once.\"}}}";

struct hg_instance {
  const hg_host* host;
  const hg_http_client* http;
  hg_str url, id_field; /* live as long as the configuration, so until destroy() */
  uint64_t timeout_ns;
  uint32_t max_in_flight;
};

static hg_status fail(hg_error* err, hg_status status, const char* text) {
  if (err != NULL) {
    err->code = status;
    err->msg_len = (uint32_t)strlen(text);
    memcpy(err->msg, text, err->msg_len);
  }
  return status;
}

/* ---- life cycle */

static hg_status create(const hg_host* host, const hg_component* component, const hg_config* cfg,
                        hg_instance** out, hg_error* err) {
  hg_instance* self;
  const hg_http_client* http = host->get_extension(host, HG_EXT_HTTP_CLIENT);
  int64_t timeout = 0, max_in_flight = 0;
  hg_str url, id_field;
  (void)component;
  if (http == NULL) {
    return fail(err, HG_E_UNSUPPORTED, "this gateway does not offer " HG_EXT_HTTP_CLIENT);
  }
  if (host->cfg_str(cfg, "url", &url) != HG_OK) return fail(err, HG_E_CONFIG, "url: is missing");
  if (host->cfg_str(cfg, "id_field", &id_field) != HG_OK ||
      host->cfg_i64(cfg, "max_in_flight", &max_in_flight) != HG_OK) {
    return fail(err, HG_E_CONFIG, "id_field, max_in_flight: are missing");
  }
  if (host->cfg_i64(cfg, "timeout", &timeout) != HG_OK || timeout <= 0) {
    return fail(err, HG_E_CONFIG, "timeout: must be above 0");
  }
  self = calloc(1, sizeof(*self));
  if (self == NULL) return fail(err, HG_E_INTERNAL, "out of memory");
  self->host = host;
  self->http = http;
  self->url = url;
  self->id_field = id_field;
  self->timeout_ns = (uint64_t)timeout;
  self->max_in_flight = (uint32_t)max_in_flight;
  *out = self;
  return HG_OK;
}

static void destroy(hg_instance* self) { free(self); }

/* ---- answers */

static uint32_t outcome_of(const hg_http_response* response) {
  const uint32_t code = response->code;
  if (response->progress < HG_HTTP_WRITTEN) return HG_RETRY;
  if (response->progress < HG_HTTP_HEAD) return HG_UNKNOWN;
  if (code >= 200 && code < 300) return HG_SENT;
  if (code == 429 || code == 503) return HG_THROTTLED;
  if (code == 401) return HG_REFUSED;
  if (code == 403 || code == 408 || code < 400 || code >= 500) return HG_RETRY;
  return HG_REJECTED;
}

/* Retry-After in seconds, at most a day; a date is left to the host's own backoff. */
static uint64_t retry_after_ns(const hg_http_response* response) {
  uint64_t seconds = 0;
  size_t i, k;
  for (i = 0; i < response->n_headers; ++i) {
    const hg_str name = response->headers[i].key, value = response->headers[i].value;
    if (name.len != 11 || memcmp(name.ptr, "retry-after", 11) != 0) continue;
    for (k = 0; k < value.len && k < 6; ++k) {
      if (value.ptr[k] < '0' || value.ptr[k] > '9') return 0;
      seconds = seconds * 10 + (uint64_t)(value.ptr[k] - '0');
    }
  }
  return (seconds < 86400 ? seconds : 86400) * 1000000000u;
}

static void on_answer(void* arg, uint64_t tag, const hg_http_response* response) {
  hg_instance* self = arg;
  char id[256];
  hg_send_result result;
  memset(&result, 0, sizeof(result));
  result.size = sizeof(result);
  result.op = tag;
  result.outcome = outcome_of(response);
  result.status_code = (int32_t)response->code;
  result.detail = response->detail;
  if (result.outcome == HG_SENT) {
    result.provider_msg_id.ptr = id;
    result.provider_msg_id.len = json_member(response->body, self->id_field, id, sizeof(id));
  } else if (result.outcome == HG_THROTTLED || result.outcome == HG_RETRY) {
    result.retry_after_ns = retry_after_ns(response);
  }
  self->host->complete_send(self->host, &result, 1);
}

/* ---- sending */

static hg_status caps(hg_instance* self, hg_provider_caps* out) {
  HG_PUT(out, channels, HG_CH_SMS);
  HG_PUT(out, max_batch, 16);
  HG_PUT(out, max_inflight, self->max_in_flight);
  HG_PUT(out, flags, HG_CAP_DEDUPES);
  return HG_OK;
}

static hg_status post_one(hg_instance* self, const hg_send_item* item, hg_str body) {
  const uint64_t own_deadline = self->host->now_mono_ns(self->host) + self->timeout_ns;
  hg_kv headers[2];
  hg_http_request request;
  headers[0].key = HG_STR("content-type");
  headers[0].value = HG_STR("application/json");
  headers[1].key = HG_STR("idempotency-key");
  headers[1].value = item->msg->idempotency_key;
  memset(&request, 0, sizeof(request));
  request.size = sizeof(request);
  request.flags = HG_HTTP_F_SAFE_TO_RESEND;
  request.method = HG_STR("POST");
  request.url = self->url;
  request.headers = headers;
  request.n_headers = 2;
  request.body = body;
  request.deadline_mono_ns = own_deadline;
  if (item->deadline_mono_ns != 0 && item->deadline_mono_ns < own_deadline) {
    request.deadline_mono_ns = item->deadline_mono_ns;
  }
  return self->http->request(self->host, &request, on_answer, self, item->op, NULL);
}

/* An error here is about the item that follows the accepted ones: nothing of it was sent. */
static hg_status send_items(hg_instance* self, const hg_send_item* items, size_t n,
                            size_t* accepted) {
  for (*accepted = 0; *accepted < n; ++*accepted) {
    const hg_send_item* item = &items[*accepted];
    json_object body;
    hg_str text;
    hg_status status;
    memset(&body, 0, sizeof(body));
    json_add(&body, "phone", item->msg->to);
    json_add(&body, "text", item->msg->body);
    json_add(&body, "message_id", item->msg->id);
    text = json_end(&body);
    status = body.failed ? HG_E_BUSY : post_one(self, item, text);
    free(body.text);
    if (status != HG_OK) return status;
  }
  return HG_OK;
}

/* ---- descriptors: all static, so the entry has nothing to do but hand them out */

static const hg_lifecycle life = {
    .size = sizeof(hg_lifecycle), .create = create, .destroy = destroy};

static const hg_provider provider = {.size = sizeof(hg_provider), .caps = caps, .send = send_items};

static const hg_component component = {.size = sizeof(hg_component),
                                       .kind = HG_KIND_PROVIDER,
                                       .id = HG_STR_INIT("@NAME@"),
                                       .version = HG_STR_INIT("0.1.0"),
                                       .summary = HG_STR_INIT("Posts messages as JSON over HTTP."),
                                       .config_schema = HG_STR_INIT(schema),
                                       .life = &life,
                                       .vtbl = &provider};

static const hg_component* const components[] = {&component};

static const hg_module module = {.size = sizeof(hg_module),
                                 .abi_major = HG_ABI_MAJOR,
                                 .abi_minor_built = HG_ABI_MINOR,
                                 .abi_minor_required = 0,
                                 .name = HG_STR_INIT("@NAME@"),
                                 .version = HG_STR_INIT("0.1.0"),
                                 .vendor = HG_STR_INIT("me"),
                                 .license = HG_STR_INIT("MIT"),
                                 .sdk = HG_STR_INIT("c " HG_ABI_VERSION),
                                 .components = components,
                                 .n_components = 1};

const hg_module* hg_plugin_entry_v1(const hg_host_info* host, hg_error* err) {
  if (host->abi_major == HG_ABI_MAJOR) return &module;
  fail(err, HG_E_ABI, "this plugin needs plugin ABI " HG_ABI_VERSION);
  return NULL;
}
