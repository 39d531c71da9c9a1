#include "core/app/remote/api_client.h"

#include <fmt/format.h>

#include <cstdlib>
#include <fstream>
#include <future>
#include <nlohmann/json.hpp>

#include "core/app/asio_loop.h"
#include "core/app/remote/rendering.h"
#include "core/app/system_clock.h"
#include "core/app/version.h"
#include "core/base/text.h"
#include "core/http/client.h"

namespace heliograph::app {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kDefaultUrl = "http://localhost:8080";
constexpr std::size_t kAnswerMax = 64 * 1024 * 1024;  // a page of 100 messages with all they hold
constexpr std::size_t kKeyMax = 4096;

std::string environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string base_url(const Remote& remote) {
  std::string url = remote.url.empty() ? environment("HELIOGRAPH_URL") : remote.url;
  if (url.empty()) url = kDefaultUrl;
  const bool known = url.starts_with("http://") || url.starts_with("https://");
  if (!known || url.contains('?') || url.contains('#'))
    throw UsageError(fmt::format(
        "--url '{}': http://HOST:PORT or https://HOST:PORT is expected (also HELIOGRAPH_URL)",
        url));
  while (url.ends_with('/')) url.pop_back();
  return url;
}

std::string key_in(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw UsageError(fmt::format("--key-file {}: cannot be read", path));
  std::string line;
  std::getline(file, line);
  const std::string key(base::trim(line.ends_with('\r') ? line.substr(0, line.size() - 1) : line));
  if (key.empty() || key.size() > kKeyMax)
    throw UsageError(fmt::format("--key-file {}: its first line is no API key", path));
  return key;
}

std::string api_key(const Remote& remote) {
  const std::string key =
      remote.key_file.empty() ? environment("HELIOGRAPH_API_KEY") : key_in(remote.key_file);
  if (key.empty()) throw UsageError("no API key: set HELIOGRAPH_API_KEY or name a --key-file");
  for (const char c : key) {
    if (c <= ' ' || c > '~') throw UsageError("the API key has characters that no key has");
  }
  return key;
}

std::string encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (letter || c == '-' || c == '.' || c == '_' || c == '~') {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    }
  }
  return out;
}

// "/to: ... (400)" of a problem document (RFC 9457), else what the status says.
std::string refusal_text(unsigned status, const Json& problem) {
  if (!problem.is_object()) return fmt::format("the gateway answered {}", status);
  const auto text = [&problem](const char* name) {
    const auto found = problem.find(name);
    return found != problem.end() && found->is_string() ? found->get<std::string>() : std::string{};
  };
  std::string said = text("detail").empty() ? text("error") : text("detail");
  if (said.empty()) said = "refused";
  if (!text("pointer").empty()) said = fmt::format("{}: {}", text("pointer"), said);
  return fmt::format("{} ({})", printable(said), status);
}

ports::HttpPoolOptions one_connection() {
  ports::HttpPoolOptions pool;
  pool.connections_max = 1;
  return pool;
}

}  // namespace

class ApiClient::Impl {
 public:
  explicit Impl(const Remote& remote)
      : url_(base_url(remote)),
        key_(api_key(remote)),
        loop_(clock_),
        factory_(http::make_http_client_factory(loop_.context(), clock_)),
        client_(factory_->make(one_connection())) {
    loop_.start();
  }
  // The client may go where nothing runs its loop.
  ~Impl() {
    loop_.stop();
    client_.reset();
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Json request(const char* method, const std::string& target, std::string body,
               const HeaderList& headers, std::chrono::seconds timeout) {
    ports::OutgoingRequest request;
    request.method = method;
    request.url = url_ + target;
    request.headers = headers;
    request.headers.emplace_back("X-API-Key", key_);
    request.headers.emplace_back("Accept", "application/json");
    request.headers.emplace_back("User-Agent", fmt::format("heliograph/{}", kVersion));
    if (!body.empty()) request.headers.emplace_back("Content-Type", "application/json");
    request.body = std::move(body);
    request.deadline = clock_.mono() + timeout;
    request.body_max = kAnswerMax;
    return document(exchange(std::move(request)));
  }

  const std::string& url() const { return url_; }

 private:
  ports::OutgoingResponse exchange(ports::OutgoingRequest request) {
    auto answer = std::make_shared<std::promise<ports::OutgoingResponse>>();
    auto coming = answer->get_future();
    loop_.post([this, answer, request = std::move(request)]() mutable {
      const auto asked = client_->request(
          std::move(request),
          [answer](ports::OutgoingResponse response) { answer->set_value(std::move(response)); });
      if (asked) return;
      ports::OutgoingResponse refused;
      refused.detail = "the URL is not one that can be asked";
      answer->set_value(std::move(refused));
    });
    return coming.get();
  }

  Json document(const ports::OutgoingResponse& response) const {
    const bool whole = response.status == ports::HttpStatus::kOk && !response.truncated;
    if (!whole) {
      const bool arrived = response.progress >= ports::HttpProgress::kWritten;
      const std::string why = response.detail.empty() ? "no answer in time" : response.detail;
      throw GatewayUnreachable(fmt::format("no answer from {}: {}", url_, printable(why)), arrived);
    }
    Json body = Json::parse(response.body, nullptr, false);
    if (response.code < 200 || response.code > 299)
      throw GatewayRefused(refusal_text(response.code, body), response.code);
    if (body.is_discarded()) {
      throw GatewayRefused(
          fmt::format("{} answered {} without JSON: is it a gateway?", url_, response.code),
          response.code);
    }
    return body;
  }

  std::string url_;
  std::string key_;
  SystemClock clock_;
  AsioLoop loop_;
  std::unique_ptr<ports::HttpClientFactory> factory_;
  std::unique_ptr<ports::HttpClient> client_;
};

ApiClient::ApiClient(const Remote& remote) : impl_(std::make_unique<Impl>(remote)) {}
ApiClient::~ApiClient() = default;
const std::string& ApiClient::url() const { return impl_->url(); }

Json ApiClient::get(const std::string& target, std::chrono::seconds timeout) {
  return impl_->request("GET", target, "", {}, timeout);
}

Json ApiClient::post(const std::string& target, const Json& body, const HeaderList& headers,
                     std::chrono::seconds timeout) {
  return impl_->request("POST", target, body.dump(), headers, timeout);
}

Json ApiClient::put(const std::string& target, const Json& body) {
  return impl_->request("PUT", target, body.dump(), {}, std::chrono::seconds{30});
}

std::string with_query(std::string path,
                       const std::vector<std::pair<std::string, std::string>>& query) {
  char sign = '?';
  for (const auto& [name, value] : query) {
    if (value.empty()) continue;
    path += sign;
    path += encoded(name) + "=" + encoded(value);
    sign = '&';
  }
  return path;
}

std::string path_segment(std::string_view text) {
  if (text.empty()) throw UsageError("an id is expected, not an empty argument");
  return encoded(text);
}

void print_json(const Json& document) {
  fmt::print("{}\n", document.dump(2, ' ', true, Json::error_handler_t::replace));
}

}  // namespace heliograph::app
