// WebhookUrlRules: what may be given as the URL of a callback. Immutable; thread-safe.
//
// Says early what would fail at every delivery. A name is not looked up here: that is checked when
// a connection is made, each time anew.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace heliograph::http {

class AddressPolicy;

class WebhookUrlRules {
 public:
  // Throws std::runtime_error naming an entry that is neither an address nor a CIDR.
  WebhookUrlRules(const std::vector<std::string>& allow_cidrs, bool allow_http);
  ~WebhookUrlRules();

  // What is wrong with `url`, as a sentence; nullopt: nothing.
  std::optional<std::string> fault(std::string_view url) const;

 private:
  std::unique_ptr<const AddressPolicy> addresses_;
  bool allow_http_;
};

}  // namespace heliograph::http
