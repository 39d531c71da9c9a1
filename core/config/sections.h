// The sections of the configuration: which keys each has, of what type, within which bounds.
//
// One function a section (or a few small ones together); each reads what its table holds over the
// defaults in `out` and checks what concerns that section alone. What concerns several is in
// validation.h. For the files of this folder only.
#pragma once

#include <string>

#include "core/config/config.h"
#include "core/config/loader.h"
#include "core/config/table_reader.h"

namespace heliograph::config {

// What reading needs besides the document.
struct Surroundings {
  const Environment& environment;  // for env: secrets
  std::string folder;              // absolute; relative paths are resolved against it
};

// The whole document.
void read_config(TableReader& root, const Surroundings& surroundings, Config& out);

void read_http(TableReader& table, const Surroundings& surroundings, Http& out);
void read_limit(TableReader& table, Limit& out);
void read_limits(TableReader& table, Limits& out);
void read_provider(TableReader& table, Provider& out);
void read_plugins(TableReader& root, const Surroundings& surroundings, Config& out);
// [[route]].
void read_routing(TableReader& root, Config& out);
void read_client(TableReader& table, const Surroundings& surroundings, Client& out);
// What comes in: [[number]], inbound, opt_out.
void read_inbound(TableReader& root, Config& out);
void read_price(TableReader& table, model::PriceRule& out);
// store, queue, messages, numbers, retry, health, in_doubt, billing, facades, ... : the small ones.
void read_operation(TableReader& root, const Surroundings& surroundings, Config& out);

// `path` made absolute; an empty one stays empty.
std::string resolve_path(const std::string& path, const std::string& folder);

// What several sections share.
inline constexpr milliseconds kLongest = std::chrono::hours{24 * 3650};  // of any duration
inline constexpr std::int64_t kCentsMax = 1'000'000'000'000'000;         // sums stay far below 2^63

}  // namespace heliograph::config
