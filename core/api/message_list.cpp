#include "core/api/message_list.h"

#include <utility>

#include "core/api/message_json.h"
#include "core/http/await.h"
#include "core/http/problem.h"

namespace heliograph::api {

boost::asio::awaitable<http::Response> answer_list(Call& call, ListKind kind) {
  auto query = read_list_query(call.request, call.client(),
                               call.context.settings.numbers.default_region, kind);
  if (!query) co_return http::problem_response(query.error());
  auto start = [&](ports::Done<ports::MessageList> done) {
    call.ports().queries.list_messages(query->filter, call.executor(), std::move(done));
  };
  const auto page = co_await http::await_done<ports::MessageList>(start);

  JsonWriter json(512 * (page.messages.size() + 1));
  json.begin_object();
  json.begin_array(kind == ListKind::kDeadLetters ? "dead_letters" : "messages");
  for (const model::MessageView& message : page.messages) write_message(json, message);
  json.end_array();
  const auto cursor = next_cursor(page, *query);
  if (cursor) {
    json.text("next_cursor", *cursor);
  } else {
    json.null("next_cursor");
  }
  json.end_object();
  co_return json_response(200, json);
}

}  // namespace heliograph::api
