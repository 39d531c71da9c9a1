#include "core/http/request_parser.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>

#include "core/base/assert.h"
#include "core/base/text.h"

namespace heliograph::http {
namespace {

namespace beast_http = boost::beast::http;

// A chunk's size line, and all extensions of a body: nobody sends any, and a sender of endless ones
// is to be stopped (RFC 9112, 7.1.1).
constexpr std::size_t kChunkLineMax = 1024;
constexpr std::size_t kExtensionBytesMax = 1024;
// The shortest end of a chunked body, "0" CR LF CR LF. Fewer bytes never complete anything, and
// Beast 1.81 asserts that it gets no fewer once it has seen the last chunk.
constexpr std::size_t kLastChunkSize = 5;

// True for "<method> <target> HTTP/<digit>.<digit>" of a version that is not 1.0 or 1.1.
bool is_other_version(std::string_view input) {
  const std::string_view line = input.substr(0, input.find('\r'));
  const std::string_view version = line.substr(std::min(line.size(), line.rfind(' ') + 1));
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  return version.size() == 8 && version.starts_with("HTTP/") && digit(version[5]) &&
         version[6] == '.' && digit(version[7]) && version != "HTTP/1.0" && version != "HTTP/1.1";
}

std::string_view sentence_for(const boost::beast::error_code& ec) {
  if (ec == beast_http::error::bad_method) return "the method is malformed";
  if (ec == beast_http::error::bad_target) return "the request target is malformed";
  if (ec == beast_http::error::bad_version) return "the request line is malformed";
  if (ec == beast_http::error::bad_field) return "a header field's name is malformed";
  if (ec == beast_http::error::bad_value) return "a header field's value is malformed";
  if (ec == beast_http::error::bad_obs_fold) return "header lines must not be folded";
  if (ec == beast_http::error::bad_line_ending) return "a line does not end in CR LF";
  if (ec == beast_http::error::bad_content_length) return "Content-Length is malformed";
  if (ec == beast_http::error::multiple_content_length) {
    return "there is more than one Content-Length";
  }
  if (ec == beast_http::error::bad_transfer_encoding) return "Transfer-Encoding is malformed";
  if (ec == beast_http::error::bad_chunk) return "a chunk's size is malformed";
  if (ec == beast_http::error::bad_chunk_extension) return "a chunk's extension is malformed";
  return "the request is malformed";
}

std::string_view to_std(boost::beast::string_view text) { return {text.data(), text.size()}; }

}  // namespace

RequestParser::RequestParser(const FramingLimits& limits, Request& request)
    : limits_(limits), request_(request) {
  header_limit(static_cast<std::uint32_t>(limits.header_max));
  body_limit(boost::none);  // start_body() knows the route's
  request.headers.clear();
  request.body.clear();
}

RequestParser::Progress RequestParser::parse_header(std::string_view input) {
  HG_ASSERT(!is_header_done() && !error_ && input.size() >= position_);
  Error ec;
  position_ +=
      put(boost::asio::const_buffer(input.data() + position_, input.size() - position_), ec);
  if (error_) return Progress::kFailed;
  if (ec && ec != beast_http::error::need_more) return fail(ec, input);
  if (!is_header_done()) {
    return input.size() > limits_.header_max ? fail_incomplete(input) : Progress::kNeedMore;
  }
  return check(input.substr(0, position_));
}

RequestParser::Progress RequestParser::check(std::string_view raw) {
  ReceivedHeader header;
  header.raw = raw;
  header.method = method_;
  header.target = request_.target;
  header.version = version_;
  header.fields = &request_.headers;
  error_ = check_framing(header, limits_);
  if (error_) return Progress::kFailed;
  request_.method = *method_from(method_);
  return Progress::kDone;
}

RequestParser::Progress RequestParser::start_body(std::size_t body_max) {
  body_max_ = body_max;
  const auto length = content_length();
  if (length && *length > body_max) {
    return fail(413, "the body is larger than " + std::to_string(body_max) + " bytes");
  }
  if (length) request_.body.reserve(static_cast<std::size_t>(*length));
  eager(true);
  return is_done() ? Progress::kDone : Progress::kNeedMore;
}

RequestParser::Progress RequestParser::parse_body(std::string_view input, std::size_t& used) {
  HG_ASSERT(is_header_done() && !error_);
  used = 0;
  if (is_done()) return Progress::kDone;
  if (input.empty() || (chunked() && input.size() < kLastChunkSize)) return Progress::kNeedMore;
  Error ec;
  used = put(boost::asio::const_buffer(input.data(), input.size()), ec);
  if (error_) return Progress::kFailed;
  if (ec && ec != beast_http::error::need_more) return fail(ec, input);
  if (is_done()) return Progress::kDone;
  if (input.size() - used > kChunkLineMax && chunked()) {
    return fail(400, "a chunk's size line is too long");
  }
  return Progress::kNeedMore;
}

bool RequestParser::wants_continue() const {
  return version_ >= 11 && !is_done() && request_.header("expect").has_value();
}

void RequestParser::on_request_impl(beast_http::verb, Text method, Text target, int version,
                                    Error&) {
  method_.assign(method.data(), method.size());
  request_.target.assign(target.data(), target.size());
  version_ = static_cast<unsigned>(version);
}

void RequestParser::on_field_impl(beast_http::field, Text name, Text value, Error& ec) {
  if (is_header_done()) {
    fail(400, "trailers are not accepted");
    ec = beast_http::error::bad_field;
    return;
  }
  if (request_.headers.size() >= limits_.fields_max) {
    fail(431, "the header has more than " + std::to_string(limits_.fields_max) + " fields");
    ec = beast_http::error::header_limit;
    return;
  }
  request_.headers.emplace_back(base::to_lower_ascii(to_std(name)), to_std(value));
}

std::size_t RequestParser::on_body_impl(Text body, Error&) {
  request_.body.append(body.data(), body.size());
  return body.size();
}

void RequestParser::on_chunk_header_impl(std::uint64_t size, Text extensions, Error& ec) {
  extension_bytes_ += extensions.size();
  if (extension_bytes_ > kExtensionBytesMax) {
    fail(400, "the chunk extensions are too long");
    ec = beast_http::error::bad_chunk_extension;
  } else if (size > body_max_ - request_.body.size()) {
    fail(413, "the body is larger than " + std::to_string(body_max_) + " bytes");
    ec = beast_http::error::body_limit;
  }
}

std::size_t RequestParser::on_chunk_body_impl(std::uint64_t, Text body, Error&) {
  request_.body.append(body.data(), body.size());
  return body.size();
}

RequestParser::Progress RequestParser::fail(unsigned status, std::string_view detail) {
  error_ = FramingError{status, std::string(detail)};
  return Progress::kFailed;
}

RequestParser::Progress RequestParser::fail(const Error& ec, std::string_view input) {
  if (ec == beast_http::error::header_limit) return fail_incomplete(input);
  if (ec == beast_http::error::bad_version && is_other_version(input)) {
    return fail(505, "only HTTP/1.1 and HTTP/1.0 are spoken here");
  }
  return fail(400, sentence_for(ec));
}

// More than a header's worth has come without its end: either the request line alone is too long,
// or all of it.
RequestParser::Progress RequestParser::fail_incomplete(std::string_view input) {
  if (input.find('\n') == std::string_view::npos) {
    return fail(
        414, "the request target is longer than " + std::to_string(limits_.target_max) + " bytes");
  }
  return fail(431, "the header is larger than " + std::to_string(limits_.header_max) + " bytes");
}

}  // namespace heliograph::http
