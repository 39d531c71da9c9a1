// The probe's provider.
#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <thread>
#include <vector>

#include "probe_common.h"

namespace {

// Not hg_instance itself: the probe has three kinds, and C++ knows one type of a name.
struct Self {
  const hg_host* host = nullptr;
  const hg_config* config = nullptr;
  std::string mode;
  std::vector<std::thread> threads;
  std::vector<hg_op> held;              // sends that are completed by the message "release"
  std::string later_url;                // requested outside of send()
  std::uint32_t unanswered = HG_RETRY;  // what a request without an answer is taken for
  hg_op start_op = 0;
  const hg_http_client* http = nullptr;
  std::uint32_t metric = 0;
  int pipe_read = -1;
  int pipe_write = -1;
  hg_id watch = 0;
};

Self* of(hg_instance* instance) { return reinterpret_cast<Self*>(instance); }

const hg_host* last_destroyed_host = nullptr;
std::atomic<bool> started_once{false};
std::atomic<bool> bound{false};  // to a peer that takes one of us (mode "binds")

hg_send_result result_of(hg_op op, std::uint32_t outcome, std::string_view id = "peer-1") {
  hg_send_result result{};
  result.size = sizeof result;
  result.outcome = outcome;
  result.op = op;
  result.provider_msg_id = str(id);
  return result;
}

void complete(Self* self, hg_op op, std::uint32_t outcome) {
  const auto result = result_of(op, outcome);
  self->host->complete_send(self->host, &result, 1);
}

hg_status create(const hg_host* host, const hg_component*, const hg_config* cfg, hg_instance** out,
                 hg_error* error) {
  const auto mode = config_text(host, cfg, "mode");
  if (mode == "create_fails") return fail(error, HG_E_CONFIG, "mode: does not please the probe");
  if (mode == "create_panics") return fail(error, HG_E_PANIC, "caught std::logic_error: oops");
  if (mode == "create_hangs") {
    while (true) ::pause();
  }
  auto* self = new Self;
  self->host = host;
  self->config = cfg;
  self->mode = mode;
  self->http = static_cast<const hg_http_client*>(
      mode == "no_http" ? nullptr : host->get_extension(host, HG_EXT_HTTP_CLIENT));
  self->metric =
      host->metric_register(host, HG_METRIC_COUNTER, HG_STR("sends"),
                            HG_STR("messages given to the probe"), HG_STR(""), nullptr, 0);
  if (mode == "create_posts") {
    host->post(
        host,
        [](void* arg, std::uint64_t) { say(static_cast<Self*>(arg)->host, "post of create ran"); },
        self, 0);
  }
  if (mode == "create_timer") {
    const auto status =
        host->timer_start(host, 1, [](void*, std::uint64_t) {}, nullptr, 0, nullptr);
    say(host, status == HG_E_STATE ? "timer in create refused" : "timer in create taken");
  }
  *out = reinterpret_cast<hg_instance*>(self);
  return HG_OK;
}

void on_start_http(void* arg, std::uint64_t tag, const hg_http_response* response) {
  auto* self = static_cast<Self*>(arg);
  say(self->host, "start heard: " + std::string{view(response->detail)});
  const auto fine = response->status == HG_OK;
  self->host->complete(self->host, tag, fine ? HG_OK : HG_E_IO, nullptr);
}

// A request made in a [ctl] call: what the client refuses is heard by the callback.
hg_status start_by_http(Self* self, hg_op op, std::string_view url) {
  hg_http_request request{};
  request.size = sizeof request;
  request.method = HG_STR("GET");
  request.url = str(url);
  const auto status = self->http->request(self->host, &request, on_start_http, self, op, nullptr);
  return status == HG_OK ? HG_PENDING : status;
}

hg_status start(hg_instance* instance, hg_op op, std::uint64_t, hg_error* error) {
  auto* self = of(instance);
  if (self->mode == "start_fails") return fail(error, HG_E_IO, "peer says no");
  if (self->mode == "starts_once" && started_once.exchange(true))
    return fail(error, HG_E_IO, "the peer is gone");
  if (self->mode.starts_with("binds") && bound.exchange(true))
    return fail(error, HG_E_STATE, "somebody else is bound");
  if (self->mode == "start_never") {
    self->start_op = op;
    return HG_PENDING;
  }
  if (self->mode == "start_later") {
    self->host->timer_start(
        self->host, self->host->now_mono_ns(self->host) + 1'000'000,
        [](void* arg, std::uint64_t tag) {
          auto* me = static_cast<Self*>(arg);
          me->host->complete(me->host, tag, HG_OK, nullptr);
        },
        self, op, nullptr);
    return HG_PENDING;
  }
  if (self->mode.starts_with("http://")) return start_by_http(self, op, self->mode);
  if (self->mode == "start_inside") {
    self->host->complete(self->host, op, HG_OK, nullptr);
    return HG_PENDING;
  }
  return HG_OK;
}

hg_status drain(hg_instance* instance, hg_op op, std::uint64_t) {
  auto* self = of(instance);
  if (self->mode != "drains") return self->mode == "never_drains" ? HG_PENDING : HG_OK;
  for (const auto held : self->held) complete(self, held, HG_SENT);
  self->held.clear();
  self->host->complete(self->host, op, HG_OK, nullptr);
  return HG_PENDING;
}

hg_status stop(hg_instance* instance, hg_op, std::uint64_t) {
  auto* self = of(instance);
  if (self->mode == "stop_hangs") {
    while (true) ::pause();
  }
  say(self->host, "stopped");
  if (self->mode.starts_with("binds")) bound = false;
  for (auto& thread : self->threads) thread.join();
  self->threads.clear();
  if (self->start_op != 0)
    self->host->complete(self->host, self->start_op, HG_E_CANCELLED, nullptr);
  if (self->mode == "keeps_sends") return HG_OK;
  for (const auto op : self->held) complete(self, op, HG_UNKNOWN);
  return HG_OK;
}

void destroy(hg_instance* instance) {
  auto* self = of(instance);
  say(self->host, "destroyed");
  if (self->pipe_read >= 0) ::close(self->pipe_read);
  if (self->pipe_write >= 0) ::close(self->pipe_write);
  last_destroyed_host = self->host;
  delete self;
}

hg_status caps(hg_instance* instance, hg_provider_caps* out) {
  auto* self = of(instance);
  out->channels = self->mode == "no_channel" ? 0 : HG_CH_SMS;
  out->max_batch = 10;
  out->max_inflight = 5;
  out->flags = HG_CAP_DEDUPES | HG_CAP_RECEIPTS;
  return HG_OK;
}

void use_timer(Self* self, hg_op op) {
  self->host->timer_start(
      self->host, self->host->now_mono_ns(self->host) + 2'000'000,
      [](void* arg, std::uint64_t tag) { complete(static_cast<Self*>(arg), tag, HG_SENT); }, self,
      op, nullptr);
  hg_id id = 0;
  self->host->timer_start(
      self->host, self->host->now_mono_ns(self->host) + 1'000'000,
      [](void* arg, std::uint64_t tag) { complete(static_cast<Self*>(arg), tag, HG_REJECTED); },
      self, op, &id);
  const auto first = self->host->timer_cancel(self->host, id);
  const auto second = self->host->timer_cancel(self->host, id);
  if (first != HG_OK || second != HG_E_STALE) complete(self, op, HG_REFUSED);
}

void use_many_threads(Self* self, hg_op op) {
  for (int i = 0; i < 4; ++i) {
    self->threads.emplace_back([self, op] { complete(self, op, HG_SENT); });
  }
}

void use_thread(Self* self, hg_op op) {
  self->threads.emplace_back([self, op] {
    // A [loop] function from a foreign thread is refused; post() is the way back.
    const auto refused =
        self->host->timer_start(self->host, 1, [](void*, std::uint64_t) {}, nullptr, 0, nullptr);
    if (refused != HG_E_STATE) return complete(self, op, HG_REFUSED);
    self->host->post(
        self->host,
        [](void* arg, std::uint64_t tag) { complete(static_cast<Self*>(arg), tag, HG_SENT); }, self,
        op);
  });
}

void on_http(void* arg, std::uint64_t tag, const hg_http_response* response) {
  auto* self = static_cast<Self*>(arg);
  auto result =
      result_of(tag, response->code == 200 ? HG_SENT : self->unanswered, view(response->body));
  result.status_code = static_cast<std::int32_t>(response->code);
  result.detail = response->detail;
  self->host->complete_send(self->host, &result, 1);
}

hg_status use_http(Self* self, const hg_send_item& item, std::string_view url) {
  hg_http_request request{};
  request.size = sizeof request;
  request.method = HG_STR("POST");
  request.url = str(url);
  const hg_kv bad_header{HG_STR("X-Id"), HG_STR("a\r\nX-Injected: 1")};
  const hg_kv own_header{HG_STR("Host"), HG_STR("elsewhere")};
  for (const auto* header : {&bad_header, &own_header}) {
    request.headers = header;
    request.n_headers = 1;
    if (self->http->request(self->host, &request, on_http, self, item.op, nullptr) != HG_E_CONFIG) {
      return HG_E_INTERNAL;
    }
  }
  request.headers = nullptr;
  request.n_headers = 0;
  request.body = item.msg->body;
  request.deadline_mono_ns = item.deadline_mono_ns;
  return self->http->request(self->host, &request, on_http, self, item.op, nullptr);
}

void use_http_later(Self* self, hg_op op, std::string_view url) {
  self->later_url = url;
  self->host->post(
      self->host,
      [](void* arg, std::uint64_t tag) {
        auto* me = static_cast<Self*>(arg);
        hg_http_request request{};
        request.size = sizeof request;
        request.method = HG_STR("POST");
        request.url = str(me->later_url);
        const auto status = me->http->request(me->host, &request, on_http, me, tag, nullptr);
        if (status != HG_OK) complete(me, tag, HG_REFUSED);
      },
      self, op);
}

hg_status use_descriptor(Self* self, hg_op op) {
  const auto* fds = static_cast<const hg_fd*>(self->host->get_extension(self->host, HG_EXT_FD));
  int ends[2];
  if (fds == nullptr || ::pipe(ends) != 0) return HG_E_UNSUPPORTED;
  self->pipe_read = ends[0];
  self->pipe_write = ends[1];
  const auto status = fds->watch(
      self->host, self->pipe_read, HG_FD_READ,
      [](void* arg, std::uint64_t tag, std::uint32_t ready) {
        auto* me = static_cast<Self*>(arg);
        const auto* mine = static_cast<const hg_fd*>(me->host->get_extension(me->host, HG_EXT_FD));
        char byte = 0;
        const auto got = ::read(me->pipe_read, &byte, 1);
        if (byte == 'a') return;  // level-triggered: called again for 'b'
        mine->unwatch(me->host, me->watch);
        const auto fine = got == 1 && byte == 'b' && ready == HG_FD_READ;
        complete(me, tag, fine ? HG_SENT : HG_REFUSED);
      },
      self, op, &self->watch);
  if (status != HG_OK) return status;
  if (fds->watch(
          self->host, self->pipe_read, HG_FD_READ, [](void*, std::uint64_t, std::uint32_t) {},
          nullptr, 0, nullptr) != HG_E_STATE) {
    return HG_E_INTERNAL;
  }
  return ::write(self->pipe_write, "ab", 2) == 2 ? HG_OK : HG_E_IO;
}

void use_emit(Self* self, hg_op op) {
  hg_event event{};
  event.size = sizeof event;
  event.kind = HG_EV_RECEIPT;
  event.provider_msg_id = HG_STR("peer-1");
  event.receipt_state = HG_RCPT_DELIVERED;
  event.provider_code = HG_STR("000");
  const hg_event* const events[] = {&event};
  const auto status = self->host->emit(
      self->host, events, 1,
      [](void* arg, std::uint64_t tag, hg_status st) {
        complete(static_cast<Self*>(arg), tag, st == HG_OK ? HG_SENT : HG_RETRY);
      },
      self, op);
  if (status != HG_PENDING) complete(self, op, HG_REFUSED);
}

// " subject=... [kind content_type name url body]" for each part.
std::string describe_parts(const hg_message& message) {
  std::string out;
  if (message.subject.len > 0) out += " subject=" + std::string{view(message.subject)};
  for (std::size_t i = 0; i < message.n_parts; ++i) {
    const hg_part& part = *HG_AT(message.parts, i);
    out += " [" + std::to_string(part.kind) + "|" + std::string{view(part.content_type)} + "|" +
           std::string{view(part.name)} + "|" + std::string{view(part.url)} + "|" +
           std::string{view(part.body)} + "]";
  }
  return out;
}

hg_status take(Self* self, const hg_send_item& item) {
  const auto text = view(item.msg->body);
  const auto op = item.op;
  if (text == "sent") complete(self, op, HG_SENT);
  if (text == "twice") {
    complete(self, op, HG_SENT);
    complete(self, op, HG_REJECTED);
  }
  if (text == "foreign") {
    complete(self, op ^ (hg_op{1} << 60), HG_SENT);
    complete(self, 12345, HG_SENT);
    complete(self, op, HG_SENT);
  }
  if (text == "strange") complete(self, op, 99);
  if (text == "wrong kind") {
    self->host->complete(self->host, op, HG_OK, nullptr);
    complete(self, op, HG_SENT);
  }
  if (text == "busy") return HG_E_BUSY;
  if (text == "error") return HG_E_IO;
  if (text == "panic") return HG_E_PANIC;
  if (text == "complete and refuse") {
    complete(self, op, HG_SENT);
    return HG_E_BUSY;
  }
  if (text == "hold") self->held.push_back(op);
  if (text == "release") {
    for (const auto held : self->held) complete(self, held, HG_SENT);
    self->held.clear();
    complete(self, op, HG_SENT);
  }
  if (text == "timer") use_timer(self, op);
  if (text == "thread") use_thread(self, op);
  if (text == "race") use_many_threads(self, op);
  if (text == "descriptor") return use_descriptor(self, op);
  if (text == "emit") use_emit(self, op);
  if (text.starts_with("http://")) return use_http(self, item, text);
  if (text.starts_with("later ")) use_http_later(self, op, text.substr(6));
  if (text == "no answer is in doubt") {
    self->unanswered = HG_UNKNOWN;
    complete(self, op, HG_SENT);
  }
  if (text == "retry") complete(self, op, HG_RETRY);
  if (text == "not tried") complete(self, op, HG_NOT_TRIED);
  if (text == "window") {
    self->host->set_window(self->host, 7);
    complete(self, op, HG_SENT);
  }
  if (text == "impossible result") {
    auto result = result_of(op, HG_SENT);
    result.size = 3;
    self->host->complete_send(self->host, &result, 1);
    complete(self, op, HG_SENT);
  }
  if (text == "echo") {
    std::string echo{view(item.msg->id)};
    echo += " " + std::string{view(item.msg->to)} + " " + std::to_string(item.attempt) + " " +
            std::to_string(item.flags);
    for (std::size_t i = 0; i < item.msg->n_headers; ++i) {
      echo += " " + std::string{view(item.msg->headers[i].key)} + "=" +
              std::string{view(item.msg->headers[i].value)};
    }
    echo += describe_parts(*item.msg);
    auto result = result_of(op, HG_SENT);
    result.detail = str(echo);
    self->host->complete_send(self->host, &result, 1);
  }
  return HG_OK;
}

hg_status send(hg_instance* instance, const hg_send_item* items, std::size_t n,
               std::size_t* accepted) {
  auto* self = of(instance);
  self->host->metric_add(self->host, self->metric, static_cast<double>(n));
  for (std::size_t i = 0; i < n; ++i) {
    if (const auto status = take(self, items[i]); status != HG_OK) return status;
    ++*accepted;
  }
  return HG_OK;
}

void cancel(hg_instance* instance, hg_op, hg_status why) {
  auto* self = of(instance);
  say(self->host, why == HG_E_DEADLINE ? "cancelled: deadline" : "cancelled");
}

hg_status handle(hg_instance* instance, hg_op op, const hg_ingress_request* request) {
  auto* self = of(instance);
  const auto* desk =
      static_cast<const hg_ingress_host*>(self->host->get_extension(self->host, HG_EXT_INGRESS));
  const auto body = view(request->body);
  if (body == "never") return HG_PENDING;
  if (body == "broken") return HG_E_INTERNAL;
  hg_event event{};
  event.size = sizeof event;
  event.kind = HG_EV_RECEIPT;
  event.provider_msg_id = request->body;
  event.receipt_state = HG_RCPT_DELIVERED;
  const hg_event* const events[] = {&event};
  hg_ingress_answer answer{};
  answer.size = sizeof answer;
  answer.code = (request->flags & HG_INGRESS_F_LOCAL) != 0 ? 200 : 403;
  answer.body = HG_STR("taken");
  answer.events = events;
  answer.n_events = answer.code == 200 ? 1 : 0;
  const auto first = desk->answer(self->host, op, &answer);
  const auto second = desk->answer(self->host, op, &answer);
  return first == HG_OK && second == HG_E_STALE ? HG_OK : HG_E_INTERNAL;
}

constexpr hg_ingress kIngress{.size = sizeof(hg_ingress), .reserved = 0, .handle = handle};

const void* get_extension(hg_instance*, const char* id) {
  return std::strcmp(id, HG_EXT_INGRESS) == 0 ? &kIngress : nullptr;
}

constexpr hg_lifecycle kLife{.size = sizeof(hg_lifecycle),
                             .reserved = 0,
                             .create = create,
                             .start = start,
                             .reconfigure = nullptr,
                             .drain = drain,
                             .stop = stop,
                             .destroy = destroy,
                             .get_extension = get_extension};

constexpr hg_provider kTable{
    .size = sizeof(hg_provider), .reserved = 0, .caps = caps, .send = send, .cancel = cancel};

}  // namespace

const hg_component kProbeProvider{.size = sizeof(hg_component),
                                  .kind = HG_KIND_PROVIDER,
                                  .flags = HG_F_OWN_THREADS | PROBE_FLAGS,
                                  .reserved = 0,
                                  .id = HG_STR_INIT("probe"),
                                  .version = HG_STR_INIT(PROBE_VERSION),
                                  .summary = HG_STR_INIT("Does what the message's text says."),
                                  .config_schema = HG_STR_INIT(R"({
      "type": "object", "additionalProperties": false, "required": ["url"],
      "properties": {
        "url": {"type": "string", "description": "where the peer is", "examples": ["http://peer/"]},
        "mode": {"type": "string", "default": "plain"},
        "timeout": {"type": "string", "x-unit": "duration", "default": "5s"},
        "password": {"type": "string", "x-secret": true}
      }})"),
                                  .life = &kLife,
                                  .vtbl = &kTable};

// What a thread that outlives its instance might do: called by the test through dlsym.
extern "C" HG_EXPORT hg_status probe_call_after_destroy() {
  if (last_destroyed_host == nullptr) return HG_E_INTERNAL;
  const auto result = result_of(77, HG_SENT);
  last_destroyed_host->complete_send(last_destroyed_host, &result, 1);
  last_destroyed_host->set_window(last_destroyed_host, 1);
  return last_destroyed_host->post(last_destroyed_host, [](void*, std::uint64_t) {}, nullptr, 0);
}
