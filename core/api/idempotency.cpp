#include "core/api/idempotency.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "core/base/text.h"
#include "core/http/digest.h"

namespace heliograph::api {
namespace {

std::unexpected<http::Problem> bad(std::string detail) {
  http::Problem problem;
  problem.detail = "Idempotency-Key: " + std::move(detail);
  return std::unexpected(std::move(problem));
}

// The content of "...": backslash escapes only itself and the quote. nullopt: not such a string.
std::optional<std::string> unquote(std::string_view quoted) {
  if (quoted.size() < 2 || !quoted.ends_with('"')) return std::nullopt;
  const std::string_view inside = quoted.substr(1, quoted.size() - 2);
  std::string result;
  for (std::size_t i = 0; i < inside.size(); ++i) {
    if (inside[i] == '"') return std::nullopt;
    if (inside[i] == '\\') {
      ++i;
      if (i == inside.size() || (inside[i] != '"' && inside[i] != '\\')) return std::nullopt;
    }
    result += inside[i];
  }
  return result;
}

bool printable(char c) { return c >= 0x20 && c <= 0x7e; }

std::array<std::uint8_t, 16> cut(const std::array<std::uint8_t, 32>& digest) {
  std::array<std::uint8_t, 16> half{};
  std::copy_n(digest.begin(), half.size(), half.begin());
  return half;
}

}  // namespace

std::expected<std::optional<std::string>, http::Problem> idempotency_key(
    const http::Request& request) {
  const auto sent = std::ranges::count(request.headers, "idempotency-key", &http::Header::first);
  if (sent == 0) return std::nullopt;
  if (sent > 1) return bad("is there more than once.");
  const std::string_view value = base::trim(*request.header("idempotency-key"));
  std::string key{value};
  if (value.starts_with('"')) {
    auto unquoted = unquote(value);
    if (!unquoted) return bad("is no well-formed quoted string.");
    key = std::move(*unquoted);
  }
  if (key.empty() || key.size() > kIdempotencyKeyMax || !std::ranges::all_of(key, printable)) {
    return bad(fmt::format("must have 1 to {} printable ASCII characters.", kIdempotencyKeyMax));
  }
  return key;
}

std::expected<std::optional<ports::IdempotencyKey>, http::Problem> idempotency_record(
    const http::Request& request, model::ClientId client) {
  auto key = idempotency_key(request);
  if (!key) return std::unexpected(std::move(key.error()));
  if (!key->has_value()) return std::nullopt;
  // Line feeds cannot be in a path's or a key's printable characters, so the parts stay apart.
  const std::string scope = fmt::format("{}\n{}\n{}\n{}", static_cast<std::int64_t>(client),
                                        http::to_string(request.method), request.path, **key);
  return ports::IdempotencyKey{.key_hash = cut(http::sha256(scope)),
                               .fingerprint = cut(http::sha256(request.body))};
}

}  // namespace heliograph::api
