// FakeHttp: hg.http-client/1 without a network. A test scripts the answers or gives them by hand.
//
//   host.http().script(HttpReply::json(200, R"({"message_id":"m-1"})"));   the next request gets it
//   host.http().answer(HttpReply::broken_after_write());                   the oldest open request
//   does
//
// Requests past their deadline on the virtual clock fail by themselves. Used by the test's thread
// only.
#pragma once

#include <heliograph/abi/abi.h>
#include <heliograph/abi/ext/http_client.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <heliograph/testing/records.hpp>

namespace heliograph::sdk::testing {

class FakeHost;

struct HttpRequestRecord {
  hg_id id = 0;
  std::string method;
  std::string url;
  Pairs headers;
  std::string body;
  std::uint32_t flags = 0;
  std::uint64_t deadline_mono_ns = 0;
  std::uint64_t body_max = 0;
  bool cancelled = false;
};

struct HttpReply {
  hg_status status = HG_OK;
  std::uint32_t progress = HG_HTTP_COMPLETE;
  std::uint32_t code = 200;
  Pairs headers{};  // names in lower case
  std::string body{};
  std::string detail{};
  std::uint32_t flags = 0;
  std::chrono::nanoseconds delay{0};  // on the virtual clock

  static HttpReply json(std::uint32_t code, std::string_view body);
  static HttpReply with_header(std::uint32_t code, std::string_view name, std::string_view value);
  static HttpReply refused_connection();    // certainly not sent
  static HttpReply broken_while_writing();  // certainly not acted upon
  static HttpReply broken_after_write();    // may have been acted upon
  static HttpReply failure(std::uint32_t progress, hg_status status, std::string_view detail);
};

class FakeHttp {
 public:
  explicit FakeHttp(FakeHost& host) : host_(host) {}

  // The answer to the next request that has none; several queue up.
  void script(HttpReply reply) { script_.push_back(std::move(reply)); }
  // The next request is refused with this status (HG_E_BUSY, ...): nothing sent, no callback.
  void refuse_next(hg_status status) { refusals_.push_back(status); }
  // Answers the oldest request still open, or that of the id. False: there is none.
  bool answer(const HttpReply& reply);
  bool answer(hg_id id, const HttpReply& reply);

  // Every request that was taken, in order.
  const std::vector<HttpRequestRecord>& requests() const { return requests_; }
  std::size_t open() const { return exchanges_.size(); }
  // What the gateway does for an instance that stops: each open request calls back, cancelled.
  void cancel_all();

  static const hg_http_client* extension();

 private:
  struct Exchange {
    hg_http_fn done;
    void* arg;
    std::uint64_t tag;
    std::uint64_t body_max;
    std::uint64_t started_ns;
  };

  static hg_status on_request(const hg_host* raw, const hg_http_request* request, hg_http_fn done,
                              void* arg, uint64_t tag, hg_id* id);
  static hg_status on_cancel(const hg_host* raw, hg_id id);

  hg_status take(const hg_http_request& request, const Exchange& exchange, hg_id* id);
  hg_status refusal(const hg_http_request& request);
  void deliver(hg_id id, const HttpReply& reply);

  FakeHost& host_;
  hg_id last_id_ = 0;
  std::deque<HttpReply> script_;
  std::deque<hg_status> refusals_;
  std::vector<HttpRequestRecord> requests_;
  std::map<hg_id, Exchange> exchanges_;
};

}  // namespace heliograph::sdk::testing
