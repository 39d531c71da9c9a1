#include "core/pipeline/pipeline.h"

#include <algorithm>
#include <utility>

#include "core/base/assert.h"
#include "core/pipeline/dispatcher.h"
#include "core/pipeline/health_exchange.h"
#include "core/pipeline/hint_box.h"
#include "core/pipeline/message_log.h"
#include "core/pipeline/provider_board.h"
#include "core/pipeline/provider_desk.h"
#include "core/pipeline/recovery.h"
#include "core/pipeline/route_book.h"
#include "core/pipeline/sweeper.h"

namespace heliograph::pipeline {

namespace {

class Silence final : public ports::Log {
 public:
  bool enabled(ports::LogLevel) const override { return false; }
  void write(ports::LogLevel, std::string_view, const ports::LogField*, std::size_t) override {}
};

std::vector<config::Provider> settings_of(const std::vector<ProviderSlot>& slots) {
  std::vector<config::Provider> all;
  for (const ProviderSlot& slot : slots) all.push_back(slot.settings);
  return all;
}

PipelinePorts with_distributor(PipelinePorts handed, ports::Distributor& distributor) {
  return {.clock = handed.clock,
          .random = handed.random,
          .loop = handed.loop,
          .store = handed.store,
          .distributor = distributor,
          .limiter = handed.limiter,
          .log = handed.log,
          .shared_window = handed.shared_window,
          .settlements = handed.settlements,
          .inbound = handed.inbound,
          .metrics = handed.metrics,
          .tracer = handed.tracer};
}

// Receipts and inbound messages handed to the store and not answered: beyond, the peer is asked to
// repeat.
constexpr std::size_t kEventsUnderWayMax = 50'000;

}  // namespace

// The rooms, in the order in which they depend on one another; destroyed in reverse.
class Pipeline::Impl {
 public:
  Impl(PipelineSettings given, PipelinePorts handed, std::vector<ProviderSlot> slots,
       base::UniqueFunction<void(const std::string&)> fatal)
      : settings(std::move(given)),
        routes(settings.routes, settings_of(slots)),
        distributors(routes, handed.distributor, handed.route_distributors),
        ports(with_distributor(handed, distributors)),
        log(handed.log != nullptr ? *handed.log : silence),
        on_fatal(std::move(fatal)),
        hints(std::max<std::size_t>(64, settings.queue.window)),
        keys(intern_providers(ports.store, slots)),
        board(settings, std::move(slots), keys),
        book(routes, board),
        classes([this](const ports::DispatchClass& meaning) { return book.carriers(meaning); },
                [this](const ports::DispatchClass& meaning) { return book.route_of(meaning); }),
        desk(ports, log, board),
        dispatcher(settings, ports, log, board, classes, book, desk),
        health_exchange(ports, settings.health, board,
                        [this](std::size_t i) { dispatcher.on_circuit(i); }),
        sweeper(ports, [this] { each_minute(); }) {
    desk.attach(dispatcher);
  }

  void take_hints() {
    if (!serving) return;  // they stay in the box
    HintBox::Hints taken = hints.take();
    for (model::WorkItem& item : taken.items) dispatcher.offer(std::move(item));
    for (const auto& [key, position] : taken.dropped) dispatcher.note_waiting(key, position);
  }

  void serve() {
    serving = true;
    dispatcher.providers_changed();
    health_exchange.start();
    sweeper.start();
    take_hints();
  }

  void retire(Heir& heir, base::Task drained) {
    serving = false;
    distributors.retire();
    health_exchange.stop();
    sweeper.stop();
    retired = std::move(drained);
    dispatcher.retire(heir, [this] {
      attempts_ended = true;
      check_retired();
    });
  }

  void check_retired() {
    if (attempts_ended && events_under_way == 0 && retired) std::exchange(retired, {})();
  }

  void each_minute() {
    desk.save_all();
    dispatcher.tidy();
  }

  const PipelineSettings settings;
  const RouteTable routes;
  RouteDistributors distributors;
  const PipelinePorts ports;
  Silence silence;
  ports::Log& log;
  base::UniqueFunction<void(const std::string&)> on_fatal;
  HintBox hints;
  std::vector<model::ProviderKey> keys;
  ProviderBoard board;
  RouteBook book;
  DispatchClasses classes;
  ProviderDesk desk;
  Dispatcher dispatcher;
  HealthExchange health_exchange;
  Sweeper sweeper;
  std::size_t events_under_way = 0;
  bool serving = false;
  bool attempts_ended = false;  // of a retired one
  base::Task retired;
  Alive alive;
};

Pipeline::Pipeline(PipelineSettings settings, PipelinePorts ports,
                   std::vector<ProviderSlot> providers,
                   base::UniqueFunction<void(const std::string&)> on_fatal)
    : impl_(std::make_unique<Impl>(std::move(settings), ports, std::move(providers),
                                   std::move(on_fatal))) {}

Pipeline::~Pipeline() = default;

void Pipeline::start() {
  Impl& impl = *impl_;
  prepare();
  if (!impl.routes.empty()) impl.book.know_clients(impl.ports.store.client_names());
  impl.desk.restore(impl.ports.store.provider_states());
  recover_messages(impl.ports, impl.log, impl.dispatcher, impl.alive);
  impl.serve();
}

void Pipeline::prepare() {
  Impl& impl = *impl_;
  intern_classes(impl.ports.store, impl.board, impl.routes, impl.classes);
}

Pipeline::Reading Pipeline::read() {
  ports::Store& store = impl_->ports.store;
  Reading reading{.heads = store.queue_heads(), .states = store.provider_states(), .clients = {}};
  if (!impl_->routes.empty()) reading.clients = store.client_names();
  return reading;
}

void Pipeline::take_over(Handover handover, Reading reading) {
  Impl& impl = *impl_;
  Impl& old = *handover.before.impl_;
  HG_ASSERT(!impl.serving);
  old.retire(impl.dispatcher, std::move(handover.drained));
  impl.book.know_clients(std::move(reading.clients));
  // Of providers that were not there just now: as an earlier configuration left them.
  std::erase_if(reading.states, [&old](const ports::ProviderState& state) {
    return old.board.find(state.key).has_value();
  });
  impl.desk.restore(reading.states);
  impl.board.inherit(old.board, impl.ports.clock.wall());
  for (const ports::QueueHead& head : reading.heads)
    impl.dispatcher.note_waiting(head.key, {head.first_due, 0});
  impl.serve();
}

void Pipeline::drain(ports::MonoTime deadline, base::Task done) {
  impl_->health_exchange.stop();
  impl_->sweeper.stop();
  impl_->desk.save_all();
  impl_->dispatcher.drain(deadline, std::move(done));
}

PipelineStats Pipeline::stats() const {
  PipelineStats stats = impl_->dispatcher.stats();
  stats.hints_dropped = impl_->hints.batches_dropped();
  return stats;
}

// ---- from the store's writer ----

void Pipeline::on_waiting(std::vector<model::WorkItem> items) {
  if (!impl_->hints.put(std::move(items))) return;
  impl_->ports.loop.post([impl = impl_.get(), alive = impl_->alive.watch()] {
    if (!alive.expired()) impl->take_hints();
  });
}

void Pipeline::on_settled(std::span<const model::MessageId> ids) {
  if (impl_->ports.settlements != nullptr) impl_->ports.settlements->tell(ids);
}

void Pipeline::on_fatal(const std::string& what) { impl_->on_fatal(what); }

// ---- from the providers ----

void Pipeline::on_send_result(model::ProviderKey provider, ports::SendTicket ticket,
                              model::AttemptResult result) {
  impl_->dispatcher.runner().on_send_result(provider, ticket, std::move(result));
}

void Pipeline::on_begin_missed(model::ProviderKey provider, ports::SendTicket ticket) {
  impl_->dispatcher.runner().on_begin_missed(provider, ticket);
}

void Pipeline::on_window(model::ProviderKey provider, std::uint32_t max_in_flight) {
  const auto i = impl_->board.find(provider);
  if (!i) return;
  impl_->board.set_window(*i, max_in_flight);
  impl_->dispatcher.ask_pump();
}

void Pipeline::on_quarantine(model::ProviderKey provider, std::string reason) {
  if (const auto i = impl_->board.find(provider)) impl_->desk.quarantine(*i, std::move(reason));
}

void Pipeline::on_report(model::ProviderKey provider, ports::ProviderReport report,
                         base::UniqueFunction<void(bool)> done) {
  Impl& impl = *impl_;
  const std::size_t count = report.size();
  const bool inbound = !report.inbound.empty();
  const bool full = impl.events_under_way + count > kEventsUnderWayMax;
  if (full || (inbound && impl.ports.inbound == nullptr)) {
    impl.log.warn(full ? "a provider's report refused: too much under way"
                       : "a provider's report refused: nobody takes inbound messages");
    impl.ports.loop.post([done = std::move(done)]() mutable { done(false); });
    return;
  }
  const auto known = impl.board.find(provider);
  if (known) log_receipts(impl.log, report.receipts, impl.board[*known].settings.id);
  impl.events_under_way += count;
  auto stored = [&impl, count, done = std::move(done)](bool taken) mutable {
    impl.events_under_way -= count;
    done(taken);
    impl.check_retired();
  };
  if (inbound) {
    auto taken =
        impl.alive.guard([stored = std::move(stored)](const ports::ReportResult& result) mutable {
          stored(result.taken);
        });
    return impl.ports.inbound->take(std::move(report), impl.ports.loop, std::move(taken));
  }
  auto applied = impl.alive.guard([stored = std::move(stored), receipts = report.receipts.size()](
                                      const std::vector<ports::ReceiptOutcome>& outcomes) mutable {
    stored(outcomes.size() == receipts);
  });
  impl.ports.store.apply_receipts(std::move(report.receipts), impl.ports.loop, std::move(applied));
}

// ---- from operators ----

ProviderDesk& Pipeline::desk() { return impl_->desk; }

void Pipeline::providers(ports::Executor& where, ports::Done<std::vector<ProviderStatus>> done) {
  impl_->ports.loop.post(
      [impl = impl_.get(), alive = impl_->alive.watch(), &where, done = std::move(done)]() mutable {
        if (alive.expired()) return;
        where.post([done = std::move(done), list = impl->desk.list()]() mutable {
          done(std::move(list));
        });
      });
}

void Pipeline::act(std::string provider, ProviderAction action, ports::Executor& where,
                   ports::Done<std::optional<ProviderStatus>> done) {
  auto answer = [&where, done = std::move(done)](std::optional<ProviderStatus> status) mutable {
    where.post([done = std::move(done), status = std::move(status)]() mutable {
      done(std::move(status));
    });
  };
  impl_->ports.loop.post([impl = impl_.get(), alive = impl_->alive.watch(),
                          provider = std::move(provider), action,
                          answer = std::move(answer)]() mutable {
    if (!alive.expired()) impl->desk.act(provider, action, std::move(answer));
  });
}

void Pipeline::distribution(bool reset, ports::Executor& where, ports::Done<Distribution> done) {
  impl_->ports.loop.post([impl = impl_.get(), alive = impl_->alive.watch(), reset, &where,
                          done = std::move(done)]() mutable {
    if (alive.expired()) return;
    where.post([done = std::move(done), counts = impl->desk.distribution(reset)]() mutable {
      done(std::move(counts));
    });
  });
}

}  // namespace heliograph::pipeline
