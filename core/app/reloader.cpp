#include "core/app/reloader.h"

#include <fmt/format.h>

#include <atomic>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <memory>
#include <sstream>
#include <utility>

#include "core/app/configuration.h"
#include "core/app/part_options.h"
#include "core/app/pipeline_exchange.h"
#include "core/config/changes.h"

namespace heliograph::app {
namespace {

using Outcome = api::ReloadResult::Outcome;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

}  // namespace

class Reloader::Impl {
 public:
  Impl(config::Config in_force, Load load, ReloadTargets targets)
      : in_force_(std::move(in_force)), load_(std::move(load)), targets_(targets) {}

  // On the one thread of `pool`, so one after the other.
  api::ReloadResult run() {
    api::ReloadResult result;
    try {
      if (exchange_ == nullptr) throw NotNow("the gateway is still starting");
      result = take(load_());
    } catch (const NotNow& error) {
      result.outcome = Outcome::kNotNow;
      result.errors = {error.what()};
    } catch (const std::exception& error) {  // ConfigInvalid, PluginError, an unusable file
      result.outcome = Outcome::kInvalid;
      result.errors = lines_of(error.what());
    }
    result.generation = generation_;
    tell(result);
    return result;
  }

  // What was replaced is ended by the same thread, so that the next reload comes after it.
  void finish() {
    PipelineExchange* const exchange = exchange_;
    if (exchange == nullptr) return;
    try {
      exchange->finish(in_force_.drain_timeout);
    } catch (const std::exception& error) {
      targets_.log.error("what a reload replaced did not end", {{"error", error.what()}});
    }
  }
  void start(PipelineExchange& exchange) { exchange_ = &exchange; }
  void end() {
    if (PipelineExchange* const exchange = exchange_) exchange->end();
  }

  boost::asio::thread_pool pool{1};

 private:
  api::ReloadResult take(config::Config wanted) {
    auto found = config::changes(in_force_, wanted);
    api::ReloadResult result;
    if (!found.restart_required.empty()) {
      result.outcome = Outcome::kRestartRequired;
      result.restart_required = std::move(found.restart_required);
      result.unchanged = std::move(found.reloadable);
      return result;
    }
    // Made before anything is put in force: what may fail, fails here.
    auto intake = intake_settings(wanted);
    auto inbound = inbound_settings(wanted, targets_.clients);
    const auto certificates = targets_.read_certificates();
    for (const std::string& listener : certificates.listeners) {
      found.reloadable.push_back("certificates of " + listener);
    }
    // A plugin's file may have changed where the configuration has not.
    for (auto& change : exchange_.load()->apply(wanted, found.dispatch)) {
      result.instances.push_back({.kind = std::move(change.kind),
                                  .name = std::move(change.name),
                                  .what = std::move(change.what),
                                  .generation = change.generation});
    }
    if (found.none() && result.instances.empty()) return result;
    certificates.use();
    targets_.intake.apply(std::move(intake));
    targets_.inbound.apply(std::move(inbound));
    // What an operator has set at run time holds until the file says something new.
    if (wanted.log.level != in_force_.log.level) targets_.log.set_level(wanted.log.level);
    in_force_ = std::move(wanted);
    ++generation_;
    targets_.in_force(in_force_);
    result.changed = std::move(found.reloadable);
    return result;
  }

  void tell(const api::ReloadResult& result) {
    const auto generation = fmt::to_string(result.generation);
    switch (result.outcome) {
      case Outcome::kNotNow:
      case Outcome::kInvalid:
        for (const auto& line : result.errors) {
          targets_.log.error("reload refused, nothing has changed",
                             {{"generation", generation}, {"error", line}});
        }
        break;
      case Outcome::kRestartRequired:
        targets_.log.error(
            "reload refused, nothing has changed: a restart is required",
            {{"generation", generation},
             {"restart_required", fmt::format("{}", fmt::join(result.restart_required, ", "))}});
        break;
      case Outcome::kApplied:
        // As a warning, so that it is seen at every level but error.
        targets_.log.warn("configuration reloaded",
                          {{"generation", generation},
                           {"changed", fmt::format("{}", fmt::join(result.changed, ", "))}});
    }
  }

  config::Config in_force_;
  const Load load_;
  const ReloadTargets targets_;
  std::atomic<PipelineExchange*> exchange_{nullptr};
  std::uint64_t generation_ = 1;
};

Reloader::Reloader(config::Config in_force, Load load, ReloadTargets targets)
    : impl_(std::make_unique<Impl>(std::move(in_force), std::move(load), targets)) {}

Reloader::~Reloader() { stop(); }

void Reloader::reload(ports::Executor& where, ports::Done<api::ReloadResult> done) {
  // Asio copies what it posts nowhere, but wants to be able to move it.
  boost::asio::post(impl_->pool, [impl = impl_.get(), &where, done = std::move(done)]() mutable {
    where.post(
        [done = std::move(done), result = impl->run()]() mutable { done(std::move(result)); });
    impl->finish();
  });
}

void Reloader::reload() {
  boost::asio::post(impl_->pool, [impl = impl_.get()] {
    impl->run();
    impl->finish();
  });
}

void Reloader::start(PipelineExchange& exchange) { impl_->start(exchange); }

void Reloader::stop() {
  impl_->end();
  impl_->pool.join();
}

}  // namespace heliograph::app
