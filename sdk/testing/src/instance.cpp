#include <heliograph/testing/instance.hpp>

#include <heliograph/abi/ext/ingress.h>
#include <heliograph/message.hpp>

#include <utility>

namespace heliograph::sdk::testing {
namespace {

constexpr std::chrono::seconds kStartBudget{30};  // abi/lifecycle.h
constexpr std::chrono::seconds kStopBudget{5};

hg_error empty_error() {
  hg_error error{};
  error.size = sizeof(error);
  return error;
}

std::string text_of(const hg_error& error) {
  return std::string(error.msg, std::min<std::size_t>(error.msg_len, HG_ERROR_TEXT_MAX));
}

}  // namespace

struct Instance::StoredRequest {
  Request request;
  std::vector<hg_kv> headers;
  hg_ingress_request raw{};

  StoredRequest(Request spec, std::uint64_t deadline_ns) : request(std::move(spec)) {
    for (const auto& [name, value] : request.headers) headers.push_back(kv(name, value));
    raw.size = sizeof(raw);
    raw.flags = request.local ? HG_INGRESS_F_LOCAL : 0u;
    raw.method = to_abi(request.method);
    raw.target = to_abi(request.target);
    raw.url = to_abi(request.target);
    raw.peer = to_abi(request.peer);
    raw.headers = headers.data();
    raw.n_headers = headers.size();
    raw.body = to_abi(request.body);
    raw.deadline_mono_ns = deadline_ns;
  }
};

Instance::Instance(FakeHost& host, const hg_component& component, const Value& config)
    : host_(host), component_(component) {
  const Value full = apply_schema(to_view(component.config_schema), config);
  configs_.push_back(std::make_unique<ConfigTree>(full));
  hg_error error = empty_error();
  hg_status status = HG_E_INTERNAL;
  host_.in_phase(Phase::kCreate, [&] {
    status =
        component_.life->create(host_.raw(), &component_, configs_.back()->raw(), &raw_, &error);
  });
  if (status == HG_OK && raw_ == nullptr) host_.violation("create() succeeded without an instance");
  if (status != HG_OK && raw_ != nullptr) host_.violation("create() failed and left an instance");
  if (status != HG_OK || raw_ == nullptr) throw CreateError(status, text_of(error));
}

Instance::~Instance() { finish(); }

void Instance::finish() {
  if (started_) stop();
  host_.set_stopped();
  host_.http().cancel_all();
  host_.run();
  for (const hg_op op : host_.outstanding(OpKind::kSend)) {
    host_.violation("a send was never answered, op " + std::to_string(op));
  }
  for (const hg_op op : host_.outstanding(OpKind::kLimit)) {
    host_.violation("an acquire was never answered, op " + std::to_string(op));
  }
  host_.drop_leftovers();
  host_.in_phase(Phase::kDestroy, [&] { component_.life->destroy(raw_); });
  host_.set_gone();
}

StepRecord Instance::await(hg_op op, hg_status status, const hg_error& error) {
  if (status != HG_PENDING) {
    host_.withdraw(op);
    return {status, text_of(error)};
  }
  host_.run_until([&] { return host_.step(op).has_value(); });
  return host_.step(op).value_or(StepRecord{HG_E_DEADLINE, "the step did not end"});
}

StepRecord Instance::begin_start(hg_op& op) {
  if (component_.life->start == nullptr) return {HG_OK, {}};
  hg_error error = empty_error();
  hg_status status = HG_OK;
  op = host_.issue(OpKind::kStep);
  started_ = true;
  host_.in_phase(Phase::kControl, [&] {
    const auto budget = static_cast<std::uint64_t>(std::chrono::nanoseconds{kStartBudget}.count());
    status = component_.life->start(raw_, op, host_.now_ns() + budget, &error);
  });
  if (status != HG_PENDING) host_.withdraw(op);
  return {status, text_of(error)};
}

StepRecord Instance::start() {
  hg_op op = 0;
  const StepRecord begun = begin_start(op);
  started_ = true;
  return begun.status == HG_PENDING ? await(op, HG_PENDING, empty_error()) : begun;
}

StepRecord Instance::run_step(Step step, std::chrono::nanoseconds budget) {
  if (step == nullptr) return {HG_OK, {}};
  const hg_op op = host_.issue(OpKind::kStep);
  const std::uint64_t deadline = host_.now_ns() + static_cast<std::uint64_t>(budget.count());
  hg_status status = HG_OK;
  host_.in_phase(Phase::kControl, [&] { status = step(raw_, op, deadline); });
  return await(op, status, empty_error());
}

StepRecord Instance::drain(std::chrono::nanoseconds budget) {
  return run_step(component_.life->drain, budget);
}

StepRecord Instance::stop() {
  started_ = false;
  if (component_.life->stop == nullptr) host_.http().cancel_all();
  const StepRecord record = run_step(component_.life->stop, kStopBudget);
  host_.set_stopped();
  host_.run();
  return record;
}

StepRecord Instance::reconfigure(const Value& config) {
  if (component_.life->reconfigure == nullptr) return {HG_E_UNSUPPORTED, {}};
  const Value full = apply_schema(to_view(component_.config_schema), config);
  configs_.push_back(std::make_unique<ConfigTree>(full));
  hg_error error = empty_error();
  hg_status status = HG_OK;
  host_.in_phase(Phase::kControl, [&] {
    status = component_.life->reconfigure(raw_, configs_.back()->raw(), &error);
  });
  if (status != HG_OK) configs_.pop_back();
  return {status, text_of(error)};
}

hg_op Instance::ingress(const Request& request) {
  const auto get = component_.life->get_extension;
  const void* found = get == nullptr ? nullptr : get(raw_, HG_EXT_INGRESS);
  if (found == nullptr) throw std::logic_error("the component has no " HG_EXT_INGRESS);
  const std::uint64_t deadline = host_.now_ns() + 10'000'000'000;
  requests_.push_back(std::make_unique<StoredRequest>(request, deadline));
  const hg_op op = host_.issue(OpKind::kIngress);
  hg_status status = HG_OK;
  host_.in_loop([&] {
    status = static_cast<const hg_ingress*>(found)->handle(raw_, op, &requests_.back()->raw);
  });
  if (status < 0) host_.withdraw(op);
  host_.run();
  return op;
}

}  // namespace heliograph::sdk::testing
