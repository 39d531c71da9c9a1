// Cursors: where the next page of a list begins, as clients carry it back.
//
// Opaque to them: a row number and a checksum over it, the client and the filters of the list, in
// base64url. A cursor that was changed, or that belongs to another list, is refused instead of
// answering with something surprising. It protects nobody's secret: the filters, the client's own
// among them, hold for every page whatever the cursor says. Pure; thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace heliograph::api {

// `scope`: all that tells this list from another one. `row` > 0.
std::string encode_cursor(std::int64_t row, std::string_view scope);
std::optional<std::int64_t> decode_cursor(std::string_view cursor, std::string_view scope);

}  // namespace heliograph::api
