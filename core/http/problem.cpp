#include "core/http/problem.h"

#include <fmt/format.h>

#include <iterator>

#include "core/base/text.h"
#include "core/http/status_text.h"

namespace heliograph::http {
namespace {

// A JSON string (RFC 8259, section 7). Details may quote what a client sent: where that is not
// UTF-8, the answer must be all the same, so its foreign bytes become U+FFFD.
void append_string(std::string& out, std::string_view text) {
  const bool utf8 = base::is_utf8(text);
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", byte);
    } else if (byte >= 0x80 && !utf8) {
      out += "\\ufffd";
    } else {
      out += c;
    }
  }
  out += '"';
}

void append_member(std::string& out, std::string_view name, std::string_view value) {
  out += ',';
  append_string(out, name);
  out += ':';
  append_string(out, value);
}

}  // namespace

Response problem_response(const Problem& problem) {
  const std::string_view title =
      problem.title.empty() ? status_text(problem.status) : std::string_view(problem.title);
  Response response;
  response.status = problem.status;
  response.content_type = "application/problem+json";
  std::string& body = response.body;
  body = R"({"type":)";
  append_string(body, problem.type.empty() ? "about:blank" : std::string_view(problem.type));
  append_member(body, "title", title);
  fmt::format_to(std::back_inserter(body), R"(,"status":{})", problem.status);
  append_member(body, "detail", problem.detail);
  append_member(body, "error", problem.error.empty() ? problem.detail : problem.error);
  if (!problem.pointer.empty()) append_member(body, "pointer", problem.pointer);
  for (const auto& [name, number] : problem.numbers) {
    body += ',';
    append_string(body, name);
    fmt::format_to(std::back_inserter(body), ":{}", number);
  }
  for (const auto& [name, text] : problem.texts) append_member(body, name, text);
  body += '}';
  return response;
}

Response problem_response(unsigned status, std::string_view detail) {
  Problem problem;
  problem.status = status;
  problem.detail = detail;
  return problem_response(problem);
}

}  // namespace heliograph::http
