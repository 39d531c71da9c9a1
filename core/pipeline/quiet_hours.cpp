#include "core/pipeline/quiet_hours.h"

#include <cctz/civil_time.h>
#include <cctz/time_zone.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <unordered_map>
#include <vector>

#include "core/model/zone_table.h"

namespace heliograph::pipeline {

namespace {

// A country's day has come round by then, whatever its clocks do meanwhile.
constexpr std::chrono::days kHorizon{3};

struct Night {
  model::TimePoint begin;
  model::TimePoint end;
};

// The night that begins on `day`. A time that the clock skips is the moment it is put forward; of
// one that it shows twice the night has both.
Night night_of(const cctz::time_zone& zone, cctz::civil_day day, const config::QuietHours& hours) {
  const auto begin = zone.lookup(cctz::civil_second(cctz::civil_minute(day) + hours.from.count()));
  if (hours.to <= hours.from) ++day;
  const auto end = zone.lookup(cctz::civil_second(cctz::civil_minute(day) + hours.to.count()));
  using Lookup = cctz::time_zone::civil_lookup;
  return {.begin = begin.kind == Lookup::SKIPPED ? begin.trans : begin.pre,
          .end = end.kind == Lookup::SKIPPED ? end.trans : end.post};
}

// The end of the night that `at` lies in; `at` itself by day.
model::TimePoint end_of_night(const cctz::time_zone& zone, const config::QuietHours& hours,
                              model::TimePoint at) {
  const auto second = std::chrono::floor<std::chrono::seconds>(at);
  const cctz::civil_day today(cctz::convert(second, zone));
  model::TimePoint end = at;
  for (const auto& day : {today - 1, today}) {
    const Night night = night_of(zone, day, hours);
    if (night.begin <= end && end < night.end) end = night.end;
  }
  return end;
}

}  // namespace

class QuietHours::Zones {
 public:
  Zones() {
    for (const std::string_view name : model::country_zones()) {
      cctz::time_zone zone;
      if (!cctz::load_time_zone(std::string(name), &zone)) {
        throw std::runtime_error(
            fmt::format("quiet_hours need the time zone {}, which this system does not have: "
                        "install its time zone database (package tzdata)",
                        name));
      }
      zones_.emplace(name, zone);
    }
  }

  // Nothing where the name is not known, so that what clients write never becomes a file's name.
  std::vector<cctz::time_zone> named(std::string_view name) const {
    cctz::time_zone zone;
    if (!model::is_zone_name(name) || !cctz::load_time_zone(std::string(name), &zone)) return {};
    return {zone};
  }

  std::vector<cctz::time_zone> of_number(std::string_view number) const {
    std::vector<cctz::time_zone> found;
    for (const std::string_view name : model::zones_of_number(number)) {
      found.push_back(zones_.at(name));
    }
    return found;
  }

 private:
  std::unordered_map<std::string_view, cctz::time_zone> zones_;  // names are the table's
};

QuietHours::QuietHours(std::span<const config::Client> clients) {
  for (const config::Client& client : clients) {
    if (client.quiet_hours) clients_.emplace(client.name, *client.quiet_hours);
  }
  if (!clients_.empty()) zones_ = std::make_unique<const Zones>();
}

QuietHours::~QuietHours() = default;

const config::QuietHours* QuietHours::of(std::string_view client, model::Channel channel) const {
  const auto found = clients_.find(client);
  if (found == clients_.end()) return nullptr;
  const auto& channels = found->second.channels;
  return std::ranges::find(channels, channel) != channels.end() ? &found->second : nullptr;
}

std::expected<model::TimePoint, std::string> QuietHours::earliest(const config::QuietHours& hours,
                                                                  std::string_view to,
                                                                  std::string_view timezone,
                                                                  model::TimePoint at) const {
  std::vector<cctz::time_zone> zones;
  if (timezone.empty()) {
    zones = zones_->of_number(to);
    if (zones.empty() && !hours.timezone.empty()) timezone = hours.timezone;
  }
  if (!timezone.empty()) {
    zones = zones_->named(timezone);
    if (zones.empty()) return std::unexpected("This system does not know the time zone.");
  }
  const model::TimePoint last = at + kHorizon;
  model::TimePoint free = at;
  for (bool moved = true; moved && free < last;) {
    moved = false;
    for (const cctz::time_zone& zone : zones) {
      const model::TimePoint end = end_of_night(zone, hours, free);
      moved = moved || end > free;
      free = end;
    }
  }
  if (free < last) return free;
  return std::unexpected(
      "With these quiet hours it is never day in every time zone of the recipient's country at "
      "once: name the recipient's.");
}

}  // namespace heliograph::pipeline
