// InboundIntake: takes what providers report - messages that came in, and receipts beside them -
// and has the store keep it.
//
// It brings addresses into the form in which outgoing messages name them, finds in the
// configuration who has the number a message was sent to, and logs what an operator may ask about
// (parked messages, opt-outs). The owner that a message already has is left alone. Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "core/model/client.h"
#include "core/ports/log.h"
#include "core/ports/store_conversations.h"

namespace heliograph::pipeline {

struct InboundSettings {
  // [[number]]: our numbers and addresses, in the form of model::inbound_address(), and whose they
  // are.
  std::unordered_map<std::string, model::ClientId> numbers;
  std::optional<model::ClientId> default_client;  // inbound.default_client
};

class InboundIntake {
 public:
  // `log` may be nullptr; the others outlive every answer.
  InboundIntake(InboundSettings settings, ports::StoreConversations& store, ports::Log* log);

  // [any thread] One answer, on `where`, once everything is durable (or nothing was taken).
  void take(ports::ProviderReport report, ports::Executor& where,
            ports::Done<ports::ReportResult> done);

  // [any thread] Whose numbers they are, for messages that are taken from now on.
  void apply(InboundSettings settings);

  struct Counts {
    std::uint64_t stored = 0;
    std::uint64_t duplicates = 0;
    std::uint64_t parked = 0;
  };
  Counts counts() const;  // since start

 private:
  std::shared_ptr<const InboundSettings> settings() const;
  static void complete(const InboundSettings& settings, model::InboundMessage& message);
  // `to`: masked, for the log.
  void note(const ports::InboundOutcome& outcome, const std::string& to);

  mutable std::mutex mutex_;
  std::shared_ptr<const InboundSettings> settings_;
  ports::StoreConversations& store_;
  ports::Log* log_;
  std::atomic<std::uint64_t> stored_{0};
  std::atomic<std::uint64_t> duplicates_{0};
  std::atomic<std::uint64_t> parked_{0};
};

}  // namespace heliograph::pipeline
