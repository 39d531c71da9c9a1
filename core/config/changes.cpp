#include "core/config/changes.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace heliograph::config {
namespace {

// Without what says where something was written instead of what.
Config plain(Config config) {
  config.source.clear();
  config.notes.clear();
  config.limiter.config.where.clear();
  config.distributor.config.where.clear();
  for (Provider& provider : config.providers) provider.config.where.clear();
  return config;
}

// Compares piece by piece and makes `old` the new one on the way, so that what is left over at the
// end is what no piece covers.
class Comparison {
 public:
  Comparison(const Config& in_force, const Config& wanted)
      : old_(plain(in_force)), new_(plain(wanted)) {}

  Changes run() {
    live();
    dispatch();
    whole();
    named(out_.restart_required, "client", &Config::clients, &Client::name);
    if (old_ != new_) out_.restart_required.emplace_back("(others)");
    return std::move(out_);
  }

 private:
  template <class T>
  void piece(std::vector<std::string>& list, std::string_view key, T& was, const T& is) {
    if (was == is) return;
    list.emplace_back(key);
    was = is;
  }
  template <class T>
  void restart(std::string_view key, T Config::* member) {
    piece(out_.restart_required, key, old_.*member, new_.*member);
  }

  void live() {
    auto& list = out_.reloadable;
    piece(list, "log.level", old_.log.level, new_.log.level);
    piece(list, "price", old_.prices, new_.prices);
    piece(list, "billing.price_per_part_cents", old_.billing.price_per_part_cents,
          new_.billing.price_per_part_cents);
    piece(list, "number", old_.numbers_owned, new_.numbers_owned);
    piece(list, "inbound.default_client", old_.inbound.default_client, new_.inbound.default_client);
    for (Client& was : old_.clients) {
      const auto is = std::ranges::find(new_.clients, was.name, &Client::name);
      if (is == new_.clients.end()) continue;
      piece(list, "client." + was.name + ".quiet_hours", was.quiet_hours, is->quiet_hours);
    }
  }

  // What another pipeline takes over with.
  void dispatch() {
    auto& list = out_.reloadable;
    const auto before = list.size();
    named(list, "provider", &Config::providers, &Provider::id);
    named(list, "route", &Config::routes, &Route::name);
    piece(list, "limits.dispatch", old_.limits.dispatch, new_.limits.dispatch);
    piece(list, "limiter", old_.limiter, new_.limiter);
    piece(list, "distributor", old_.distributor, new_.distributor);
    piece(list, "plugins", old_.plugins, new_.plugins);
    piece(list, "retry", old_.retry, new_.retry);
    piece(list, "health", old_.health, new_.health);
    piece(list, "in_doubt", old_.in_doubt, new_.in_doubt);
    out_.dispatch = list.size() != before;
  }

  void whole() {
    restart("roles", &Config::roles);
    restart("http", &Config::http);
    restart("store", &Config::store);
    restart("queue", &Config::queue);
    restart("messages", &Config::messages);
    restart("numbers", &Config::numbers);
    restart("limits", &Config::limits);
    restart("billing", &Config::billing);
    restart("facades", &Config::facades);
    restart("inbound", &Config::inbound);
    restart("opt_out", &Config::opt_out);
    restart("idempotency", &Config::idempotency_retention);
    restart("retention", &Config::retention);
    restart("callbacks", &Config::callbacks);
    restart("shutdown", &Config::drain_timeout);
    restart("log", &Config::log);
    restart("tracing", &Config::tracing);
    restart("mock", &Config::mock);
  }

  // Lists of tables, by name; their order is a part of them.
  template <class T>
  void named(std::vector<std::string>& list, const std::string& section,
             std::vector<T> Config::* member, std::string T::* name) {
    auto& was = old_.*member;
    const auto& is = new_.*member;
    if (was == is) return;
    const auto before = list.size();
    for (const T& one : was) {
      const auto found = std::ranges::find(is, one.*name, name);
      if (found == is.end() || *found != one) list.push_back(section + "." + one.*name);
    }
    for (const T& one : is) {
      if (std::ranges::find(was, one.*name, name) != was.end()) continue;
      list.push_back(section + "." + one.*name);
    }
    if (list.size() == before) list.push_back(section + " (order)");
    was = is;
  }

  Config old_;
  const Config new_;
  Changes out_;
};

}  // namespace

Changes changes(const Config& in_force, const Config& wanted) {
  return Comparison(in_force, wanted).run();
}

}  // namespace heliograph::config
