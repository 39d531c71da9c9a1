#include "core/telemetry/span_exporter.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <random>
#include <utility>

namespace heliograph::telemetry {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

// A batch is tried again by then, like everything the OTLP specification calls retryable
// ("OTLP/HTTP Response"); afterwards room is worth more than age.
constexpr int kTriesMax = 4;
// Time in the two clocks drifts apart with each step of the system's; less is not worth a jump.
constexpr milliseconds kEpochTolerance{100};
constexpr std::size_t kAnswerMax = 4096;

bool is_retryable(const ports::OutgoingResponse& response) {
  if (response.status != ports::HttpStatus::kOk) return true;
  return response.code == 429 || response.code == 502 || response.code == 503 ||
         response.code == 504;
}

std::string fault_of(const ports::OutgoingResponse& response) {
  if (response.status == ports::HttpStatus::kOk) return fmt::format("answered {}", response.code);
  return response.detail;
}

std::mt19937_64 seeded() {
  // 32 bits would let two threads, or two gateways, of many give out the same ids.
  std::random_device device;
  std::seed_seq seed{device(), device(), device(), device(),
                     device(), device(), device(), device()};
  return std::mt19937_64(seed);
}

// Each thread its own: every message draws, traced or not, and nobody is to wait for another.
std::mt19937_64& dice() {
  thread_local std::mt19937_64 random = seeded();
  return random;
}

model::SpanId span_id_of(std::mt19937_64& random) {
  model::SpanId id{};
  while (id == model::SpanId{}) {
    std::uint64_t bits = random();
    for (std::uint8_t& byte : id) {
      byte = static_cast<std::uint8_t>(bits);
      bits >>= 8;
    }
  }
  return id;
}

}  // namespace

SpanExporter::SpanExporter(SpanExporterSettings settings, ports::Loop& loop,
                           ports::HttpClient& http, const ports::Clock& clock, ports::Log* log)
    : settings_(std::move(settings)), loop_(loop), http_(http), clock_(clock), log_(log) {}

SpanExporter::~SpanExporter() { *alive_ = false; }

model::TraceContext SpanExporter::begin(const model::TraceContext& parent) {
  model::TraceContext context = parent;
  if (parent.valid() && !parent.sampled) return context;
  std::mt19937_64& random = dice();
  if (!parent.valid()) {
    if (std::uniform_real_distribution<double>(0, 1)(random) >= settings_.sample) return {};
    const model::SpanId first = span_id_of(random);
    const model::SpanId second = span_id_of(random);
    std::ranges::copy(second, std::ranges::copy(first, context.trace_id.begin()).out);
    context.sampled = true;
  }
  context.span_id = span_id_of(random);
  return context;
}

void SpanExporter::end(ports::Span span) {
  const std::scoped_lock lock(mutex_);
  if (waiting_.size() >= settings_.queue_max) {
    ++dropped_;
    return;
  }
  waiting_.push_back(std::move(span));
}

void SpanExporter::start() { wake(); }

void SpanExporter::wake() {
  send_some();
  loop_.run_at(clock_.mono() + settings_.interval, [this, alive = alive_] {
    if (*alive) wake();
  });
}

void SpanExporter::send_some() {
  if (under_way_) return;
  std::vector<ports::Span> batch;
  batch.reserve(settings_.batch_max);
  {
    const std::scoped_lock lock(mutex_);
    const auto size = static_cast<std::ptrdiff_t>(std::min(waiting_.size(), settings_.batch_max));
    batch.assign(std::make_move_iterator(waiting_.begin()),
                 std::make_move_iterator(waiting_.begin() + size));
    waiting_.erase(waiting_.begin(), waiting_.begin() + size);
  }
  if (!batch.empty()) send(std::move(batch));
}

void SpanExporter::send(std::vector<ports::Span> spans) {
  ports::OutgoingRequest request;
  request.method = "POST";
  request.url = settings_.endpoint;
  request.headers = {{"Content-Type", "application/json"}};
  if (!settings_.authorization.empty())
    request.headers.emplace_back("Authorization", settings_.authorization);
  request.body = otlp_json(settings_.resource, spans, epoch());
  request.deadline = clock_.mono() + settings_.timeout;
  request.body_max = kAnswerMax;
  const std::size_t count = spans.size();
  auto done = [this, alive = alive_,
               kept = std::move(spans)](const ports::OutgoingResponse& response) mutable {
    if (*alive) on_answer(std::move(kept), response);
  };
  under_way_ = true;
  if (http_.request(std::move(request), std::move(done))) return;
  under_way_ = false;
  tell(false, "the endpoint cannot be used");
  lose(count);
}

void SpanExporter::on_answer(std::vector<ports::Span> spans,
                             const ports::OutgoingResponse& response) {
  under_way_ = false;
  const bool answered = response.status == ports::HttpStatus::kOk;
  if (answered && response.code >= 200 && response.code < 300) {
    exported_ += spans.size();
    failures_ = 0;
    tell(true, {});
    send_some();
    if (under_way_) return;
  } else {
    tell(false, fault_of(response));
    if (is_retryable(response) && ++failures_ < kTriesMax && !finished_) {
      // Before the younger ones, as far as there is room; the next wake sends it.
      const std::scoped_lock lock(mutex_);
      const std::size_t room = settings_.queue_max - std::min(waiting_.size(), settings_.queue_max);
      const std::size_t kept = std::min(room, spans.size());
      dropped_ += spans.size() - kept;
      waiting_.insert(waiting_.begin(), std::make_move_iterator(spans.begin()),
                      std::make_move_iterator(spans.begin() + static_cast<std::ptrdiff_t>(kept)));
      return;
    }
    failures_ = 0;
    lose(spans.size());
  }
  if (!finished_) return;
  {
    const std::scoped_lock lock(mutex_);
    lose(waiting_.size());
  }
  std::exchange(finished_, {})();
}

void SpanExporter::finish(base::Task done) {
  send_some();
  if (!under_way_) {
    *alive_ = false;
    return done();
  }
  finished_ = [alive = alive_, done = std::move(done)]() mutable {
    *alive = false;
    done();
  };
}

void SpanExporter::lose(std::size_t spans) { dropped_ += spans; }

// Once for each change: a collector that is away is not worth a line a second.
void SpanExporter::tell(bool works, const std::string& why) {
  if (works == works_) return;
  works_ = works;
  if (log_ == nullptr) return;
  if (works) return log_->info("traces are delivered again");
  log_->warn("traces cannot be delivered, they are dropped", {{"why", why}});
}

nanoseconds SpanExporter::epoch() {
  const nanoseconds found =
      clock_.real_wall().time_since_epoch() - clock_.mono().time_since_epoch();
  const nanoseconds off = found > epoch_ ? found - epoch_ : epoch_ - found;
  if (off > kEpochTolerance) epoch_ = found;
  return epoch_;
}

}  // namespace heliograph::telemetry
