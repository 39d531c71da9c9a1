#include "core/app/gateway.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <map>
#include <optional>
#include <thread>
#include <utility>

#include "core/api/access_log.h"
#include "core/api/api.h"
#include "core/api/cors.h"
#include "core/app/admin_socket.h"
#include "core/app/asio_loop.h"
#include "core/app/blocking.h"
#include "core/app/declared_clients.h"
#include "core/app/exit_codes.h"
#include "core/app/lifetime.h"
#include "core/app/metrics_page.h"
#include "core/app/part_options.h"
#include "core/app/pipeline_exchange.h"
#include "core/app/plugin_directory.h"
#include "core/app/readiness_state.h"
#include "core/app/reloader.h"
#include "core/app/system_clock.h"
#include "core/app/system_random.h"
#include "core/app/tracing.h"
#include "core/http/client.h"
#include "core/http/server.h"
#include "core/http/webhook_signature.h"
#include "core/http/webhook_url.h"
#include "core/pipeline/callbacks/dispatcher.h"
#include "core/pipeline/inbound_intake.h"
#include "core/pipeline/intake.h"
#include "core/pipeline/pipeline_relay.h"
#include "core/plugin/plugin_host.h"
#include "core/store/sqlite_store.h"
#include "core/telemetry/log.h"
#include "core/telemetry/metrics.h"

namespace heliograph::app {
namespace {

using std::chrono::milliseconds;

// After the pipeline's own deadline: it answers right after it, unless the loop itself is stuck.
constexpr milliseconds kDrainSlack{5'000};
// Plugins get this even when the pipeline has used up the time: they finish what they acknowledge.
constexpr milliseconds kPluginDrainLeast{200};
// A reload whose plugins are slow to start may have used up the time; what is in flight is not to
// be cut off for that.
constexpr std::chrono::seconds kDrainLeast{5};
// Receivers are given this much to answer what they were told last.
constexpr milliseconds kCallbackDrain{1'000};

// What the store's end leaves to the API's threads: writing the refusals of what waited to be
// accepted. Who is not reached in time sees the connection close, which promises nothing either.
constexpr milliseconds kLastAnswers{250};
constexpr milliseconds kLastLines{250};

}  // namespace

// Members in the order of their dependence: each uses only those above it, and destruction goes the
// other way.
class Gateway::Impl {
 public:
  Impl(config::Config config, Reloader::Load reload)
      : config_(std::move(config)),
        log_(telemetry::make_log({.level = config_.log.level, .format = config_.log.format})),
        store_(store::SqliteStore::open(store_options(config_, log_.get(), &metrics_), clock_,
                                        id_random_)),
        tracing_(config_.tracing, clock_, log_.get()),
        loop_(clock_),
        http_clients_(http::make_http_client_factory(loop_.context(), clock_)),
        plugins_(plugin_options(config_), plugin::HostServices{.loop = loop_,
                                                               .clock = clock_,
                                                               .log = log_.get(),
                                                               .http = http_clients_.get(),
                                                               .io = &loop_.context()}),
        callback_http_(http_clients_->make(callback_pool(config_))),
        intake_(intake_settings(config_, &metrics_), clock_, *store_, tracing_.tracer()),
        lifetime_([this](const std::string& part, const std::string& what) {
          log_->error("part failed to stop", {{"part", part}, {"error", what}});
        }) {
    for (const auto& note : config_.notes) log_->info(note);
    keep_clock_forward();
    tell_of_callback_urls();
    clients_ = declare_clients(config_, *store_);
    inbound_ = std::make_unique<pipeline::InboundIntake>(inbound_settings(config_, clients_),
                                                         *store_, log_.get());
    reloader_ = std::make_unique<Reloader>(
        config_, std::move(reload),
        ReloadTargets{.log = *log_,
                      .intake = intake_,
                      .inbound = *inbound_,
                      .clients = clients_,
                      .read_certificates = [this] { return read_certificates(); },
                      .in_force =
                          [this](const config::Config& config) {
                            server_->set_router(make_router(config));
                          }});
    plugins_.load();
    plan();
  }

  void start() { lifetime_.start(); }
  void stop() { lifetime_.stop(); }
  std::vector<std::string> addresses() const {
    return server_ ? server_->addresses() : std::vector<std::string>{};
  }

  bool answers(milliseconds time) {
    auto done = std::make_shared<std::promise<void>>();
    auto answered = done->get_future();
    loop_.post([done] { done->set_value(); });
    return answered.wait_for(time) == std::future_status::ready;
  }

  void on_hangup() { reloader_->reload(); }

  std::vector<std::string> summary() const {
    std::vector<std::string> lines;
    lines.push_back(fmt::format("store {} ({})", config_.store.path, store_->engine_version()));
    for (const auto& provider : config_.providers) {
      lines.push_back(fmt::format("provider {} (plugin {}, weight {})", provider.id,
                                  provider.plugin, provider.weight));
    }
    if (config_.providers.empty())
      lines.emplace_back("no provider is configured: messages are kept and wait");
    const bool limited = !plugin_options(config_).rules.empty();
    lines.push_back(fmt::format("distributor {}, limiter {}{}", config_.distributor.plugin,
                                config_.limiter.plugin,
                                limited ? "" : " (no limit is configured)"));
    return lines;
  }

 private:
  // What the file says may be right once a name resolves elsewhere; the deliveries tell too.
  void tell_of_callback_urls() {
    const http::WebhookUrlRules rules(config_.callbacks.allow_cidrs, config_.callbacks.allow_http);
    for (const auto& client : config_.clients) {
      if (client.callback_url.empty()) continue;
      if (const auto fault = rules.fault(client.callback_url)) {
        log_->warn("callbacks to this client's callback_url will fail",
                   {{"client", client.name}, {"why", *fault}});
      }
    }
  }

  void keep_clock_forward() {
    const auto behind = clock_.not_before(store_->newest());
    store_->keep_appointments();
    if (behind.count() == 0) return;
    log_->warn("the system's clock is behind the newest message; due times go on from that one",
               {{"behind_ms", fmt::to_string(behind.count())}});
  }

  // What start() does, forward, and stop() undoes, backward.
  void plan() {
    lifetime_.add({"tracing", [this] { tracing_.start(); }, [this] { tracing_.stop(); }});
    lifetime_.add({"loop", [this] { loop_.start(); }, [this] { loop_.stop(); }});
    lifetime_.add({"plugins", [this] { start_plugins(); }, [this] { plugins_.stop(); }});
    lifetime_.add({"callbacks", [this] { prepare_callbacks(); }, [this] { end_callbacks(); }});
    lifetime_.add({"pipeline", [this] { start_pipeline(); }, [this] { stop_pipeline(); }});
    lifetime_.add(
        {"admin socket", [this] { start_admin_socket(); }, [this] { admin_socket_->stop(); }});
    lifetime_.add({"reload", {}, [this] { reloader_->stop(); }});
    lifetime_.add({"server", [this] { start_server(); }, [this] { stop_server(); }});
  }

  model::ProviderKey key_of(const std::string& provider) {
    return provider_keys_[provider] = store_->intern_provider(provider);
  }

  void start_plugins() {
    plugins_.start([this](const std::string& name) { return key_of(name); });
  }

  // `strategies`: the plugin host, or a replacement of what it runs.
  std::unique_ptr<pipeline::Pipeline> make_pipeline(pipeline::PipelineSettings settings,
                                                    auto& strategies) {
    pipeline::PipelinePorts ports{.clock = clock_,
                                  .random = loop_random_,
                                  .loop = loop_,
                                  .store = *store_,
                                  .distributor = strategies.distributor(),
                                  .limiter = strategies.limiter(),
                                  .log = log_.get(),
                                  .shared_window = strategies.shared_window(),
                                  .settlements = &settlements_,
                                  .inbound = inbound_.get(),
                                  .route_distributors = strategies.route_distributors(),
                                  .metrics = &metrics_,
                                  .tracer = tracing_.tracer()};
    return std::make_unique<pipeline::Pipeline>(std::move(settings), std::move(ports),
                                                strategies.provider_slots(),
                                                [this](const std::string& what) { die(what); });
  }

  void start_pipeline() {
    pipeline_ = std::make_unique<pipeline::PipelineRelay>(loop_);
    auto first = make_pipeline(pipeline_settings(config_), plugins_);
    plugins_.connect(*pipeline_);
    const auto waiting = store_->callback_heads();
    run_on(loop_, [&] { pipeline_->start(std::move(first)); });
    store_->start(*pipeline_);
    run_on(loop_, [this, &waiting] { callbacks_->start(waiting); });
    exchange_ = std::make_unique<PipelineExchange>(PipelineExchange::Parts{
        .plugins = plugins_,
        .relay = *pipeline_,
        .log = *log_,
        .key_of = [this](const std::string& name) { return key_of(name); },
        .make =
            [this](pipeline::PipelineSettings settings, const plugin::Replacement& replacement) {
              return make_pipeline(std::move(settings), replacement);
            }});
    if (!waiting.empty()) {
      log_->info("callbacks wait", {{"endpoints", fmt::to_string(waiting.size())}});
    }
  }

  // Before the store's writer runs: it tells of what is due.
  void prepare_callbacks() {
    callbacks_ = std::make_unique<pipeline::CallbackDispatcher>(
        callback_settings(config_), pipeline::CallbackDispatcherPorts{.clock = clock_,
                                                                      .random = callback_random_,
                                                                      .loop = loop_,
                                                                      .store = *store_,
                                                                      .http = *callback_http_,
                                                                      .signer = callback_signer_,
                                                                      .log = log_.get(),
                                                                      .tracer = tracing_.tracer()});
    store_->watch_callbacks(*callbacks_);
  }

  // On the loop: what is still under way ends there, unheard.
  void end_callbacks() {
    run_on(loop_, [this] {
      callback_http_.reset();
      callbacks_.reset();
    });
  }

  // What is cut off here is sent again at the next start.
  void drain_callbacks() {
    auto drained = std::make_shared<std::promise<void>>();
    auto finished = drained->get_future();
    loop_.post([this, drained] {
      callbacks_->drain(clock_.mono() + kCallbackDrain, [drained] { drained->set_value(); });
    });
    finished.wait_for(kCallbackDrain + kDrainSlack);
  }

  void stop_pipeline() {
    const std::chrono::nanoseconds whole = config_.drain_timeout;
    const auto least = clock_.mono() + std::min<std::chrono::nanoseconds>(whole, kDrainLeast);
    const auto deadline = std::max(stop_by_.value_or(clock_.mono() + whole), least);
    auto drained = std::make_shared<std::promise<void>>();
    auto finished = drained->get_future();
    loop_.post([this, drained, deadline] {
      pipeline_->drain(deadline, [drained] { drained->set_value(); });
    });
    const auto left = deadline - clock_.mono();
    const bool answered = finished.wait_for(left + kDrainSlack) == std::future_status::ready;
    if (!answered) log_->error("the dispatch loop does not answer");
    if (exchange_) exchange_->retire();
    plugins_.drain(std::max<std::chrono::nanoseconds>(deadline - clock_.mono(), kPluginDrainLeast));
    drain_callbacks();
    log_->info("drained", {{"in_flight", fmt::to_string(pipeline_->stats().in_flight)}});
    store_->stop();
    const auto writer = store_->writer_stats();
    log_->info("store stopped", {{"transactions", fmt::to_string(writer.transactions)},
                                 {"operations", fmt::to_string(writer.operations)}});
    if (!answered) end_without_loop();
  }

  // What lives on a thread that a plugin keeps cannot be ended in order; the store has been.
  [[noreturn]] void end_without_loop() {
    log_->error("ended without the dispatch loop, which a plugin keeps waiting");
    std::this_thread::sleep_for(kLastLines);
    std::_Exit(kExitRuntime);
  }

  void start_admin_socket() {
    admin_socket_ =
        std::make_unique<AdminSocket>(admin_socket_path(config_.store.path), *store_, *log_);
    admin_socket_->start();
  }

  http::Router make_router(const config::Config& config) {
    const api::ApiPorts ports{.intake = intake_,
                              .providers = *pipeline_,
                              .store = *store_,
                              .queries = *store_,
                              .clients = *store_,
                              .callbacks = *store_,
                              .conversations = *store_,
                              .ingress = plugins_.ingress(),
                              .clock = clock_,
                              .readiness = *readiness_,
                              .settlements = settlements_,
                              .inbound = *inbound_,
                              .log = log_.get(),
                              .log_control = log_.get(),
                              .metrics = metrics_page_.get(),
                              .plugins = &plugin_directory_,
                              .reload = reloader_.get()};
    api::ApiSettings settings = api::api_settings(config);
    const auto facades = std::ranges::find(clients_, config.facades.client, &model::Client::name);
    if (facades != clients_.end()) settings.facades.client = *facades;
    for (api::ReportingProvider& provider : settings.reporting) {
      const auto key = provider_keys_.find(provider.id);
      if (key != provider_keys_.end()) provider.key = key->second;
    }
    return api::make_router(std::move(settings), ports);
  }

  void start_server() {
    readiness_ = std::make_unique<ReadinessState>(*store_, plugins_);
    metrics_page_ = std::make_unique<MetricsPage>(
        MetricsParts{metrics_, *store_, *pipeline_, *callbacks_, plugins_, *readiness_, clock_,
                     config_.store.path, [this] { return server_->stats(); }});
    auto options = server_options(config_, *log_, &metrics_);
    options.decorate = [cors = api::Cors(config_.http.cors_origins), log = log_.get()](
                           const http::Request& request, http::Response& response) {
      cors.decorate(request, response);
      api::log_unrouted(*log, request, response);
    };
    server_ = std::make_unique<http::Server>(std::move(options), make_router(config_));
    server_->start();
    reloader_->start(*exchange_);
    readiness_->set_serving(true);
  }

  ReloadTargets::Certificates read_certificates() {
    auto read = server_->read_certificates();
    return {.listeners = http::Server::changed(*read),
            .use = [this, read] { server_->set_certificates(*read); }};
  }

  void stop_server() {
    readiness_->set_serving(false);
    settlements_.close();                              // who waits for a message gets the 202 now
    stop_by_ = clock_.mono() + config_.drain_timeout;  // one deadline for all that is in flight
    exchange_->end();  // who asked for a reload waits for its answer
    server_->stop(config_.drain_timeout);
  }

  // The store cannot commit any more: nothing that follows could be promised, so refuse what waits,
  // end and recover at the next start.
  [[noreturn]] void die(const std::string& what) {
    // Not through the log: its thread would not get to write it.
    fmt::print(stderr, "heliograph: the store failed, ending to recover at the next start: {}\n",
               what);
    std::fflush(stderr);
    std::this_thread::sleep_for(kLastAnswers);
    std::_Exit(kExitFatalCommit);
  }

  config::Config config_;
  std::map<std::string, model::ProviderKey> provider_keys_;  // by name
  std::unique_ptr<telemetry::OperatedLog> log_;
  telemetry::Metrics metrics_;
  std::unique_ptr<MetricsPage> metrics_page_;
  // Stopped first, destroyed late: answers that are still owed to it are dropped into its queues by
  // the parts below.
  std::unique_ptr<ReadinessState> readiness_;
  std::unique_ptr<http::Server> server_;
  SystemClock clock_;
  SystemRandom id_random_;
  SystemRandom loop_random_;
  std::unique_ptr<store::SqliteStore> store_;
  std::vector<model::Client> clients_;  // those the configuration declares
  std::unique_ptr<pipeline::InboundIntake> inbound_;
  Tracing tracing_;
  AsioLoop loop_;
  std::unique_ptr<ports::HttpClientFactory> http_clients_;
  plugin::PluginHost plugins_;
  const HostDirectory plugin_directory_{plugins_};
  pipeline::Settlements settlements_;
  SystemRandom callback_random_;
  http::WebhookSigner callback_signer_;
  std::unique_ptr<ports::HttpClient> callback_http_;
  std::unique_ptr<pipeline::CallbackDispatcher> callbacks_;
  std::unique_ptr<pipeline::PipelineRelay> pipeline_;
  std::unique_ptr<PipelineExchange> exchange_;
  pipeline::Intake intake_;
  std::unique_ptr<Reloader> reloader_;
  std::unique_ptr<AdminSocket> admin_socket_;
  std::optional<ports::MonoTime> stop_by_;
  Lifetime lifetime_;  // last: its end stops what is above
};

Gateway::Gateway(config::Config config, std::function<config::Config()> reload)
    : impl_(std::make_unique<Impl>(std::move(config), std::move(reload))) {}
Gateway::~Gateway() { stop(); }
void Gateway::start() { impl_->start(); }
void Gateway::stop() { impl_->stop(); }
bool Gateway::answers(milliseconds time) { return impl_->answers(time); }
void Gateway::on_hangup() { impl_->on_hangup(); }
std::vector<std::string> Gateway::addresses() const { return impl_->addresses(); }
std::vector<std::string> Gateway::summary() const { return impl_->summary(); }

}  // namespace heliograph::app
