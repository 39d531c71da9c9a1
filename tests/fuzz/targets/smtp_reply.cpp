// Replies of mail servers.
#include <algorithm>
#include <string>
#include <vector>

#include "plugins/providers/smtp/classification.h"
#include "plugins/providers/smtp/extensions.h"
#include "plugins/providers/smtp/reply.h"
#include "tests/fuzz/target.h"

namespace heliograph::plugins::smtp {
namespace {

struct Heard {
  std::vector<Reply> replies;
  bool broken = false;
};

Heard hear(std::string_view bytes, std::size_t step) {
  Heard heard;
  ReplyReader reader;
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    reader.feed(bytes.substr(at, step));
    while (auto reply = reader.next()) heard.replies.push_back(*std::move(reply));
  }
  heard.broken = reader.broken();
  return heard;
}

}  // namespace

FUZZ_TARGET(smtp_reply) {
  const Heard whole = hear(input, std::max<std::size_t>(1, input.size()));
  const Heard bytewise = hear(input, 1);
  MUST(whole.broken == bytewise.broken);
  MUST(whole.replies.size() == bytewise.replies.size());
  for (std::size_t i = 0; i < whole.replies.size(); ++i) {
    const Reply& reply = whole.replies[i];
    MUST(reply.code == bytewise.replies[i].code && reply.text == bytewise.replies[i].text);
    MUST(reply.enhanced == bytewise.replies[i].enhanced);
    MUST(reply.code >= 200 && reply.code < 600);
    static_cast<void>(extensions_of(reply.text));
    const std::string id = queue_id_of(reply.text);
    MUST(id.empty() || reply.text.contains(id));
    for (const Step step : {Step::kMail, Step::kRecipient, Step::kContent}) {
      if (reply.good()) continue;
      const sdk::SendResult result = failure_of(step, reply, false);
      MUST(result.outcome != HG_SENT);
    }
  }
}

}  // namespace heliograph::plugins::smtp
