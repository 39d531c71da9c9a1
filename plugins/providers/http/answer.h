// Reads a provider's answer: the outcome, the provider's id of the message, its own code.
//
// Pure: an answer in, a result out. Thread-safe (immutable).
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <heliograph/http.hpp>
#include <heliograph/send_result.hpp>

#include "plugins/providers/http/classification.h"

namespace heliograph::plugins::http {

struct AnswerRules {
  Classification classification;
  std::vector<std::string> id_pointers;  // RFC 6901, the first that names a text or number counts
  std::string parts_list;                // to an array of parts; "": the answer has none
  std::string part_id;                   // within a part; "": the part itself
  std::string id_header;                 // in lower case; "": none. Where the body has no id
  std::string error_pointer;             // of the provider's own code; "": it has none
  bool code_required = false;            // a 2xx without a readable code is no success
};

class AnswerReader {
 public:
  explicit AnswerReader(AnswerRules rules) : rules_(std::move(rules)) {}

  // Without an answer the progress decides: certainly not sent, or unknown. With one, the
  // provider's own code decides if it is known, else the status. A body that is cut off or no JSON
  // is no doubt about a 2xx (the peer took the message) unless the code is required. `unix_now`
  // dates a Retry-After.
  [[nodiscard]] sdk::SendResult read(const sdk::HttpResponse& response,
                                     std::chrono::nanoseconds unix_now) const;

 private:
  [[nodiscard]] std::string provider_code(const sdk::HttpResponse& response) const;
  [[nodiscard]] std::vector<std::string> part_ids(const sdk::HttpResponse& response) const;
  [[nodiscard]] std::string provider_id(const sdk::HttpResponse& response) const;

  AnswerRules rules_;
};

}  // namespace heliograph::plugins::http
