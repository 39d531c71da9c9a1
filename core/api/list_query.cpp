#include "core/api/list_query.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/api/cursor.h"
#include "core/base/text.h"
#include "core/base/time_text.h"
#include "core/model/phone_number.h"

namespace heliograph::api {
namespace {

using Fault = std::optional<std::string>;  // a sentence about the parameter; nullopt: it is fine

struct Reading {
  ports::MessageFilter& filter;
  const std::string& region;
  std::string cursor;
  std::string client;
  bool personal = false;
};

// In a query '+' stands for a blank; numbers and offsets that come with one had a bare '+'.
std::string with_plus(std::string text) {
  std::ranges::replace(text, ' ', '+');
  return text;
}

Fault read_status(Reading& reading, const std::string& value) {
  reading.filter.status = model::parse_status(value);
  if (reading.filter.status) return std::nullopt;
  return "is no status of a message; QUEUED, SENT or DELIVERED are some.";
}

Fault read_provider(Reading& reading, const std::string& value) {
  reading.filter.provider = value;
  return value.empty() ? Fault("must not be empty.") : std::nullopt;
}

Fault read_to(Reading& reading, const std::string& value) {
  model::NumberRules rules;
  rules.default_region = reading.region;
  const bool had_plus = value.starts_with(' ');
  auto number = model::normalise_number(had_plus ? with_plus(value) : value, rules);
  if (!number) return "is no telephone number.";
  reading.filter.to = std::move(*number);
  return std::nullopt;
}

Fault read_client_reference(Reading& reading, const std::string& value) {
  reading.filter.client_reference = value;
  return value.empty() ? Fault("must not be empty.") : std::nullopt;
}

Fault read_time(std::optional<model::TimePoint>& time, const std::string& value) {
  time = base::parse_rfc3339(value);
  if (!time) time = base::parse_rfc3339(with_plus(value));
  if (time) return std::nullopt;
  return "must be an RFC 3339 time such as 2026-11-22T14:35:00Z.";
}

Fault read_created_after(Reading& reading, const std::string& value) {
  return read_time(reading.filter.created_after, value);
}

Fault read_created_before(Reading& reading, const std::string& value) {
  return read_time(reading.filter.created_before, value);
}

Fault read_limit(Reading& reading, const std::string& value) {
  const auto limit = base::parse_uint(value);
  if (!limit || *limit < 1 || *limit > kPageMax) return fmt::format("must be 1 to {}.", kPageMax);
  reading.filter.limit = *limit;
  return std::nullopt;
}

Fault read_cursor(Reading& reading, const std::string& value) {
  reading.cursor = value;  // means something only with all the filters
  return value.empty() ? Fault("must not be empty.") : std::nullopt;
}

Fault read_flag(bool& flag, const std::string& value) {
  flag = value == "true";
  return flag || value == "false" ? std::nullopt : Fault("must be true or false.");
}

Fault read_client(Reading& reading, const std::string& value) {
  reading.client = value;
  return value.empty() ? Fault("must not be empty.") : std::nullopt;
}

Fault read_dead_letters(Reading& reading, const std::string& value) {
  return read_flag(reading.filter.dead_letters_only, value);
}

Fault read_personal_flag(Reading& reading, const std::string& value) {
  return read_flag(reading.personal, value);
}

struct Parameter {
  std::string_view name;
  Fault (*read)(Reading&, const std::string&);
};
constexpr Parameter kParameters[] = {
    {"status", read_status},
    {"provider", read_provider},
    {"to", read_to},
    {"client_reference", read_client_reference},
    {"created_after", read_created_after},
    {"created_before", read_created_before},
    {"limit", read_limit},
    {"cursor", read_cursor},
};
constexpr Parameter kOperatorParameters[] = {
    {"client", read_client},
    {"dead_letters", read_dead_letters},
    {"personal", read_personal_flag},
};

enum class Reader : std::uint8_t { kClient, kOperator };

const Parameter* find_parameter(std::string_view name, Reader reader) {
  const auto* found = std::ranges::find(kParameters, name, &Parameter::name);
  if (found != std::end(kParameters)) return found;
  const auto* more = std::ranges::find(kOperatorParameters, name, &Parameter::name);
  const bool known = reader == Reader::kOperator && more != std::end(kOperatorParameters);
  return known ? more : nullptr;
}

std::unexpected<http::Problem> bad(std::string_view name, std::string_view sentence) {
  http::Problem problem;
  problem.detail = fmt::format("Query parameter {} {}", name, sentence);
  return std::unexpected(std::move(problem));
}

// Everything but the page: a cursor may be used with another limit.
std::string scope_of(const http::Request& request, std::string scope) {
  std::vector<http::Header> filters = request.query;
  std::erase_if(filters, [](const http::Header& parameter) {
    return parameter.first == "cursor" || parameter.first == "limit";
  });
  std::ranges::sort(filters);
  for (const auto& [name, value] : filters) {
    scope += fmt::format("\n{} {} {}", name, value.size(), value);
  }
  return scope;
}

// Reads all parameters into `reading`, and the cursor, of a list named `scope`, into `query`.
std::optional<http::Problem> read_parameters(const http::Request& request, Reader reader,
                                             Reading& reading, ListQuery& query,
                                             std::string scope) {
  for (const auto& [name, value] : request.query) {
    const Parameter* parameter = find_parameter(name, reader);
    if (parameter == nullptr) return bad(name.substr(0, 64), "is not known.").error();
    if (std::ranges::count(request.query, name, &http::Header::first) > 1) {
      return bad(name, "is given more than once.").error();
    }
    if (const Fault fault = parameter->read(reading, value)) return bad(name, *fault).error();
  }
  query.scope = scope_of(request, std::move(scope));
  if (reading.cursor.empty()) return std::nullopt;
  const auto row = decode_cursor(reading.cursor, query.scope);
  if (!row) return bad("cursor", "is not one that this list has given.").error();
  query.filter.before_row = *row;
  return std::nullopt;
}

}  // namespace

std::expected<ListQuery, http::Problem> read_list_query(const http::Request& request,
                                                        const model::Client& client,
                                                        const std::string& default_region,
                                                        ListKind kind) {
  ListQuery query;
  query.filter.client = client.id;
  query.filter.dead_letters_only = kind == ListKind::kDeadLetters;
  query.filter.limit = kPageDefault;
  const std::string& region =
      client.default_region.empty() ? default_region : client.default_region;
  Reading reading{.filter = query.filter, .region = region, .cursor = {}, .client = {}};
  std::string scope = fmt::format("{} {}", static_cast<std::int64_t>(client.id),
                                  kind == ListKind::kDeadLetters ? "dead-letters" : "messages");
  auto problem = read_parameters(request, Reader::kClient, reading, query, std::move(scope));
  if (problem) return std::unexpected(std::move(*problem));
  return query;
}

std::expected<OperatorQuery, http::Problem> read_operator_query(const http::Request& request,
                                                                const std::string& default_region) {
  OperatorQuery query;
  query.list.filter.limit = kPageDefault;
  Reading reading{
      .filter = query.list.filter, .region = default_region, .cursor = {}, .client = {}};
  auto problem =
      read_parameters(request, Reader::kOperator, reading, query.list, "all messages, operators");
  if (problem) return std::unexpected(std::move(*problem));
  query.client = std::move(reading.client);
  query.personal = reading.personal;
  return query;
}

std::expected<bool, http::Problem> read_personal(const http::Request& request) {
  bool personal = false;
  for (const auto& [name, value] : request.query) {
    if (name != "personal") return bad(name.substr(0, 64), "is not known.");
    if (request.query.size() > 1) return bad(name, "is given more than once.");
    if (const Fault fault = read_flag(personal, value)) return bad(name, *fault);
  }
  return personal;
}

std::optional<std::string> next_cursor(const ports::MessageList& page, const ListQuery& query) {
  if (page.next_row <= 0) return std::nullopt;
  return encode_cursor(page.next_row, query.scope);
}

}  // namespace heliograph::api
