#include "core/http/framing_guard.h"

#include <algorithm>
#include <array>

#include "core/base/text.h"
#include "core/http/target.h"

namespace heliograph::http {
namespace {

using Verdict = std::optional<FramingError>;

FramingError bad(std::string_view detail) { return {400, std::string(detail)}; }

// What the fields say of framing; each counted, so that a second one cannot hide.
struct FramingFields {
  int hosts = 0;
  int lengths = 0;
  int encodings = 0;
  std::string_view host, length, encoding;
  std::string_view expect;
};

FramingFields collect(const std::vector<Header>& fields) {
  FramingFields found;
  for (const auto& [name, value] : fields) {
    if (name == "host") {
      ++found.hosts;
      found.host = value;
    } else if (name == "content-length") {
      ++found.lengths;
      found.length = value;
    } else if (name == "transfer-encoding") {
      ++found.encodings;
      found.encoding = value;
    } else if (name == "expect") {
      found.expect = value;
    }
  }
  return found;
}

Verdict check_sizes(const ReceivedHeader& header, const FramingLimits& limits) {
  if (header.target.size() > limits.target_max) {
    return FramingError{
        414, "the request target is longer than " + std::to_string(limits.target_max) + " bytes"};
  }
  if (header.raw.size() > limits.header_max) {
    return FramingError{
        431, "the header is larger than " + std::to_string(limits.header_max) + " bytes"};
  }
  if (header.fields->size() > limits.fields_max) {
    return FramingError{
        431, "the header has more than " + std::to_string(limits.fields_max) + " fields"};
  }
  return std::nullopt;
}

// Every line ends in CRLF and none continues the one before it (obs-fold, RFC 9112, 5.2): Beast
// joins folded lines, others do not see them, and the field means two things.
Verdict check_lines(std::string_view raw) {
  for (std::size_t at = raw.find('\n'); at != std::string_view::npos; at = raw.find('\n', at + 1)) {
    if (at == 0 || raw[at - 1] != '\r') return bad("a header line ends without CR");
    if (at + 1 < raw.size() && (raw[at + 1] == ' ' || raw[at + 1] == '\t')) {
      return bad("header lines must not be folded");
    }
  }
  return std::nullopt;
}

bool is_host_character(char c) {
  const bool alphanumeric =
      (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  return alphanumeric || std::string_view("-._~%!$&'()*+;=:[]").contains(c);
}

// Exactly one Host on HTTP/1.1, at most one on 1.0 (RFC 9112, 3.2), and the same as the authority
// of an absolute target: a resource that trusts Host must not be told another one than was meant.
Verdict check_host(const ReceivedHeader& header, const FramingFields& fields,
                   const TargetParts& target) {
  if (fields.hosts > 1) return bad("there is more than one Host");
  if (fields.hosts == 0 && header.version >= 11) return bad("Host is missing");
  if (!std::ranges::all_of(fields.host, is_host_character)) return bad("Host is malformed");
  if (!target.authority.empty() && fields.hosts == 1 &&
      !base::equals_ignore_case(target.authority, fields.host)) {
    return bad("Host and the request target name different hosts");
  }
  return std::nullopt;
}

Verdict check_body_length(const ReceivedHeader& header, const FramingFields& fields) {
  if (fields.lengths > 1) return bad("there is more than one Content-Length");
  if (fields.lengths == 1 && !base::parse_uint(fields.length)) {
    return bad("Content-Length is not a number");
  }
  if (fields.encodings == 0) return std::nullopt;
  if (fields.lengths > 0) return bad("Content-Length and Transfer-Encoding exclude each other");
  if (header.version < 11) return bad("HTTP/1.0 has no Transfer-Encoding");
  if (fields.encodings > 1) return bad("there is more than one Transfer-Encoding");
  if (!base::equals_ignore_case(fields.encoding, "chunked")) {
    return bad("the only Transfer-Encoding accepted is chunked");
  }
  return std::nullopt;
}

bool has_body(const FramingFields& fields) {
  return fields.encodings > 0 || (fields.lengths > 0 && base::parse_uint(fields.length) != 0U);
}

Verdict check_method(const ReceivedHeader& header, const FramingFields& fields) {
  const auto method = method_from(header.method);
  if (!method) return FramingError{501, "the method is not known here"};
  const bool may_have_body =
      *method == Method::kPost || *method == Method::kPut || *method == Method::kPatch;
  if (!may_have_body && has_body(fields)) {
    return bad(std::string(to_string(*method)) + " must not have a body");
  }
  return std::nullopt;
}

// An expectation that is not understood must not be met by silence (RFC 9110, 10.1.1).
Verdict check_expectation(const ReceivedHeader& header, const FramingFields& fields) {
  if (fields.expect.empty() || header.version < 11) return std::nullopt;
  if (base::equals_ignore_case(fields.expect, "100-continue")) return std::nullopt;
  return FramingError{417, "the only expectation understood is 100-continue"};
}

}  // namespace

std::optional<FramingError> check_framing(const ReceivedHeader& header,
                                          const FramingLimits& limits) {
  if (auto error = check_sizes(header, limits)) return error;
  if (auto error = check_lines(header.raw)) return error;
  const FramingFields fields = collect(*header.fields);
  if (auto error = check_body_length(header, fields)) return error;
  const auto target = split_target(header.target);
  if (!target) return bad("the request target is malformed");
  if (auto error = check_host(header, fields, *target)) return error;
  if (auto error = check_method(header, fields)) return error;
  if (target->path == "*" && header.method != "OPTIONS") {
    return bad("only OPTIONS may have the target *");
  }
  return check_expectation(header, fields);
}

std::optional<Method> method_from(std::string_view text) {
  constexpr std::array kMethods = {Method::kGet, Method::kPost,  Method::kDelete, Method::kHead,
                                   Method::kPut, Method::kPatch, Method::kOptions};
  for (const Method method : kMethods) {
    if (to_string(method) == text) return method;
  }
  return std::nullopt;
}

}  // namespace heliograph::http
