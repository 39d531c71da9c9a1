// The framing corpus over the wire: every request whose end is in doubt is refused and its
// connection closed, so that the request hidden behind it is never run.
#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "tests/unit/http/raw_socket.h"
#include "tests/unit/http/test_server.h"

namespace heliograph::http {
namespace {

using namespace std::string_literals;
using testing::RawSocket;
using testing::TestServer;

const std::string kCanary = "GET /canary HTTP/1.1\r\nHost: x\r\n\r\n";

struct Case {
  std::string name;
  std::string request;
  unsigned status;
  friend std::ostream& operator<<(std::ostream& out, const Case& c) { return out << c.name; }
};

std::string post(const std::string& fields, const std::string& body = "") {
  return "POST /echo HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n" + body;
}

std::string get(const std::string& fields) { return "GET /hello HTTP/1.1\r\n" + fields + "\r\n"; }

std::string many_fields(int count) {
  std::string fields = "Host: x\r\n";
  for (int i = 1; i < count; ++i) fields += "F" + std::to_string(i) + ": v\r\n";
  return fields;
}

const std::string kChunked = "Transfer-Encoding: chunked\r\n";

// Transfer-Encoding: Beast takes each of these for a request without a body.
std::vector<Case> refused_encodings() {
  return {
      {"te_gzip", post("Transfer-Encoding: gzip\r\n"), 400},
      {"te_xchunked", post("Transfer-Encoding: xchunked\r\n"), 400},
      {"te_chunked_identity", post("Transfer-Encoding: chunked, identity\r\n"), 400},
      {"te_gzip_chunked", post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), 400},
      {"te_empty", post("Transfer-Encoding:\r\n"), 400},
      {"te_quoted", post("Transfer-Encoding: \"chunked\"\r\n"), 400},
      {"te_tab", post("Transfer-Encoding: chunked\x0b\r\n", "0\r\n\r\n"), 400},
      {"te_twice", post(kChunked + kChunked, "0\r\n\r\n"), 400},
      {"te_gzip_then_chunked", post("Transfer-Encoding: gzip\r\n" + kChunked, "0\r\n\r\n"), 400},
      {"te_then_length", post(kChunked + "Content-Length: 5\r\n", "0\r\n\r\n"), 400},
      {"length_then_te", post("Content-Length: 5\r\n" + kChunked, "0\r\n\r\n"), 400},
      {"te_gzip_then_length", post("Transfer-Encoding: gzip\r\nContent-Length: 5\r\n", "12345"),
       400},
      {"te_on_1_0", "POST /echo HTTP/1.0\r\nHost: x\r\n" + kChunked + "\r\n0\r\n\r\n", 400},
  };
}

// Content-Length.
std::vector<Case> refused_lengths() {
  return {
      {"length_twice_equal", post("Content-Length: 5\r\nContent-Length: 5\r\n", "12345"), 400},
      {"length_twice_different", post("Content-Length: 5\r\nContent-Length: 6\r\n", "12345"), 400},
      {"length_list", post("Content-Length: 5, 5\r\n", "12345"), 400},
      {"length_plus", post("Content-Length: +5\r\n", "12345"), 400},
      {"length_hex", post("Content-Length: 0x5\r\n", "12345"), 400},
      {"length_negative", post("Content-Length: -1\r\n"), 400},
      {"length_overflow", post("Content-Length: 18446744073709551621\r\n", "12345"), 400},
      {"length_empty", post("Content-Length:\r\n"), 400},
      {"length_blank_inside", post("Content-Length: 5 5\r\n", "12345"), 400},
      {"length_beyond_route", post("Content-Length: 1001\r\n"), 413},
  };
}

// Lines.
std::vector<Case> refused_lines() {
  return {
      {"space_before_colon", get("Host : x\r\n"), 400},
      {"bare_lf_after_line", "GET /hello HTTP/1.1\nHost: x\r\n\r\n", 400},
      {"bare_lf_after_field", get("Host: x\nA: b\r\n"), 400},
      {"bare_lf_at_end", "GET /hello HTTP/1.1\r\nHost: x\r\n\n", 400},
      {"bare_cr", get("Host: x\rA: b\r\n"), 400},
      {"nul_in_value", get("Host: x\r\nA: b\0c\r\n"s), 400},
      {"nul_in_name", get("Host: x\r\nA\0B: c\r\n"s), 400},
      {"obs_fold_blank", get("Host: x\r\nA: b\r\n c\r\n"), 400},
      {"obs_fold_tab", get("Host: x\r\nA: b\r\n\tc\r\n"), 400},
      {"obs_fold_hides_te", post("A: b\r\n Transfer-Encoding: chunked\r\n"), 400},
      {"blank_before_first_field", "GET /hello HTTP/1.1\r\n Host: x\r\n\r\n", 400},
      {"field_without_colon", get("Host: x\r\nnonsense\r\n"), 400},
      {"field_without_name", get("Host: x\r\n: v\r\n"), 400},
  };
}

// Host.
std::vector<Case> refused_hosts() {
  return {
      {"host_missing", get(""), 400},
      {"host_twice", get("Host: x\r\nHost: y\r\n"), 400},
      {"host_twice_equal", get("Host: x\r\nHost: x\r\n"), 400},
      {"host_list", get("Host: x, y\r\n"), 400},
      {"host_with_path", get("Host: x/y\r\n"), 400},
      {"host_with_user", get("Host: a@x\r\n"), 400},
      {"host_other_than_target", "GET http://y/hello HTTP/1.1\r\nHost: x\r\n\r\n", 400},
  };
}

// Chunks.
std::vector<Case> refused_chunks() {
  return {
      {"chunk_size_letters", post(kChunked, "xyz\r\n"), 400},
      {"chunk_size_hex_prefix", post(kChunked, "0x5\r\n12345\r\n0\r\n\r\n"), 400},
      {"chunk_size_negative", post(kChunked, "-5\r\n12345\r\n0\r\n\r\n"), 400},
      {"chunk_size_overflow", post(kChunked, "10000000000000005\r\n12345\r\n0\r\n\r\n"), 400},
      {"chunk_size_blank", post(kChunked, " 5\r\n12345\r\n0\r\n\r\n"), 400},
      {"chunk_size_bare_lf", post(kChunked, "5\n12345\r\n0\r\n\r\n"), 400},
      {"chunk_longer_than_size", post(kChunked, "5\r\n123456\r\n0\r\n\r\n"), 400},
      {"chunk_beyond_route", post(kChunked, "3e9\r\n"), 413},
      {"chunks_beyond_route",
       post(kChunked, "3e8\r\n" + std::string(1000, 'x') + "\r\n1\r\ny\r\n0\r\n\r\n"), 413},
      {"chunk_extension_too_long",
       post(kChunked, "1;a=" + std::string(1100, 'b') + "\r\nx\r\n0\r\n\r\n"), 400},
      {"chunk_line_endless", post(kChunked, std::string(5000, '0')), 400},
      {"trailer", post(kChunked, "0\r\nA: b\r\n\r\n"), 400},
      {"trailer_length", post(kChunked, "0\r\nContent-Length: 5\r\n\r\n"), 400},
  };
}

// Methods and targets.
std::vector<Case> refused_targets() {
  return {
      {"get_with_body", "GET /hello HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n12345", 400},
      {"get_chunked", "GET /hello HTTP/1.1\r\nHost: x\r\n" + kChunked + "\r\n0\r\n\r\n", 400},
      {"head_with_body", "HEAD /hello HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n1", 400},
      {"delete_with_body", "DELETE /hello HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n1", 400},
      {"method_lower_case", "get /hello HTTP/1.1\r\nHost: x\r\n\r\n", 501},
      {"method_unknown", "BREW /hello HTTP/1.1\r\nHost: x\r\n\r\n", 501},
      {"method_connect", "CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"method_malformed", "GE(T /hello HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"target_relative", "GET hello HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"target_asterisk_get", "GET * HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"target_fragment", "GET /hello#a HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"target_blank", "GET /he llo HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"target_raw_utf8", "GET /h\xc3\xa9 HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"target_bad_escape", "GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"target_encoded_nul", "GET /a%00b HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"query_bad_escape", "GET /hello?a=%2 HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"target_too_long", "GET /" + std::string(2048, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n", 414},
      {"target_endless", "GET /" + std::string(9000, 'a'), 414},
  };
}

// Sizes.
std::vector<Case> refused_sizes() {
  return {
      {"fields_65", get(many_fields(65)), 431},
      {"header_too_large", get("Host: x\r\nA: " + std::string(8200, 'b') + "\r\n"), 431},
      {"header_just_too_large", get("Host: x\r\nA: " + std::string(8156, 'b') + "\r\n"), 431},
  };
}

// Versions and expectations.
std::vector<Case> refused_versions() {
  return {
      {"version_2_0", "GET /hello HTTP/2.0\r\nHost: x\r\n\r\n", 505},
      {"version_1_2", "GET /hello HTTP/1.2\r\nHost: x\r\n\r\n", 505},
      {"version_0_9", "GET /hello HTTP/0.9\r\nHost: x\r\n\r\n", 505},
      {"version_missing", "GET /hello\r\nHost: x\r\n\r\n", 400},
      {"version_garbage", "GET /hello HTTQ/1.1\r\nHost: x\r\n\r\n", 400},
      {"version_blank_behind", "GET /hello HTTP/1.1 \r\nHost: x\r\n\r\n", 400},
      {"expectation_unknown", post("Expect: tea\r\nContent-Length: 1\r\n", "1"), 417},
      {"no_http", "\x16\x03\x01\x02\x05garbage\r\n\r\n", 400},
  };
}

std::vector<Case> refused() {
  std::vector<Case> all;
  for (auto table : {refused_encodings, refused_lengths, refused_lines, refused_hosts,
                     refused_chunks, refused_targets, refused_sizes, refused_versions}) {
    const auto cases = table();
    all.insert(all.end(), cases.begin(), cases.end());
  }
  return all;
}

class RefusedFraming : public ::testing::TestWithParam<Case> {
 protected:
  static void SetUpTestSuite() { server_ = new TestServer; }
  static void TearDownTestSuite() { delete server_; }
  static TestServer* server_;
};
TestServer* RefusedFraming::server_ = nullptr;

TEST_P(RefusedFraming, IsAnsweredClosedAndNothingBehindItRuns) {
  const int canaries_before = server_->canaries();
  RawSocket client = RawSocket::connect(server_->address());
  client.send(GetParam().request + kCanary);
  const auto answer = client.read_answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, GetParam().status) << answer->body;
  EXPECT_EQ(answer->header("content-type"), "application/problem+json");
  EXPECT_EQ(answer->header("connection"), "close");
  EXPECT_TRUE(client.ends());
  EXPECT_EQ(server_->canaries(), canaries_before);
}

std::string case_name(const ::testing::TestParamInfo<Case>& info) { return info.param.name; }
INSTANTIATE_TEST_SUITE_P(Corpus, RefusedFraming, ::testing::ValuesIn(refused()), case_name);

// Small pieces take the parser's other path, where it sees a line before its end.
void send_in_pieces(RawSocket& client, std::string_view bytes) {
  const std::size_t size = 1 + bytes.size() / 500;
  while (!bytes.empty() && client.send(bytes.substr(0, size))) {
    bytes.remove_prefix(std::min(size, bytes.size()));
  }
}

TEST_P(RefusedFraming, IsRefusedInPiecesToo) {
  const int canaries_before = server_->canaries();
  RawSocket client = RawSocket::connect(server_->address());
  send_in_pieces(client, GetParam().request + kCanary);
  const auto answer = client.read_answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, GetParam().status) << answer->body;
  EXPECT_TRUE(client.ends());
  EXPECT_EQ(server_->canaries(), canaries_before);
}

const std::vector<Case>& accepted() {
  static const std::vector<Case> cases = {
      {"length", post("Content-Length: 5\r\n", "12345"), 200},
      {"length_zero", post("Content-Length: 0\r\n"), 200},
      {"no_length", post(""), 200},
      {"length_padded", post("Content-Length:  \t5 \t\r\n", "12345"), 200},
      {"length_at_route_max", post("Content-Length: 1000\r\n", std::string(1000, 'x')), 200},
      {"chunked", post(kChunked, "2\r\n12\r\n3\r\n345\r\n0\r\n\r\n"), 200},
      {"chunked_upper_case", post("Transfer-Encoding: CHUNKED\r\n", "5\r\n12345\r\n0\r\n\r\n"),
       200},
      {"chunked_empty", post(kChunked, "0\r\n\r\n"), 200},
      {"chunk_extension", post(kChunked, "5;a=b;c\r\n12345\r\n0;d=\"e\"\r\n\r\n"), 200},
      {"get_length_zero", get("Host: x\r\nContent-Length: 0\r\n"), 200},
      {"host_empty", get("Host:\r\n"), 200},
      {"host_port", get("Host: x.example:8080\r\n"), 200},
      {"host_ipv6", get("Host: [::1]:8080\r\n"), 200},
      {"blank_line_before", "\r\n" + get("Host: x\r\n"), 200},
      {"absolute_target", "GET http://x/hello HTTP/1.1\r\nHost: X\r\n\r\n", 200},
      {"fields_64", get(many_fields(64)), 200},
      {"header_just_fits", get("Host: x\r\nA: " + std::string(8155, 'b') + "\r\n"), 200},
      {"query", "GET /hello?a=%41&b HTTP/1.1\r\nHost: x\r\n\r\n", 200},
      {"encoded_path", "GET /h%65llo HTTP/1.1\r\nHost: x\r\n\r\n", 200},
      {"options_asterisk", "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", 204},
      {"unknown_path_with_body", "POST /none HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n12345",
       404},
      {"wrong_method_with_body", "PUT /hello HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n12345",
       405},
  };
  return cases;
}

class AcceptedFraming : public RefusedFraming {};

// What is behind an unambiguous request is the next request, and runs.
TEST_P(AcceptedFraming, KeepsTheConnectionInStep) {
  TestServer server;
  RawSocket client = RawSocket::connect(server.address());
  client.send(GetParam().request + kCanary);
  const auto answer = client.read_answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, GetParam().status) << answer->body;
  const auto next = client.read_answer();
  ASSERT_TRUE(next);
  EXPECT_EQ(next->body, "canary");
  EXPECT_EQ(server.canaries(), 1);
}

TEST_P(AcceptedFraming, KeepsTheConnectionInStepInPiecesToo) {
  TestServer server;
  RawSocket client = RawSocket::connect(server.address());
  send_in_pieces(client, GetParam().request + kCanary);
  const auto answer = client.read_answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, GetParam().status) << answer->body;
  const auto next = client.read_answer();
  ASSERT_TRUE(next);
  EXPECT_EQ(next->body, "canary");
}

// Cut in its middle, the empty line that may stand before a request is no malformed method.
TEST(Framing, TheRestOfAnEmptyLineIsWaitedFor) {
  ServerOptions options;
  options.header_timeout = std::chrono::milliseconds{50};
  TestServer server(options);
  RawSocket client = RawSocket::connect(server.address());
  client.send("\r");
  const auto answer = client.read_answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 408) << answer->body;
}

INSTANTIATE_TEST_SUITE_P(Corpus, AcceptedFraming, ::testing::ValuesIn(accepted()), case_name);

}  // namespace
}  // namespace heliograph::http
