#include "core/api/access_log.h"

#include <fmt/format.h>

namespace heliograph::api {

AccessLine::AccessLine(ports::Log* log, std::string_view pattern, const http::Request& request)
    : log_(log != nullptr && log->enabled(ports::LogLevel::kDebug) ? log : nullptr),
      pattern_(pattern),
      request_(request) {
  if (log_ != nullptr) begun_ = std::chrono::steady_clock::now();
}

void AccessLine::write(const http::Response& response) const {
  if (log_ == nullptr) return;
  const std::chrono::duration<double, std::milli> taken = std::chrono::steady_clock::now() - begun_;
  log_->debug("request", {{"method", http::to_string(request_.method)},
                          {"route", pattern_},
                          {"status", fmt::to_string(response.status)},
                          {"ms", fmt::format("{:.3f}", taken.count())},
                          {"bytes", fmt::to_string(response.body.size())},
                          {"client", client_.empty() ? "-" : std::string_view(client_)},
                          {"request", request_.request_id}});
}

void log_unrouted(ports::Log& log, const http::Request& request, const http::Response& response) {
  if (!log.enabled(ports::LogLevel::kDebug)) return;
  log.debug("request",
            {{"method", http::to_string(request.method)},
             {"route", "-"},
             {"status", fmt::to_string(response.status)},
             {"bytes", fmt::to_string(response.body.size())},
             {"client", "-"},
             {"request", request.request_id.empty() ? "-" : std::string_view(request.request_id)}});
}

}  // namespace heliograph::api
