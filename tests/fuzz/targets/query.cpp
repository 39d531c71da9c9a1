// Queries of lists, native and in the words of the replaced systems.
#include <string>

#include "core/api/facades/messaging/conversation_reader.h"
#include "core/api/facades/messaging/list_query.h"
#include "core/api/facades/twillow/request_query.h"
#include "core/api/list_query.h"
#include "core/api/page_query.h"
#include "core/http/target.h"
#include "tests/fuzz/target.h"

namespace heliograph::api {

FUZZ_TARGET(query) {
  const auto pairs = http::parse_query(input);
  if (!pairs) return;
  http::Request request;
  request.query = *pairs;
  model::Client client;
  for (const ListKind kind : {ListKind::kMessages, ListKind::kDeadLetters}) {
    const auto query = read_list_query(request, client, "US", kind);
    if (query) {
      MUST(query->filter.limit >= 1 && query->filter.limit <= kPageMax);
      MUST(query->filter.before_row >= 0);
    } else {
      MUST(query.error().status == 400 && !query.error().detail.empty());
    }
  }
  const auto page = read_page_query(request, "fuzz", {"state"});
  if (page) MUST(page->limit >= 1 && page->limit <= 100 && page->before_row >= 0);
  const auto listed = messaging::read_list_query(request);
  if (listed) {
    MUST(listed->limit >= 1 && listed->limit <= messaging::ListQuery::kLimitMax);
    MUST(listed->offset <= messaging::ListQuery::kOffsetMax);
  } else {
    MUST(listed.error().status == 422);
  }
  const auto threads = messaging::read_conversation_query(request);
  if (!threads) MUST(threads.error().status == 422);
  const auto asked = twillow::read_request_query(request);
  if (asked) {
    MUST(asked->limit >= 1 && asked->limit <= 1'000);
  } else {
    MUST(asked.error().status == 400 || asked.error().status == 422);
  }
}

}  // namespace heliograph::api
