#include "core/plugin/ingress_desk.h"

#include <fmt/format.h>

#include <utility>

#include "core/plugin/abi_report.h"
#include "core/plugin/abi_text.h"
#include "core/plugin/instance.h"

namespace heliograph::plugin {
namespace {

constexpr std::size_t kOpenMax = 256;  // requests of one instance at a time
constexpr std::size_t kHeadersMax = 64;
constexpr std::size_t kBodyMax = 1 << 20;
constexpr std::size_t kEventsMax = 10'000;

ports::IngressAnswer plain(unsigned status, std::string_view text) {
  return {.status = status,
          .headers = {{"content-type", "text/plain; charset=utf-8"}},
          .body = std::string{text} + "\n"};
}

ports::IngressAnswer host_answer(unsigned status) {
  switch (status) {
    case 500:
      return plain(status, "the provider's plugin failed on this request");
    case 504:
      return plain(status, "the provider's plugin did not answer in time");
    default: {
      auto answer = plain(503, "not now, please repeat");
      answer.headers.emplace_back("retry-after", "5");
      return answer;
    }
  }
}

bool is_safe_header(std::string_view text) {
  return text.find_first_of(std::string_view{"\r\n\0", 3}) == std::string_view::npos;
}

ports::IngressAnswer copy_answer(const hg_ingress_answer& given) {
  ports::IngressAnswer answer{.status = given.code, .headers = {}, .body = {}};
  const auto count = given.headers == nullptr ? 0 : std::min(given.n_headers, kHeadersMax);
  for (std::size_t i = 0; i < count; ++i) {
    const auto name = view_of(given.headers[i].key);
    const auto value = view_of(given.headers[i].value);
    if (!name.empty() && is_safe_header(name) && is_safe_header(value)) {
      answer.headers.emplace_back(name, value);
    }
  }
  answer.body = view_of(given.body).substr(0, kBodyMax);
  return answer;
}

}  // namespace

// A request in the plugin's hands, with everything its views point to.
struct IngressDesk::Call {
  Call(ports::IngressRequest given, Reply to) : request(std::move(given)), reply(std::move(to)) {
    for (const auto& [name, value] : request.headers)
      headers.push_back({to_abi(name), to_abi(value)});
    view = {.size = sizeof(hg_ingress_request),
            .flags = request.peer_is_local ? HG_INGRESS_F_LOCAL : 0U,
            .method = to_abi(request.method),
            .target = to_abi(request.target),
            .url = to_abi(request.url),
            .peer = to_abi(request.peer),
            .headers = headers.data(),
            .n_headers = headers.size(),
            .body = to_abi(request.body),
            .deadline_mono_ns = 0};
  }
  const ports::IngressRequest request;
  Reply reply;  // empty once it was called
  std::vector<hg_kv> headers;
  hg_ingress_request view{};
};

IngressDesk::IngressDesk(Instance& instance, StoreEvents store_events)
    : instance_(instance),
      store_events_(std::move(store_events)),
      deadlines_(
          instance.services().loop, instance.services().clock,
          [this](std::uint64_t op) {
            const auto call = calls_.find(op);
            return call != calls_.end() && call->second->reply;
          },
          [this](std::uint64_t op) { give_up(op, 504); }) {}

IngressDesk::~IngressDesk() = default;

void IngressDesk::set_extension(const void* extension) {
  if (extension == nullptr) return;
  extension_ = copy_sized(static_cast<const hg_ingress*>(extension));
  has_extension_ = extension_.handle != nullptr;
}

void IngressDesk::submit(ports::IngressRequest request, Reply reply) {
  instance_.post([this, request = std::move(request), reply = std::move(reply)]() mutable {
    handle(std::move(request), std::move(reply));
  });
}

void IngressDesk::handle(ports::IngressRequest request, Reply reply) {
  if (!instance_.works() || calls_.size() >= kOpenMax) return reply(host_answer(503));
  const auto op = instance_.tickets().issue(TicketKind::kIngress);
  auto call = std::make_unique<Call>(std::move(request), std::move(reply));
  const auto deadline = instance_.services().clock.mono() + instance_.budgets().ingress;
  call->view.deadline_mono_ns = to_ns(deadline);
  const auto* view = &call->view;
  calls_.emplace(op, std::move(call));
  hg_status status = HG_E_BUSY;
  instance_.loop_call("ingress", instance_.budgets().loop_call,
                      [&] { status = extension_.handle(instance_.self(), op, view); });
  settle(op, status);
  if (calls_.contains(op)) deadlines_.add(op, deadline);
}

void IngressDesk::settle(hg_op op, hg_status status) {
  if (status == HG_E_PANIC) instance_.quarantine("hg.ingress/1 handle: HG_E_PANIC");
  // Below 0 the plugin will not answer; if it has done so all the same, its answer holds.
  if (status >= 0 || !instance_.tickets().revoke(op)) return;
  auto call = std::move(calls_.extract(op).mapped());
  call->reply(host_answer(status == HG_E_BUSY ? 503 : 500));
}

hg_status IngressDesk::answer(hg_op op, const hg_ingress_answer& given,
                              model::ProviderKey provider) {
  if (given.code < 200 || given.code > 599 || given.n_events > kEventsMax ||
      (given.events == nullptr && given.n_events > 0)) {
    instance_.misbehaviour().report(Fault::kBadArgument,
                                    fmt::format("ingress answer: code {}", given.code));
    return HG_E_CONFIG;
  }
  auto report = to_report(provider, instance_.name(), given.events, given.n_events);
  if (!report) {
    instance_.misbehaviour().report(Fault::kBadArgument, "ingress answer: " + report.error());
    return HG_E_UNSUPPORTED;
  }
  const auto completion = instance_.tickets().complete(op, TicketKind::kIngress);
  if (completion != Completion::kFirst && completion != Completion::kLate) {
    return instance_.note_completion(completion, "ingress answer");
  }
  const auto late = completion == Completion::kLate;
  Answered answered{op, late, copy_answer(given), std::move(*report)};
  if (inbox_.put(std::move(answered))) {
    instance_.post([this] { take_inbox(); });
  }
  return late ? instance_.note_completion(completion, "ingress answer") : HG_OK;
}

void IngressDesk::take_inbox() {
  for (auto& answered : inbox_.take()) finish(std::move(answered));
}

void IngressDesk::finish(Answered answered) {
  const auto found = calls_.find(answered.op);
  if (found == calls_.end()) return;
  auto call = std::move(found->second);
  calls_.erase(found);
  if (answered.late || !call->reply) return;  // the peer got 504 and will repeat
  if (answered.report.size() == 0) return call->reply(std::move(answered.answer));
  store_events_(
      std::move(answered.report),
      [reply = std::move(call->reply), answer = std::move(answered.answer)](bool durable) mutable {
        reply(durable ? std::move(answer) : host_answer(503));
      });
}

void IngressDesk::give_up(hg_op op, unsigned status) {
  if (!instance_.tickets().give_up(op)) return;  // its answer is on the way
  if (status == 504) {
    instance_.misbehaviour().report(Fault::kMissingCompletion, "ingress: no answer in time");
  }
  std::exchange(calls_.at(op)->reply, nullptr)(host_answer(status));
}

void IngressDesk::close() {
  std::vector<hg_op> open;
  for (const auto& [op, call] : calls_) {
    if (call->reply) open.push_back(op);
  }
  for (const auto op : open) give_up(op, 503);
}

}  // namespace heliograph::plugin
