// What a fake host remembers of an instance's doings, copied so that tests can read it at leisure.
#pragma once

#include <heliograph/abi/abi.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace heliograph::sdk::testing {

using Pairs = std::vector<std::pair<std::string, std::string>>;

// The value of the first pair of that name, "" when there is none.
std::string_view value_of(const Pairs& pairs, std::string_view name);

struct LogLine {
  std::uint32_t level = HG_LOG_INFO;
  std::string text;
  Pairs fields;
};

struct MetricRecord {
  std::uint32_t kind = HG_METRIC_COUNTER;
  std::string name;
  Pairs labels;
  double value = 0;  // sum of a counter, last of a gauge, last of a histogram
  std::size_t updates = 0;
};

// An hg_send_result.
struct SendRecord {
  std::uint32_t outcome = HG_UNKNOWN;
  std::uint64_t retry_after_ns = 0;
  std::uint32_t segments = 0;
  std::int32_t status_code = 0;
  std::string provider_msg_id;
  std::string provider_code;
  std::string detail;
  std::vector<std::string> part_ids{};
};

// How a step of the life cycle ended.
struct StepRecord {
  hg_status status = HG_OK;
  std::string text;
};

// An hg_event.
struct EventRecord {
  std::uint32_t kind = 0;
  std::string provider_msg_id;
  std::string message_id;
  std::string dedup_key;
  std::uint32_t receipt_state = HG_RCPT_UNKNOWN;
  std::int32_t status_code = 0;
  std::string provider_code;
  std::string detail;
  std::int64_t at_unix_ns = 0;
  std::string raw;
  std::string from;  // of an inbound message, as is all below
  std::string to;
  std::string body;
  std::uint32_t channel = 0;
  std::string subject;
  std::string html;
  std::vector<std::string> media;  // URLs
};

Pairs copy_pairs(const hg_kv* pairs, std::size_t n);
SendRecord copy_result(const hg_send_result& raw);
EventRecord copy_event(const hg_event& raw);
std::string copy_text(hg_str text);
std::vector<std::string> copy_texts(const hg_str* texts, std::size_t n);

}  // namespace heliograph::sdk::testing
