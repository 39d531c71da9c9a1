// ResponseParser: turns the bytes of one response into a ports::OutgoingResponse.
//
// Beast's parser does the grammar; what it accepts although the end of the response would be in
// doubt (an unknown Transfer-Encoding, two lengths) is refused here, as on the server's side. No
// I/O. One object for each response. One thread. Internal to core/http (Beast).
#pragma once

#include <boost/beast/http/basic_parser.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/ports/http_client.h"

namespace heliograph::http {

class ResponseParser final : private boost::beast::http::basic_parser<false> {
 public:
  enum class Progress : std::uint8_t {
    kNeedMore,
    kInterim,  // a 1xx response is complete: another parser for the one that follows
    kComplete,
    kTruncated,  // the body is longer than allowed; what fits is there
    kFailed,     // not HTTP; what() says why
  };
  static constexpr std::size_t kHeaderMax = 16 * 1024;  // bytes
  static constexpr std::size_t kFieldsMax = 128;

  // Fills code, headers and body of `response`. `to_head`: the request was HEAD, no body follows.
  ResponseParser(ports::OutgoingResponse& response, std::size_t body_max, bool to_head);

  // `input`: what was received and not used up yet; `used` is set to how much of it is now.
  Progress parse(std::string_view input, std::size_t& used);
  // The peer has ended the connection: complete where that is what ends the body.
  Progress parse_end();

  bool has_head() const { return head_done_; }
  // After kComplete: the connection may carry another request, and for how long it may be idle
  // before where the peer said so.
  bool keep_alive() const { return basic_parser::keep_alive() && !last_of_connection_; }
  std::optional<std::chrono::seconds> idle_timeout() const { return idle_timeout_; }
  std::string_view what() const { return what_; }  // after kFailed

 private:
  using Error = boost::beast::error_code;
  using Text = boost::beast::string_view;
  using Size = boost::optional<std::uint64_t>;
  void on_request_impl(boost::beast::http::verb, Text, Text, int, Error&) override {}
  void on_response_impl(int code, Text, int version, Error& ec) override;
  void on_field_impl(boost::beast::http::field field, Text name, Text value, Error& ec) override;
  void on_header_impl(Error& ec) override;
  void on_body_init_impl(const Size&, Error&) override {}
  std::size_t on_body_impl(Text body, Error& ec) override;
  void on_chunk_header_impl(std::uint64_t size, Text, Error&) override;
  std::size_t on_chunk_body_impl(std::uint64_t, Text body, Error& ec) override;
  void on_finish_impl(Error&) override {}

  Progress result(const Error& ec);
  void refuse(std::string_view what, Error& ec);
  void read_keep_alive(std::string_view value);

  ports::OutgoingResponse& response_;
  const std::size_t body_max_;
  std::uint64_t chunk_left_ = 0;  // bytes of the chunk that is being read
  int version_ = 11;
  int lengths_ = 0;
  int encodings_ = 0;
  bool head_done_ = false;
  bool truncated_ = false;
  bool last_of_connection_ = false;
  std::optional<std::chrono::seconds> idle_timeout_;
  std::string_view what_;
};

}  // namespace heliograph::http
