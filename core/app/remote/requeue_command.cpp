// `heliograph messages requeue`: dead letters sent again, one by one or page by page.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/app/exit_codes.h"
#include "core/app/output.h"
#include "core/app/remote/api_client.h"
#include "core/app/remote/progress.h"
#include "core/app/remote/rendering.h"

namespace heliograph::app {
namespace {

using Json = nlohmann::json;

// What became of them: as the API says it of a page.
struct Requeued {
  std::uint64_t count = 0;
  Json failed = Json::array();

  bool empty() const { return count == 0 && failed.empty(); }
  std::string text() const { return fmt::format("{} requeued, {} not", count, failed.size()); }
};

Json with_validity(Json body, const MessagesRequeueCommand& command) {
  if (!command.validity.empty()) body["validity"] = command.validity;
  return body;
}

// What is done stays in `all` when an error ends it.
void requeue_named(ApiClient& api, const MessagesRequeueCommand& command, Requeued& all) {
  Progress progress("requeue");
  const Json body = with_validity(Json::object(), command);
  for (const std::string& id : command.ids) {
    try {
      api.post("/v1/dead-letters/" + path_segment(id) + "/requeue", body);
      ++all.count;
    } catch (const GatewayRefused& refused) {
      // Of this message; what concerns all of them (key, credit, arguments) ends the command.
      if (refused.status() != 404 && refused.status() != 409) throw;
      all.failed.push_back({{"id", id}, {"error", refused.what()}});
    }
    progress.tell(all.text());
  }
}

// The gateway looks through a bounded part for each request; its cursor leads on.
void requeue_matching(ApiClient& api, const MessagesRequeueCommand& command, Requeued& all) {
  Progress progress("requeue");
  Json body = with_validity(Json::object(), command);
  for (const auto& [name, value] : command.filters) body[name] = value;
  while (true) {
    const Json page = api.post("/v1/dead-letters/requeue", body);
    all.count += page.at("requeued").get<std::uint64_t>();
    for (const Json& failure : page.at("failed")) all.failed.push_back(failure);
    progress.tell(all.text());
    if (page.at("next_cursor").is_null()) return;
    body["cursor"] = page.at("next_cursor");
  }
}

// `complete`: all that was asked for has been tried.
void tell(const Remote& remote, const Requeued& all, bool complete) {
  if (remote.json) {
    Json document{{"requeued", all.count}, {"failed", all.failed}};
    if (!complete) document["complete"] = false;
    print_json(document);
  } else {
    fmt::print("{}{}\n", all.text(), complete ? "" : ", the rest was not tried");
    for (const Json& failure : all.failed)
      fmt::print("{} {}\n", member(failure, "id"), member(failure, "error"));
  }
  flush_output();  // before what standard error says of the rest
}

}  // namespace

int requeue_messages(const Remote& remote, const MessagesRequeueCommand& command) {
  ApiClient api(remote);
  Requeued all;
  try {
    command.all ? requeue_matching(api, command, all) : requeue_named(api, command, all);
  } catch (const GatewayUnreachable& error) {
    if (!all.empty()) tell(remote, all, false);
    if (!error.may_have_arrived()) throw;
    throw GatewayUnreachable(
        fmt::format("{}\nThe last request may have been carried out: `heliograph messages "
                    "--dead-letters` tells what is left.",
                    error.what()),
        true);
  } catch (const std::exception&) {
    if (!all.empty()) tell(remote, all, false);
    throw;
  }
  tell(remote, all, true);
  return all.failed.empty() ? kExitOk : kExitRuntime;
}

}  // namespace heliograph::app
