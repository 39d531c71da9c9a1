#include <heliograph/testing/stored_message.hpp>

#include <utility>

#include <heliograph/message.hpp>

namespace heliograph::sdk::testing {

StoredMessage::StoredMessage(MessageSpec spec) : spec_(std::move(spec)) {
  for (const auto& [name, value] : spec_.headers) headers_.push_back(kv(name, value));
  for (const PartSpec& part : spec_.parts) {
    parts_.push_back({.size = sizeof(hg_part),
                      .kind = part.kind,
                      .content_type = to_abi(part.content_type),
                      .name = to_abi(part.name),
                      .url = to_abi(part.url),
                      .body = to_abi(part.body)});
  }
  raw_.size = sizeof(raw_);
  raw_.channel = spec_.channel;
  raw_.id = to_abi(spec_.id);
  raw_.idempotency_key = to_abi(spec_.idempotency_key);
  raw_.from = to_abi(spec_.from);
  raw_.to = to_abi(spec_.to);
  raw_.subject = to_abi(spec_.subject);
  raw_.content_type = to_abi(spec_.content_type);
  raw_.body = to_abi(spec_.body);
  raw_.headers = headers_.data();
  raw_.n_headers = headers_.size();
  raw_.parts = parts_.data();
  raw_.n_parts = parts_.size();
}

}  // namespace heliograph::sdk::testing
