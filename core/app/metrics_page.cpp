#include "core/app/metrics_page.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <optional>
#include <utility>

#include "core/app/metrics_families.h"
#include "core/app/version.h"
#include "core/telemetry/process_figures.h"

namespace heliograph::app {
namespace {

namespace fs = std::filesystem;
using telemetry::Family;
using telemetry::MetricKind;

void move_into(Families& all, Families more) { std::ranges::move(more, std::back_inserter(all)); }

Family gauge(std::string name, std::string help, double value) {
  return one_value(std::move(name), std::move(help), MetricKind::kGauge, value);
}

// What cannot be told is left out.
Families disk_families(const std::string& path) {
  Families families;
  std::error_code error;
  Family files{"heliograph_store_file_bytes",
               "Size of the database and of its log.",
               MetricKind::kGauge,
               {}};
  for (const auto& [name, end] : {std::pair{"database", ""}, std::pair{"log", "-wal"}}) {
    const auto size = fs::file_size(path + end, error);
    if (!error)
      files.samples.push_back({.labels = {{"file", name}}, .value = static_cast<double>(size)});
  }
  families.push_back(std::move(files));
  const auto space = fs::space(fs::path(path).parent_path(), error);
  if (!error)
    families.push_back(gauge("heliograph_store_disk_free_bytes",
                             "Bytes free to the gateway on the database's file system.",
                             static_cast<double>(space.available)));
  return families;
}

Families store_families(const MetricsParts& parts) {
  const ports::QueueDepth depth = parts.store.depth();
  Families families = disk_families(parts.store_path);
  families.push_back(gauge("heliograph_queue_waiting_messages",
                           "Messages that wait, those due later included.",
                           static_cast<double>(depth.waiting)));
  families.push_back(gauge("heliograph_queue_sending_messages", "Messages being sent.",
                           static_cast<double>(depth.sending)));
  families.push_back(gauge("heliograph_store_accepting", "0: the store takes no messages now.",
                           parts.store.accepting() ? 1 : 0));
  families.push_back(gauge("heliograph_store_queued_operations",
                           "Operations that wait for the store's writer.",
                           static_cast<double>(parts.store.writer_stats().queued)));
  return families;
}

class Scrape final : public api::MetricsScrape, public std::enable_shared_from_this<Scrape> {
 public:
  Scrape(const MetricsParts& parts, base::Task complete)
      : parts_(parts), complete_(std::move(complete)), begun_(parts.clock.mono()) {}

  void begin(ports::Executor& where) {
    parts_.store.lanes(where, into(lanes_));
    parts_.store.callback_backlog(where, into(backlog_));
    parts_.pipeline.distribution(false, where, into(providers_));
  }

  std::string text() override {
    const model::TimePoint now = parts_.clock.wall();
    Families all = parts_.metrics.snapshot();
    if (lanes_) move_into(all, queue_families(*lanes_, now));
    if (backlog_) move_into(all, backlog_families(*backlog_, now));
    if (providers_) {
      move_into(all, provider_families(*providers_, now));
      move_into(all, limit_families(*providers_));
    }
    move_into(all, store_families(parts_));
    move_into(all, pipeline_families(parts_.pipeline.stats()));
    move_into(all, callback_families(parts_.callbacks.stats()));
    move_into(all, server_families(parts_.server()));
    move_into(all, plugin_families(parts_.plugins.statuses()));
    move_into(all, own_metrics_of_plugins(parts_.plugins.metrics()));
    move_into(all, telemetry::process_figures());
    move_into(all, about_itself());
    return telemetry::metrics_text(all);
  }

 private:
  // Keeps the answer, and tells when it is the last.
  template <class T>
  ports::Done<T> into(std::optional<T>& place) {
    ++open_;
    return [self = shared_from_this(), &place](T answer) {
      place = std::move(answer);
      if (--self->open_ == 0) self->complete_();
    };
  }

  // A read that was cut short is answered too.
  bool knows_lanes() const {
    return lanes_ && std::ranges::all_of(*lanes_, &ports::LaneDepth::read);
  }
  bool knows_backlog() const { return backlog_ && backlog_->read; }

  Families about_itself() const {
    const bool ready = parts_.readiness.unready_reasons().empty();
    const std::chrono::duration<double> took = parts_.clock.mono() - begun_;
    Family build{"heliograph_build_info", "Which version this is.", MetricKind::kGauge, {}};
    build.samples.push_back(
        {.labels = {{"version", kVersion}, {"store", parts_.store.engine_version()}}, .value = 1});
    Families families;
    families.push_back(std::move(build));
    families.push_back(gauge("heliograph_ready", "0: /readyz says why not.", ready ? 1 : 0));
    families.push_back(gauge("heliograph_scrape_complete",
                             "0: a part did not answer in time, and its figures are missing.",
                             open_ == 0 && knows_lanes() && knows_backlog() ? 1 : 0));
    families.push_back(
        gauge("heliograph_scrape_seconds", "Time that this page took.", took.count()));
    return families;
  }

  const MetricsParts& parts_;
  base::Task complete_;
  const ports::MonoTime begun_;
  int open_ = 0;
  std::optional<ports::LaneDepths> lanes_;
  std::optional<ports::CallbackBacklog> backlog_;
  std::optional<pipeline::Distribution> providers_;
};

}  // namespace

MetricsPage::MetricsPage(MetricsParts parts) : parts_(std::move(parts)) {}
MetricsPage::~MetricsPage() = default;

std::shared_ptr<api::MetricsScrape> MetricsPage::begin(ports::Executor& where,
                                                       base::Task complete) {
  auto scrape = std::make_shared<Scrape>(parts_, std::move(complete));
  scrape->begin(where);
  return scrape;
}

}  // namespace heliograph::app
