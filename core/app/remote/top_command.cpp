// `heliograph top`: the admin API asked every second.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "core/app/exit_codes.h"
#include "core/app/output.h"
#include "core/app/remote/api_client.h"
#include "core/app/remote/rendering.h"
#include "core/app/remote/screen.h"
#include "core/app/remote/top_view.h"
#include "core/base/time_text.h"

namespace heliograph::app {
namespace {

using Clock = std::chrono::steady_clock;
using Json = nlohmann::json;

constexpr std::chrono::seconds kPatience{2};  // for one answer: a key waits as long
constexpr int kDeadLetters = 8;               // shown
constexpr unsigned kForbidden = 403;
// After a refusal that passes: looking on every 100 ms would keep a limit of requests exceeded.
constexpr std::chrono::seconds kRest{1};

// Null where the key may not.
Json get_if_allowed(ApiClient& api, const std::string& target) {
  try {
    return api.get(target, kPatience);
  } catch (const GatewayRefused& refused) {
    if (refused.status() != kForbidden) throw;
    return nullptr;
  }
}

TopLook look(ApiClient& api) {
  TopLook made;
  made.providers = api.get("/v1/admin/providers", kPatience);
  made.queue = api.get("/v1/admin/queue", kPatience);
  made.limits = api.get("/v1/admin/limits", kPatience);
  made.distribution = api.get("/v1/admin/distribution", kPatience);
  made.at = Clock::now();
  made.messages = get_if_allowed(api, "/v1/messages?limit=100");
  made.dead_letters = get_if_allowed(api, fmt::format("/v1/dead-letters?limit={}", kDeadLetters));
  return made;
}

Json document(const ApiClient& api, const TopLook& now, const TopLook* before) {
  Json made = top_document(now, before);
  made["url"] = api.url();
  made["at"] = base::format_rfc3339(
      std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()));
  return made;
}

int once(ApiClient& api, const Remote& remote, std::chrono::milliseconds interval) {
  const TopLook before = look(api);
  std::this_thread::sleep_for(interval);
  const TopLook now = look(api);
  const Json made = document(api, now, &before);
  if (remote.json) {
    print_json(made);
  } else {
    fmt::print("{}", top_text(made, 0, 0));
  }
  return kExitOk;
}

// Too many requests, or a gateway (or what stands before it) that cannot answer just now.
bool passes(const GatewayRefused& refused) {
  return refused.status() == 429 || refused.status() >= 500;
}

// One block after another, for a file or a pipe; ends with its reader.
int plain(ApiClient& api, std::chrono::milliseconds interval) {
  std::optional<TopLook> before;
  while (true) {
    std::chrono::milliseconds rest = interval;
    try {
      TopLook now = look(api);
      const bool told =
          !before || print_while_read(top_text(document(api, now, &*before), 0, 0) + "\n");
      if (!told) return kExitOk;
      before = std::move(now);
    } catch (const GatewayRefused& refused) {
      if (!passes(refused)) throw;
      before.reset();
      fmt::print(stderr, "heliograph: {}\n", refused.what());
      rest = std::max(rest, std::chrono::milliseconds{kRest});
    }
    std::this_thread::sleep_for(rest);
  }
}

int live(ApiClient& api, std::chrono::milliseconds interval) {
  std::optional<TopLook> before;
  Json shown;
  std::string trouble;
  Screen screen;
  auto next = Clock::now();
  while (true) {
    std::chrono::milliseconds rest = interval;
    try {
      TopLook now = look(api);
      shown = document(api, now, before ? &*before : nullptr);
      before = std::move(now);
      trouble.clear();
    } catch (const GatewayUnreachable& error) {
      before.reset();  // a gateway that comes back counts from nothing
      trouble = error.what();
    } catch (const GatewayRefused& refused) {
      if (!passes(refused)) throw;
      before.reset();
      trouble = refused.what();
      rest = std::max(rest, std::chrono::milliseconds{kRest});
    }
    next = std::max(next + rest, Clock::now());
    auto event = Screen::Event::kRedraw;
    while (event == Screen::Event::kRedraw) {
      const std::size_t rows = screen.rows() - 1;  // the last one is for help or trouble
      std::string text = shown.is_null() ? "\n" : top_text(shown, screen.columns(), rows);
      text += printable(trouble.empty() ? "q quits" : trouble).substr(0, screen.columns());
      screen.show(text);
      event = screen.wait_until(next);
    }
    if (event == Screen::Event::kQuit) return kExitOk;
  }
}

}  // namespace

int show_top(const Remote& remote, const TopCommand& command) {
  ApiClient api(remote);
  const std::chrono::milliseconds interval{command.interval_ms};
  if (command.once || remote.json) return once(api, remote, interval);
  return Screen::possible() ? live(api, interval) : plain(api, interval);
}

}  // namespace heliograph::app
