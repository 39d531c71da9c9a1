#include "core/app/tracing.h"

#include <fmt/format.h>

#include <chrono>
#include <future>

#include "core/app/asio_loop.h"
#include "core/app/version.h"
#include "core/http/client.h"
#include "core/telemetry/span_exporter.h"

namespace heliograph::app {
namespace {

constexpr std::chrono::milliseconds kLastDelivery{1'000};

ports::HttpPoolOptions one_connection() {
  ports::HttpPoolOptions options;
  options.connections_max = 1;
  return options;
}

telemetry::SpanExporterSettings exporter_settings(const config::Tracing& settings) {
  telemetry::SpanExporterSettings out;
  out.endpoint = settings.endpoint;
  out.authorization = settings.authorization;
  out.resource = {.service_name = settings.service_name, .service_version = kVersion};
  out.sample = settings.sample;
  return out;
}

}  // namespace

struct Tracing::Parts {
  Parts(const config::Tracing& settings, const ports::Clock& clock, ports::Log* log)
      : log(log),
        loop(clock),
        clients(http::make_http_client_factory(loop.context(), clock)),
        client(clients->make(one_connection())),
        exporter(exporter_settings(settings), loop, *client, clock, log) {}

  ports::Log* const log;
  AsioLoop loop;
  std::unique_ptr<ports::HttpClientFactory> clients;
  std::unique_ptr<ports::HttpClient> client;
  telemetry::SpanExporter exporter;
};

Tracing::Tracing(const config::Tracing& settings, const ports::Clock& clock, ports::Log* log) {
  if (!settings.endpoint.empty()) parts_ = std::make_unique<Parts>(settings, clock, log);
}

Tracing::~Tracing() = default;

ports::Tracer* Tracing::tracer() const { return parts_ ? &parts_->exporter : nullptr; }

void Tracing::start() {
  if (!parts_) return;
  parts_->loop.start();
  parts_->loop.post([parts = parts_.get()] { parts->exporter.start(); });
}

void Tracing::stop() {
  if (!parts_) return;
  auto delivered = std::make_shared<std::promise<void>>();
  auto done = delivered->get_future();
  parts_->loop.post([parts = parts_.get(), delivered] {
    parts->exporter.finish([delivered] { delivered->set_value(); });
  });
  done.wait_for(kLastDelivery);
  parts_->loop.stop();
  if (parts_->log == nullptr) return;
  const auto stats = parts_->exporter.stats();
  parts_->log->info("tracing stopped", {{"exported", fmt::to_string(stats.exported)},
                                        {"dropped", fmt::to_string(stats.dropped)}});
}

}  // namespace heliograph::app
