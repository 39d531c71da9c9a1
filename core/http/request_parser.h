// RequestParser: turns the bytes of one request into a Request, or into the error it deserves.
//
// Beast's parser does the grammar, the framing guard decides before the body. No I/O: the caller
// feeds what it has read and asks what is missing. One object for each request. One thread.
// Internal to core/http (Beast).
#pragma once

#include <boost/beast/http/basic_parser.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/http/framing_guard.h"
#include "core/http/message.h"

namespace heliograph::http {

class RequestParser final : private boost::beast::http::basic_parser<true> {
 public:
  enum class Progress : std::uint8_t { kNeedMore, kDone, kFailed };

  // Fills `request`: method, target, headers, body; clears what it held. Both references outlive
  // the parser.
  RequestParser(const FramingLimits& limits, Request& request);

  // `input`: everything received since the request's first byte, each time anew. kDone: the header
  // is complete and unambiguous; header_size() of its bytes are used up.
  Progress parse_header(std::string_view input);
  std::size_t header_size() const { return position_; }

  // After the header. 413 at once for a Content-Length beyond `body_max`.
  Progress start_body(std::size_t body_max);
  // `input`: what is received and not yet used up; `used` is set to how much of it is now.
  Progress parse_body(std::string_view input, std::size_t& used);

  // After the header: its body may have more bytes than that (it says so, or comes in chunks).
  bool may_exceed(std::size_t size) const {
    const auto length = basic_parser::content_length();
    return basic_parser::chunked() || (length && *length > size);
  }
  bool wants_continue() const;  // Expect: 100-continue, and a body that has not come yet
  bool keep_alive() const { return basic_parser::keep_alive(); }
  unsigned version() const { return version_; }
  const FramingError& error() const { return *error_; }  // after kFailed

 private:
  using Error = boost::beast::error_code;
  using Text = boost::beast::string_view;
  using Size = boost::optional<std::uint64_t>;
  void on_request_impl(boost::beast::http::verb, Text method, Text target, int version,
                       Error&) override;
  void on_response_impl(int, Text, int, Error&) override {}
  void on_field_impl(boost::beast::http::field, Text name, Text value, Error& ec) override;
  void on_header_impl(Error&) override {}
  void on_body_init_impl(const Size&, Error&) override {}
  std::size_t on_body_impl(Text body, Error&) override;
  void on_chunk_header_impl(std::uint64_t size, Text extensions, Error& ec) override;
  std::size_t on_chunk_body_impl(std::uint64_t, Text body, Error&) override;
  void on_finish_impl(Error&) override {}

  Progress fail(unsigned status, std::string_view detail);
  Progress fail(const Error& ec, std::string_view input);
  Progress fail_incomplete(std::string_view input);
  Progress check(std::string_view raw);

  const FramingLimits& limits_;
  Request& request_;
  std::string method_;
  unsigned version_ = 11;
  std::size_t position_ = 0;
  std::size_t body_max_ = 0;
  std::size_t extension_bytes_ = 0;
  std::optional<FramingError> error_;
};

}  // namespace heliograph::http
