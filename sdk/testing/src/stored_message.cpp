#include <heliograph/testing/stored_message.hpp>

#include <utility>

#include <heliograph/message.hpp>

namespace heliograph::sdk::testing {

StoredMessage::StoredMessage(MessageSpec spec) : spec_(std::move(spec)) {
  for (const auto& [name, value] : spec_.headers) headers_.push_back(kv(name, value));
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
}

}  // namespace heliograph::sdk::testing
