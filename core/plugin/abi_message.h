// Conversions between the model and the ABI's structs for messages and results.
#pragma once

#include <heliograph/abi/abi.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/attempt.h"
#include "core/model/message.h"
#include "core/plugin/abi_content.h"

namespace heliograph::plugin {

// A message with everything that its views point to. Not moved while the plugin has it. Kept for
// reuse: its strings keep their memory.
struct AbiMessage {
  hg_message view{};
  std::string id;
  std::string idempotency_key;
  std::string from;
  std::string to;
  std::string text;
  std::vector<std::pair<std::string, std::string>> metadata;
  std::vector<hg_kv> headers;
  AbiContent content;

  AbiMessage() = default;
  AbiMessage(const AbiMessage&) = delete;
  AbiMessage& operator=(const AbiMessage&) = delete;
  // The client's metadata becomes headers, names prefixed "x-". The idempotency key is the same in
  // every send of a cycle, and over all cycles of a possible duplicate. `packed` is the content of
  // a rich item. False: it is not intact, so the message must not be sent.
  [[nodiscard]] bool fill(const model::WorkItem& item, std::string_view packed);
};

// Views of the item's own strings: valid as long as the item and `id` are, for one call.
hg_message borrow_message(const model::WorkItem& item, const std::string& id);

model::AttemptResult to_model(const hg_send_result& result);

// Our id in what a peer echoes: the id itself, or an idempotency key.
std::optional<model::MessageId> echoed_id(std::string_view text);

}  // namespace heliograph::plugin
