// HttpClient: HTTP exchanges with providers over pooled connections, on the dispatch loop. Its
// answers tell how far a request got, which is what an outcome may be derived from. core/http
// implements it, core/plugin hands it to plugins.
//
// Threads: [loop] for everything. `done` is never called from inside request() or cancel().
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/unique_function.h"
#include "core/ports/clock.h"

namespace heliograph::ports {

// As HG_HTTP_*: below kWritten the peer cannot have acted; kWritten: it may have; from kHead on
// `code` says.
enum class HttpProgress : std::uint8_t { kNotConnected, kNotWritten, kWritten, kHead, kComplete };
enum class HttpStatus : std::uint8_t { kOk, kIo, kTls, kDeadline, kCancelled, kLimit, kNotHttp };

struct OutgoingRequest {
  std::string method;
  std::string url;  // absolute, http or https
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  MonoTime deadline{};
  // No byte is written after it: an exchange that has no connection by then ends, and the
  // connection that was being made for it is kept for whoever asks next.
  MonoTime begin_by = MonoTime::max();
  std::size_t body_max = 1 << 20;  // of the answer
  bool safe_to_resend =
      false;  // the peer dedupes: once more on a new connection when a reused one was closed
  bool no_reuse = false;
};

struct OutgoingResponse {
  HttpStatus status = HttpStatus::kIo;
  HttpProgress progress = HttpProgress::kNotConnected;
  unsigned code = 0;
  bool reused = false;
  bool resent = false;
  bool truncated = false;
  bool begin_missed = false;  // kDeadline because of begin_by; nothing of it was ever written
  std::string detail;         // for logs: "connect 10.0.0.1:443: connection refused"
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case, in order
  std::string body;
  std::chrono::nanoseconds total{};
  std::chrono::nanoseconds wait{};  // of that, for a connection to be free or made
};

// Where a client may connect to, whatever a URL says or a name resolves to.
struct HttpAddressRules {
  // Unicast addresses of the Internet alone: no private, local or otherwise special one. Every
  // address of a name is looked at, and the connection goes to one of those. Names are then looked
  // up on threads of the client's own.
  bool public_only = false;
  std::vector<std::string> allow_cidrs;  // and these: addresses or CIDRs
};

// One instance's own pool.
struct HttpPoolOptions {
  std::size_t connections_max = 64;
  std::size_t queue_max = 1024;  // requests waiting for a connection: beyond, request() refuses
  std::chrono::milliseconds connect_timeout{2'000};
  std::chrono::milliseconds idle_max{15'000};  // an idle connection is closed after it
  std::string ca_file;                         // empty: the system's
  HttpAddressRules addresses;
};

enum class HttpRefusal : std::uint8_t { kBusy, kMalformed, kStopped, kPastDeadline };

class HttpClient {
 public:
  using Id = std::uint64_t;  // never 0, never reused
  virtual ~HttpClient() = default;
  virtual std::expected<Id, HttpRefusal> request(
      OutgoingRequest request, base::UniqueFunction<void(OutgoingResponse)> done) = 0;
  // `done` still comes, with kCancelled and the progress made, or with the answer that won. Unknown
  // ids are ignored.
  virtual void cancel(Id id) = 0;
};

// Makes one client for each plugin instance. [control thread]
class HttpClientFactory {
 public:
  virtual ~HttpClientFactory() = default;
  // Throws std::runtime_error for a CA file that cannot be read, or a CIDR that is none.
  virtual std::unique_ptr<HttpClient> make(const HttpPoolOptions& options) = 0;
};

}  // namespace heliograph::ports
