#include "core/app/mock/behaviour.h"

#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>

namespace heliograph::app::mock {
namespace {

using Json = nlohmann::json;

void read(const Json& value, double& out, const std::string& name) {
  if (!value.is_number()) throw std::invalid_argument(name + ": a number is expected");
  const auto number = value.get<double>();
  if (number < 0 || number > 1)
    throw std::invalid_argument(name + ": a share between 0 and 1 is expected");
  out = number;
}

void read(const Json& value, milliseconds& out, const std::string& name) {
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() > 3'600'000) {
    throw std::invalid_argument(name + ": milliseconds between 0 and 3600000 are expected");
  }
  out = milliseconds{value.get<std::int64_t>()};
}

void read(const Json& value, bool& out, const std::string& name) {
  if (!value.is_boolean()) throw std::invalid_argument(name + ": true or false is expected");
  out = value.get<bool>();
}

void read(const Json& value, std::string& out, const std::string& name) {
  if (!value.is_string()) throw std::invalid_argument(name + ": a string is expected");
  out = value.get<std::string>();
}

void read(const Json& value, std::uint64_t& out, const std::string& name) {
  if (!value.is_number_unsigned())
    throw std::invalid_argument(name + ": a whole number is expected");
  out = value.get<std::uint64_t>();
}

void read(const Json& value, int& out, const std::string& name) {
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() > 10) {
    throw std::invalid_argument(name + ": a whole number between 0 and 10 is expected");
  }
  out = value.get<int>();
}

// One list of the fields serves both directions.
template <class Visit>
void visit_fields(Visit&& visit, auto& b) {
  visit("latency_ms", b.latency);
  visit("success_rate", b.success_rate);
  visit("temp_fail_rate", b.temp_fail_rate);
  visit("perm_fail_rate", b.perm_fail_rate);
  visit("rate_limit", b.rate_limit);
  visit("dedupe", b.dedupe);
  visit("fault", b.fault);
  visit("fault_rate", b.fault_rate);
  visit("receipts_url", b.receipts_url);
  visit("receipts_secret", b.receipts_secret);
  visit("receipt_delay_ms", b.receipt_delay);
  visit("receipt_fail_rate", b.receipt_fail_rate);
  visit("receipt_copies", b.receipt_copies);
  visit("receipt_early", b.receipt_early);
}

void check_fault(const std::string& fault) {
  static constexpr std::array kFaults = {"none", "close_after_read", "hang"};
  for (const auto* known : kFaults) {
    if (fault == known) return;
  }
  throw std::invalid_argument("fault: one of none, close_after_read, hang is expected");
}

}  // namespace

std::string to_json(const Behaviour& behaviour) {
  Json out = Json::object();
  visit_fields(
      [&out](const char* name, const auto& field) {
        if constexpr (std::is_same_v<std::decay_t<decltype(field)>, milliseconds>) {
          out[name] = field.count();
        } else {
          out[name] = field;
        }
      },
      behaviour);
  out.erase("receipts_secret");
  return out.dump();
}

std::expected<void, std::string> apply_json(std::string_view json, Behaviour& behaviour) {
  const auto document = Json::parse(json, nullptr, false);
  if (!document.is_object()) return std::unexpected("a JSON object is expected");
  Behaviour changed = behaviour;
  try {
    std::size_t known = 0;
    visit_fields(
        [&](const char* name, auto& field) {
          const auto found = document.find(name);
          if (found == document.end()) return;
          read(*found, field, name);
          ++known;
        },
        changed);
    if (known != document.size())
      throw std::invalid_argument("unknown field; GET /admin/behaviour shows them all");
    check_fault(changed.fault);
  } catch (const std::invalid_argument& error) {
    return std::unexpected(error.what());
  }
  behaviour = changed;
  return {};
}

Verdict Dice::draw(const Behaviour& behaviour) {
  const double roll = std::uniform_real_distribution<double>(0, 1)(engine_);
  if (behaviour.fault != "none" && chance(behaviour.fault_rate)) return Verdict::kFault;
  if (roll < behaviour.temp_fail_rate) return Verdict::kTemporary;
  if (roll < behaviour.temp_fail_rate + behaviour.perm_fail_rate) return Verdict::kPermanent;
  const double succeeds =
      behaviour.temp_fail_rate + behaviour.perm_fail_rate + behaviour.success_rate;
  return roll < succeeds ? Verdict::kSuccess : Verdict::kTemporary;
}

bool Dice::chance(double probability) {
  return std::uniform_real_distribution<double>(0, 1)(engine_) < probability;
}

}  // namespace heliograph::app::mock
