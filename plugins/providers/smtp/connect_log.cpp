#include "plugins/providers/smtp/connect_log.h"

#include <string>
#include <utility>

namespace heliograph::plugins::smtp {

namespace {

sdk::SendResult of_transport(CURLcode code) {
  sdk::SendResult result;
  result.outcome = HG_RETRY;
  result.detail = "no connection to the server: ";
  // Texts of libcurl's own, without names or addresses.
  result.detail += curl_easy_strerror(code);
  return result;
}

sdk::SendResult of_trust(std::string_view detail) {
  sdk::SendResult result = sdk::SendResult::refused(detail);
  result.provider_code = "TLS";
  return result;
}

}  // namespace

void ConnectLog::on_command(std::string_view bytes) {
  if (bytes.starts_with("EHLO") || bytes.starts_with("HELO")) {
    step_ = Step::kHello;
  } else if (bytes.starts_with("STARTTLS")) {
    step_ = Step::kStartTls;
  } else if (bytes.starts_with("AUTH")) {
    step_ = Step::kAuth;
  }  // else the continuation of AUTH
  last_ = Reply{};
}

void ConnectLog::on_reply_bytes(std::string_view bytes) {
  replies_.feed(bytes);
  while (std::optional<Reply> reply = replies_.next()) {
    if (step_ == Step::kHello && reply->good()) extensions_ = extensions_of(reply->text);
    last_ = std::move(*reply);
  }
}

sdk::SendResult ConnectLog::failure(CURLcode code) const {
  if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_ISSUER_ERROR) {
    return of_trust("the server's certificate is not trusted, or is another's");
  }
  if (last_.code >= 400) return failure_of(step_, last_, true);
  if (code == CURLE_USE_SSL_FAILED) return of_trust("the server does not offer STARTTLS");
  if (code == CURLE_LOGIN_DENIED) {
    sdk::SendResult result =
        sdk::SendResult::refused("the server offers no way to log in that fits the configuration");
    result.provider_code = "AUTH";
    return result;
  }
  return of_transport(code);
}

}  // namespace heliograph::plugins::smtp
