#include "plugins/limiters/redis/greeting.h"

#include "plugins/limiters/redis/scripts.h"

namespace heliograph::plugins::redis {

std::string_view text_of(Script script) {
  switch (script) {
    case Script::kAcquire:
      return kAcquireLua;
    case Script::kRefund:
      return kRefundLua;
    case Script::kExchange:
      break;
  }
  return kExchangeLua;
}

std::vector<Words> greeting(const Url& url) {
  std::vector<Words> list;
  if (!url.password.empty()) {
    Words auth{"AUTH"};
    if (!url.user.empty()) auth.push_back(url.user);  // Redis 6 and later know users
    auth.push_back(url.password);
    list.push_back(std::move(auth));
  }
  if (url.database != 0) list.push_back({"SELECT", std::to_string(url.database)});
  list.push_back({"INFO", "server"});
  for (std::size_t i = 0; i < kScripts; ++i) {
    list.push_back({"SCRIPT", "LOAD", std::string(text_of(static_cast<Script>(i)))});
  }
  return list;
}

std::string run_id_of(std::string_view info) {
  constexpr std::string_view kName = "run_id:";
  const std::size_t at = info.find(kName);
  if (at == std::string_view::npos) return "?";
  const std::string_view rest = info.substr(at + kName.size());
  const std::string_view id = rest.substr(0, rest.find_first_of("\r\n "));
  return id.empty() ? "?" : std::string(id);
}

}  // namespace heliograph::plugins::redis
