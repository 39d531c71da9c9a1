#include "plugins/providers/smtp/smtp_provider.h"

#include <curl/curl.h>

#include <algorithm>
#include <utility>

namespace heliograph::plugins::smtp {

namespace {

// 7.87 has CURLOPT_QUICK_EXIT, without which giving up during a look-up blocks.
constexpr unsigned kCurlAtLeast = 0x075700;

// libcurl counts its users; the library stays loaded, so nothing gives this use back.
void start_libcurl() {
  static const CURLcode kStarted = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (kStarted != CURLE_OK) throw sdk::Failure(HG_E_INTERNAL, "libcurl does not start");
  const curl_version_info_data& version = *curl_version_info(CURLVERSION_NOW);
  if (version.version_num < kCurlAtLeast || (version.features & CURL_VERSION_ASYNCHDNS) == 0) {
    throw sdk::Failure(HG_E_UNSUPPORTED,
                       std::string("libcurl 7.87 or later with asynchronous name look-ups is "
                                   "needed, this is ") +
                           version.version);
  }
}

}  // namespace

SmtpProvider::SmtpProvider(sdk::Host host, const sdk::Config& config)
    : host_(host),
      settings_(read_settings(config)),
      opened_(host.counter("connections_opened_total", "Connections made to the mail server")),
      open_(host.gauge("connections", "Connections to the mail server, those in the making too")),
      sweep_(host, [this] { closed_.clear(); }) {
  if (host.extension<hg_fd>(HG_EXT_FD) == nullptr) {
    throw sdk::Failure(HG_E_UNSUPPORTED, "this gateway does not offer " HG_EXT_FD);
  }
}

void SmtpProvider::start() {
  start_libcurl();
  trust_.emplace(settings_.endpoint.ca_file);
}

void SmtpProvider::stop() {
  while (!sessions_.empty()) sessions_.back()->stop();
  sweep_.cancel();
  closed_.clear();
}

sdk::Caps SmtpProvider::caps() const {
  sdk::Caps caps;
  caps.channels = HG_CH_EMAIL;
  caps.max_in_flight = settings_.connections_max;
  return caps;
}

hg_status SmtpProvider::send(const sdk::Outgoing& outgoing, sdk::SendTicket&& ticket) {
  if (sessions_in_use() >= settings_.connections_max) return HG_E_BUSY;
  if (outgoing.message.channel() != HG_CH_EMAIL) {
    ticket.complete(sdk::SendResult::rejected("this provider carries e-mail only"));
    return HG_OK;
  }
  Composed composed = compose(outgoing.message, settings_.profile, host_.unix_time());
  if (!composed.mail) {
    ticket.complete(sdk::SendResult::rejected(composed.error));
    return HG_OK;
  }
  auto job =
      std::make_unique<Job>(Job{std::move(ticket), std::move(*composed.mail), outgoing.deadline});
  Session* const idle = idle_session();
  (idle != nullptr ? *idle : new_session()).take(std::move(job));
  return HG_OK;
}

void SmtpProvider::cancel(hg_op op, hg_status why) {
  for (const auto& session : sessions_) {
    if (session->cancel(op, why)) return;
  }
}

// The one used last: the others grow idle and leave.
Session* SmtpProvider::idle_session() {
  const auto found = std::find_if(sessions_.rbegin(), sessions_.rend(), [](const auto& session) {
    return session->state() == Session::State::kIdle;
  });
  if (found == sessions_.rend()) return nullptr;
  std::rotate(found.base() - 1, found.base(), sessions_.end());
  return sessions_.back().get();
}

Session& SmtpProvider::new_session() {
  opened_.add();
  Session::Owner& owner = *this;
  sessions_.push_back(std::make_unique<Session>(host_, settings_, *trust_, owner));
  open_.add(static_cast<double>(sessions_.size()));
  return *sessions_.back();
}

std::size_t SmtpProvider::sessions_in_use() const {
  return static_cast<std::size_t>(std::ranges::count_if(sessions_, [](const auto& session) {
    return session->state() == Session::State::kConnecting ||
           session->state() == Session::State::kBusy;
  }));
}

void SmtpProvider::on_closed(Session& session) {
  const auto found = std::ranges::find_if(
      sessions_, [&](const auto& candidate) { return candidate.get() == &session; });
  closed_.push_back(std::move(*found));
  sessions_.erase(found);
  open_.add(static_cast<double>(sessions_.size()));
  sweep_.start(host_.now());
}

void SmtpProvider::on_stale(std::unique_ptr<Job> job) { new_session().take(std::move(job)); }

void SmtpProvider::on_connect_result(const sdk::SendResult* why_not) {
  if (why_not == nullptr) {
    if (!last_failure_.empty()) host_.info("the mail server is there again");
    last_failure_.clear();
  } else if (why_not->detail != last_failure_) {
    last_failure_ = why_not->detail;
    host_.warn("no connection to the mail server",
               {{"reason", why_not->detail}, {"code", why_not->provider_code}});
  }
}

}  // namespace heliograph::plugins::smtp
