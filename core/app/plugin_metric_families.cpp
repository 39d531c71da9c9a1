// Plugins name their metrics as they like; on the page they follow the rules all the same.
#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <string>
#include <utility>

#include "core/app/metrics_families.h"

namespace heliograph::app {
namespace {

using telemetry::Family;
using telemetry::MetricKind;
using telemetry::Sample;

// Longer ones are cut: what a plugin says is not to fill the page.
constexpr std::size_t kNameMax = 64;
constexpr std::size_t kValueMax = 128;
constexpr std::size_t kLabelsMax = 8;

// Lower case, digits and underscores.
std::string word(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, kNameMax)) {
    const auto byte = static_cast<unsigned char>(c);
    out += std::isalnum(byte) != 0 ? static_cast<char>(std::tolower(byte)) : '_';
  }
  return out;
}

void cut_end(std::string& name, std::string_view end) {
  if (name.ends_with(end)) name.resize(name.size() - end.size());
}

// Prometheus has base units only.
struct Unit {
  std::string_view given;
  std::string_view base;
  double factor;
};
constexpr std::array<Unit, 9> kUnits{{{"s", "seconds", 1},
                                      {"seconds", "seconds", 1},
                                      {"ms", "seconds", 1e-3},
                                      {"milliseconds", "seconds", 1e-3},
                                      {"us", "seconds", 1e-6},
                                      {"microseconds", "seconds", 1e-6},
                                      {"ns", "seconds", 1e-9},
                                      {"nanoseconds", "seconds", 1e-9},
                                      {"bytes", "bytes", 1}}};

Unit unit_of(const std::string& given) {
  const auto* const found = std::ranges::find(kUnits, given, &Unit::given);
  return found == kUnits.end() ? Unit{"", "", 1} : *found;
}

std::string name_of(const plugin::MetricDescription& description, const Unit& unit) {
  std::string own = word(description.name);
  for (const auto* end : {"_total", "_count", "_sum", "_bucket"}) cut_end(own, end);
  cut_end(own, "_" + std::string(unit.given));
  cut_end(own, "_" + std::string(unit.base));
  std::string name = "heliograph_plugin_" + word(description.labels.at(0).second) + "_" + own;
  if (!unit.base.empty()) name += "_" + std::string(unit.base);
  if (description.kind == plugin::MetricKind::kCounter) name += "_total";
  return name;
}

// The first two are the host's: which plugin, which instance. "instance" is Prometheus' own label.
ports::MetricLabels labels_of(const plugin::MetricDescription& description) {
  ports::MetricLabels labels;
  for (const auto& [given, value] : description.labels) {
    std::string label = word(given);
    if (labels.size() >= kLabelsMax) break;
    if (label == "instance") label = "instance_name";
    if (label.empty() || label == "le" || label.starts_with("__") ||
        std::isdigit(static_cast<unsigned char>(label.front())) != 0) {
      label.insert(0, "label_");
    }
    const auto same = [&label](const auto& other) { return other.first == label; };
    if (std::ranges::none_of(labels, same))
      labels.emplace_back(std::move(label), value.substr(0, kValueMax));
  }
  return labels;
}

void add_up(Sample& sum, const plugin::MetricValue& value, double factor) {
  const bool gauge = value.description.kind == plugin::MetricKind::kGauge;
  sum.value = value.value * factor + (gauge ? 0 : sum.value);
  sum.count += value.count;
  for (std::size_t i = 0; i < value.buckets.size(); ++i) {
    const auto& [bound, count] = value.buckets[i];
    if (i >= sum.buckets.size()) sum.buckets.emplace_back(bound * factor, 0);
    sum.buckets[i].second += count;
  }
}

MetricKind kind_of(plugin::MetricKind kind) {
  if (kind == plugin::MetricKind::kCounter) return MetricKind::kCounter;
  return kind == plugin::MetricKind::kGauge ? MetricKind::kGauge : MetricKind::kHistogram;
}

}  // namespace

Families own_metrics_of_plugins(const std::vector<plugin::MetricValue>& values) {
  struct Made {
    Family family;
    std::map<ports::MetricLabels, Sample> samples;
  };
  std::map<std::string, Made> all;
  for (const plugin::MetricValue& value : values) {
    const Unit unit = unit_of(value.description.unit);
    std::string name = name_of(value.description, unit);
    const MetricKind kind = kind_of(value.description.kind);
    std::string help = value.description.help;
    if (help.empty()) help = "Of the plugin.";
    Made& made = all.try_emplace(name, Made{{name, std::move(help), kind, {}}, {}}).first->second;
    if (made.family.kind != kind) continue;  // another version of it said something else
    add_up(made.samples[labels_of(value.description)], value, unit.factor);
  }
  Families families;
  for (auto& [name, made] : all) {
    for (auto& [labels, sample] : made.samples) {
      sample.labels = labels;
      made.family.samples.push_back(std::move(sample));
    }
    families.push_back(std::move(made.family));
  }
  return families;
}

}  // namespace heliograph::app
