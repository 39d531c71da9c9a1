#include "core/app/remote/top_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "core/app/remote/rendering.h"
#include "core/base/time_text.h"

namespace heliograph::app {
namespace {

using Json = nlohmann::json;

const Json* find_by_id(const Json& list, const std::string& id) {
  for (const Json& entry : list) {
    if (entry.value("id", "") == id) return &entry;
  }
  return nullptr;
}

// Per second; null before the second look, and where the counts were reset in between.
Json rate(std::uint64_t now, std::optional<std::uint64_t> before, double seconds) {
  if (!before || *before > now || seconds <= 0) return nullptr;
  return static_cast<double>(now - *before) / seconds;
}

std::optional<std::uint64_t> sends_of(const TopLook* look, const std::string& id) {
  if (look == nullptr) return std::nullopt;
  const Json* share = find_by_id(look->distribution.at("providers"), id);
  if (share == nullptr) return std::nullopt;
  return share->value("sends", std::uint64_t{0});
}

double seconds_between(const TopLook& now, const TopLook* before) {
  return before == nullptr ? 0.0 : std::chrono::duration<double>(now.at - before->at).count();
}

Json provider_document(const Json& provider, const TopLook& now, const TopLook* before) {
  const std::string id = provider.value("id", "");
  Json made = {{"id", id}};
  for (const char* name : {"healthy", "enabled", "draining", "circuit", "reason", "quarantined",
                           "in_flight", "max_in_flight"}) {
    if (provider.contains(name)) made[name] = provider[name];
  }
  made["failure_rate"] = provider.at("window").at("failure_rate");
  const std::uint64_t sends = sends_of(&now, id).value_or(0);
  made["sends"] = sends;
  made["sends_per_second"] = rate(sends, sends_of(before, id), seconds_between(now, before));
  const Json* limit = find_by_id(now.limits.at("providers"), id);
  made["limit"] = limit == nullptr ? Json(nullptr) : limit->at("limit");
  return made;
}

// From acceptance to the provider's answer, of the newest messages that are SENT.
Json latency_document(const Json& messages) {
  if (messages.is_null()) return nullptr;
  std::vector<std::int64_t> times;
  for (const Json& message : messages.at("messages")) {
    if (message.value("status", "") != "SENT" || message.contains("send_at")) continue;
    const auto from = base::parse_rfc3339(message.value("created_at", ""));
    const auto to = base::parse_rfc3339(message.value("updated_at", ""));
    if (from && to) times.push_back(std::max<std::int64_t>((*to - *from).count(), 0));
  }
  if (times.empty()) return nullptr;
  std::ranges::sort(times);
  const auto at = [&times](std::size_t percent) {
    return times[std::min(times.size() * percent / 100, times.size() - 1)];
  };
  return {
      {"messages", times.size()}, {"p50_ms", at(50)}, {"p95_ms", at(95)}, {"max_ms", times.back()}};
}

std::string number(const Json& value, const char* form = "{:.1f}") {
  if (!value.is_number()) return "-";
  return fmt::format(fmt::runtime(form), value.get<double>());
}

std::string health(const Json& provider) {
  if (provider.contains("quarantined")) return "quarantined";
  if (!provider.value("enabled", true)) return "disabled";
  if (provider.value("draining", false)) return "draining";
  return provider.value("healthy", true) ? "healthy" : "circuit " + member(provider, "circuit");
}

std::string limit_text(const Json& limit) {
  if (!limit.is_object()) return "-";
  return fmt::format("{}/{} in {} ms", member(limit, "count"), member(limit, "limit"),
                     member(limit, "window_ms"));
}

std::string head_text(const Json& document) {
  std::string text = fmt::format("{}  {}{}\n", member(document, "url"), member(document, "at"),
                                 document.value("accepting", true) ? "" : "  REFUSES NEW MESSAGES");
  text += fmt::format("sends/s {}   waiting {}   sending {}   later {}\n",
                      number(document["sends_per_second"]), member(document, "waiting"),
                      member(document, "sending"), member(document, "later"));
  const Json& latency = document["latency"];
  text += latency.is_null()
              ? "accepted to sent: -\n"
              : fmt::format("accepted to sent, last {}: median {} ms, p95 {} ms, max {} ms\n",
                            member(latency, "messages"), member(latency, "p50_ms"),
                            member(latency, "p95_ms"), member(latency, "max_ms"));
  return text + fmt::format("limits: accept {}, dispatch {}\n\n",
                            limit_text(document["limits"]["total"]),
                            limit_text(document["limits"]["dispatch"]));
}

std::string lanes_text(const Json& lanes) {
  std::vector<std::vector<std::string>> rows;
  for (const char* name : {"urgent", "normal", "bulk"}) {
    if (!lanes.contains(name)) continue;
    const Json& lane = lanes[name];
    rows.push_back({name, member(lane, "live") + (lane.value("more", false) ? "+" : ""),
                    member(lane, "later"), number(lane.value("oldest_seconds", Json()))});
  }
  return table({"LANE", "LIVE", "LATER", "OLDEST s"}, rows);
}

std::string providers_text(const Json& providers) {
  std::vector<std::vector<std::string>> rows;
  for (const Json& provider : providers) {
    rows.push_back(
        {member(provider, "id"), health(provider), number(provider["sends_per_second"]),
         fmt::format("{}/{}", member(provider, "in_flight"), member(provider, "max_in_flight")),
         number(provider["failure_rate"].get<double>() * 100, "{:.0f}%"),
         limit_text(provider["limit"]), member(provider, "reason")});
  }
  return table({"PROVIDER", "HEALTH", "SENDS/S", "IN FLIGHT", "FAILING", "LIMIT", "REASON"}, rows);
}

std::string dead_text(const Json& dead) {
  if (dead.is_null()) return "(a key with the scope read would show its client's)\n";
  if (dead.empty()) return "none\n";
  std::vector<std::vector<std::string>> rows;
  for (const Json& message : dead) {
    rows.push_back({member(message, "updated_at"), member(message, "id"), member(message, "status"),
                    member(message, "reason"), member(message, "provider"),
                    member(message, "last_error")});
  }
  return table({"SINCE", "ID", "STATUS", "REASON", "PROVIDER", "ERROR"}, rows);
}

// Characters, not bytes.
std::string cut_line(const std::string& line, std::size_t columns) {
  std::size_t seen = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const bool begins = (static_cast<unsigned char>(line[i]) & 0xC0U) != 0x80U;
    if (begins && seen++ == columns) return line.substr(0, i);
  }
  return line;
}

}  // namespace

Json top_document(const TopLook& now, const TopLook* before) {
  Json made = {
      {"latency", latency_document(now.messages)},
      {"lanes", now.queue.at("lanes")},
      {"limits", {{"total", now.limits.at("total")}, {"dispatch", now.limits.at("dispatch")}}},
      {"providers", Json::array()},
      {"dead_letters", nullptr}};
  for (const char* name : {"waiting", "sending", "later", "accepting"})
    made[name] = now.queue.at(name);
  std::optional<std::uint64_t> sends_before;
  if (before != nullptr) sends_before = before->distribution.value("sends", std::uint64_t{0});
  made["sends_per_second"] = rate(now.distribution.value("sends", std::uint64_t{0}), sends_before,
                                  seconds_between(now, before));
  for (const Json& provider : now.providers.at("providers"))
    made["providers"].push_back(provider_document(provider, now, before));
  if (!now.dead_letters.is_null()) {
    made["dead_letters"] = Json::array();
    for (const Json& message : now.dead_letters.at("dead_letters")) {
      Json shown = Json::object();
      for (const char* name : {"id", "status", "reason", "provider", "last_error", "updated_at"}) {
        if (message.contains(name)) shown[name] = message[name];
      }
      made["dead_letters"].push_back(std::move(shown));
    }
  }
  return made;
}

std::string top_text(const Json& document, std::size_t columns, std::size_t rows) {
  const std::string whole = head_text(document) + lanes_text(document["lanes"]) + "\n" +
                            providers_text(document["providers"]) + "\nDead letters\n" +
                            dead_text(document["dead_letters"]);
  std::string out;
  std::size_t lines = 0;
  for (std::size_t from = 0; from < whole.size() && (rows == 0 || lines < rows); ++lines) {
    const std::size_t end = whole.find('\n', from);
    const std::string line = whole.substr(from, end - from);
    out += columns == 0 ? line : cut_line(line, columns);
    out += '\n';
    from = end + 1;
  }
  return out;
}

}  // namespace heliograph::app
