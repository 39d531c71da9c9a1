#include "core/http/response_parser.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>

#include "core/base/assert.h"
#include "core/base/text.h"

namespace heliograph::http {
namespace {

namespace beast_http = boost::beast::http;

// As in the request's parser: between chunks, fewer bytes complete no chunked body.
constexpr std::size_t kLastChunkSize = 5;
constexpr std::size_t kChunkLineMax = 4096;

std::string_view to_std(boost::beast::string_view text) { return {text.data(), text.size()}; }

}  // namespace

ResponseParser::ResponseParser(ports::OutgoingResponse& response, std::size_t body_max,
                               bool to_head)
    : response_(response), body_max_(body_max) {
  response_.code = 0;
  response_.headers.clear();
  response_.body.clear();
  header_limit(kHeaderMax);
  body_limit(boost::none);  // cut off by ourselves: what fits is kept
  eager(true);
  skip(to_head);
}

ResponseParser::Progress ResponseParser::parse(std::string_view input, std::size_t& used) {
  HG_ASSERT(!is_done());
  used = 0;
  const bool in_chunks = head_done_ && chunked();
  const bool between_chunks = in_chunks && chunk_left_ == 0;
  if (input.empty() || (between_chunks && input.size() < kLastChunkSize)) {
    return Progress::kNeedMore;
  }
  Error ec;
  used = put(boost::asio::const_buffer(input.data(), input.size()), ec);
  if (ec == beast_http::error::need_more && in_chunks && input.size() - used > kChunkLineMax) {
    refuse("a chunk's size line is too long", ec);
  }
  return result(ec);
}

ResponseParser::Progress ResponseParser::parse_end() {
  if (!got_some()) return Progress::kNeedMore;
  Error ec;
  put_eof(ec);
  return ec ? Progress::kNeedMore : result(ec);
}

ResponseParser::Progress ResponseParser::result(const Error& ec) {
  if (truncated_) return Progress::kTruncated;
  if (ec && ec != beast_http::error::need_more) {
    if (what_.empty()) what_ = "the response is no HTTP/1.1";
    return Progress::kFailed;
  }
  if (!is_done()) return Progress::kNeedMore;
  return response_.code < 200 ? Progress::kInterim : Progress::kComplete;
}

void ResponseParser::refuse(std::string_view what, Error& ec) {
  what_ = what;
  ec = beast_http::error::bad_value;
}

void ResponseParser::on_response_impl(int code, Text, int version, Error& ec) {
  version_ = version;
  response_.code = static_cast<unsigned>(code);
  // 101 was not asked for, and what follows it is not HTTP any more.
  if (code < 100 || code > 599 || code == 101) refuse("the response has no valid status", ec);
}

void ResponseParser::on_field_impl(beast_http::field field, Text name, Text value, Error& ec) {
  if (head_done_) return;  // trailers say nothing that is asked for
  if (response_.headers.size() >= kFieldsMax) return refuse("the response has too many fields", ec);
  const std::string_view text = to_std(value);
  if (field == beast_http::field::content_length && (++lengths_ > 1 || !base::parse_uint(text))) {
    return refuse("the response's length is in doubt", ec);
  }
  const bool chunks = base::equals_ignore_case(text, "chunked");
  if (field == beast_http::field::transfer_encoding && (++encodings_ > 1 || !chunks)) {
    return refuse("the response has an unknown transfer encoding", ec);
  }
  if (field == beast_http::field::keep_alive) read_keep_alive(text);
  response_.headers.emplace_back(base::to_lower_ascii(to_std(name)), text);
}

void ResponseParser::on_header_impl(Error& ec) {
  if (encodings_ > 0 && (lengths_ > 0 || version_ < 11)) {
    return refuse("the response's length is in doubt", ec);
  }
  head_done_ = true;
}

std::size_t ResponseParser::on_body_impl(Text body, Error& ec) {
  const std::size_t room = body_max_ - response_.body.size();
  response_.body.append(body.data(), std::min(room, body.size()));
  if (body.size() > room) {
    truncated_ = true;
    ec = beast_http::error::body_limit;
  }
  return body.size();
}

void ResponseParser::on_chunk_header_impl(std::uint64_t size, Text, Error&) { chunk_left_ = size; }

// `left` counts what is given here.
std::size_t ResponseParser::on_chunk_body_impl(std::uint64_t left, Text body, Error& ec) {
  chunk_left_ = left - body.size();
  return on_body_impl(body, ec);
}

// "timeout=5, max=100" (RFC 2068, 19.7.1.1; what servers send to this day).
void ResponseParser::read_keep_alive(std::string_view value) {
  while (!value.empty()) {
    const std::string_view item = value.substr(0, value.find(','));
    value.remove_prefix(std::min(value.size(), item.size() + 1));
    const std::string_view parameter = base::trim(item);
    const std::size_t equals = parameter.find('=');
    if (equals == std::string_view::npos) continue;
    const auto number = base::parse_uint(base::trim(parameter.substr(equals + 1)));
    if (!number) continue;
    const std::string_view name = base::trim(parameter.substr(0, equals));
    constexpr std::uint64_t kDay = 86'400;
    if (base::equals_ignore_case(name, "timeout")) {
      idle_timeout_ = std::chrono::seconds(std::min(*number, kDay));
    }
    if (base::equals_ignore_case(name, "max") && *number == 0) last_of_connection_ = true;
  }
}

}  // namespace heliograph::http
