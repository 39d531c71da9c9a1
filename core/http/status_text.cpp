#include "core/http/status_text.h"

#include <algorithm>
#include <array>
#include <utility>

namespace heliograph::http {
namespace {

using Entry = std::pair<unsigned, std::string_view>;

constexpr std::array kPhrases = {
    // sorted by code
    Entry{100, "Continue"},
    Entry{200, "OK"},
    Entry{201, "Created"},
    Entry{202, "Accepted"},
    Entry{204, "No Content"},
    Entry{301, "Moved Permanently"},
    Entry{302, "Found"},
    Entry{303, "See Other"},
    Entry{304, "Not Modified"},
    Entry{307, "Temporary Redirect"},
    Entry{308, "Permanent Redirect"},
    Entry{400, "Bad Request"},
    Entry{401, "Unauthorized"},
    Entry{402, "Payment Required"},
    Entry{403, "Forbidden"},
    Entry{404, "Not Found"},
    Entry{405, "Method Not Allowed"},
    Entry{406, "Not Acceptable"},
    Entry{408, "Request Timeout"},
    Entry{409, "Conflict"},
    Entry{410, "Gone"},
    Entry{411, "Length Required"},
    Entry{412, "Precondition Failed"},
    Entry{413, "Content Too Large"},
    Entry{414, "URI Too Long"},
    Entry{415, "Unsupported Media Type"},
    Entry{417, "Expectation Failed"},
    Entry{422, "Unprocessable Content"},
    Entry{429, "Too Many Requests"},
    Entry{431, "Request Header Fields Too Large"},
    Entry{500, "Internal Server Error"},
    Entry{501, "Not Implemented"},
    Entry{502, "Bad Gateway"},
    Entry{503, "Service Unavailable"},
    Entry{504, "Gateway Timeout"},
    Entry{505, "HTTP Version Not Supported"},
    Entry{507, "Insufficient Storage"},
};
static_assert(std::ranges::is_sorted(kPhrases, {}, &Entry::first));

}  // namespace

std::string_view status_text(unsigned status) {
  const auto it = std::ranges::lower_bound(kPhrases, status, {}, &Entry::first);
  return it != kPhrases.end() && it->first == status ? it->second : "Unknown";
}

}  // namespace heliograph::http
