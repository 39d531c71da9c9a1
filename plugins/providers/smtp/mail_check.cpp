#include "plugins/providers/smtp/mail_check.h"

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "plugins/providers/smtp/address.h"

namespace heliograph::plugins::smtp {

namespace {

constexpr std::size_t kHeaderNameMax = 70;

bool is_header_name(std::string_view name) {
  return !name.empty() && name.size() <= kHeaderNameMax && std::ranges::all_of(name, [](char c) {
    return c == '-' || c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
           (c >= 'A' && c <= 'Z');
  });
}

std::string fault_of_headers(const sdk::Message& message) {
  for (const hg_kv& header : message.headers()) {
    if (!is_header_name(sdk::to_view(header.key))) {
      return "the name of a header may have letters, digits, - and _ only";
    }
    if (!is_text(sdk::to_view(header.value))) {
      return "the value of a header has control characters or is not UTF-8";
    }
  }
  return {};
}

bool is_type_or_empty(std::string_view type) { return type.empty() || is_content_type(type); }

std::string fault_of_parts(const sdk::Message& message) {
  for (std::size_t i = 0; i < message.part_count(); ++i) {
    const sdk::Part part = message.part(i);
    if (part.kind() != HG_PART_ALTERNATIVE && part.kind() != HG_PART_ATTACHMENT) {
      return "an e-mail cannot carry a part of this kind";
    }
    if (!is_type_or_empty(part.content_type())) return "the content type of a part is not one";
    if (!is_text(part.name())) return "the name of a part has control characters or is not UTF-8";
  }
  return {};
}

}  // namespace

std::string fault_of(const sdk::Message& message) {
  if (form_of_address(message.from()) == AddressForm::kInvalid) {
    return "from is not an e-mail address";
  }
  if (form_of_address(message.to()) == AddressForm::kInvalid) {
    return "to is not an e-mail address";
  }
  if (!is_text(message.subject())) return "subject has control characters or is not UTF-8";
  const std::string_view type = message.content_type();
  if (!is_type_or_empty(type) || (!type.empty() && !type.starts_with("text/"))) {
    return "the content type of the body is not one of text";
  }
  std::string fault = fault_of_headers(message);
  return fault.empty() ? fault_of_parts(message) : fault;
}

}  // namespace heliograph::plugins::smtp
