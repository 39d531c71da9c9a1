// `heliograph messages`: list, show, cancel.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/app/exit_codes.h"
#include "core/app/remote/api_client.h"
#include "core/app/remote/progress.h"
#include "core/app/remote/rendering.h"

namespace heliograph::app {
namespace {

using Json = nlohmann::json;

constexpr std::int64_t kPageMax = 100;  // what the API gives at once

// Pages until there are `limit`, or no more: {<name>: [...], "next_cursor": ...}.
Json read_pages(ApiClient& api, const MessagesListCommand& command, const char* name) {
  const std::string path = command.dead_letters ? "/v1/dead-letters" : "/v1/messages";
  Json found = Json::array();
  Json cursor = command.cursor;
  Progress progress("reading");
  while (true) {
    auto query = command.filters;
    const auto left = command.limit - static_cast<std::int64_t>(found.size());
    query.emplace_back("limit", fmt::to_string(std::min(left, kPageMax)));
    if (cursor.is_string()) query.emplace_back("cursor", cursor.get<std::string>());
    Json page = api.get(with_query(path, query));
    for (Json& message : page[name]) found.push_back(std::move(message));
    cursor = page["next_cursor"];
    progress.tell(fmt::format("{} messages", found.size()));
    if (cursor.is_null() || static_cast<std::int64_t>(found.size()) >= command.limit) break;
  }
  return {{name, std::move(found)}, {"next_cursor", std::move(cursor)}};
}

}  // namespace

int list_messages(const Remote& remote, const MessagesListCommand& command) {
  const char* const name = command.dead_letters ? "dead_letters" : "messages";
  ApiClient api(remote);
  const Json list = read_pages(api, command, name);
  if (remote.json) {
    print_json(list);
    return kExitOk;
  }
  fmt::print("{}", messages_text(list[name]));
  const std::string cursor = member(list, "next_cursor");
  if (!cursor.empty()) fmt::print("There are more: --cursor {}\n", cursor);
  return kExitOk;
}

int show_message(const Remote& remote, const MessageShowCommand& command) {
  const std::string path = "/v1/messages/" + path_segment(command.id);
  ApiClient api(remote);
  const Json message = api.get(path);
  const Json attempts = api.get(path + "/attempts");
  const Json events = api.get(path + "/events");
  if (remote.json) {
    print_json({{"message", message},
                {"attempts", attempts.at("attempts")},
                {"events", events.at("events")}});
  } else {
    fmt::print("{}", story_text(message, attempts.at("attempts"), events.at("events")));
  }
  return kExitOk;
}

int cancel_message(const Remote& remote, const MessageCancelCommand& command) {
  const std::string path = "/v1/messages/" + path_segment(command.id) + "/cancel";
  ApiClient api(remote);
  const Json message = api.post(path, Json::object());
  if (remote.json) {
    print_json(message);
  } else {
    fmt::print("{} {}\n", member(message, "id"), member(message, "status"));
  }
  return kExitOk;
}

}  // namespace heliograph::app
