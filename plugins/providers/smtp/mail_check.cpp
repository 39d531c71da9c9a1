#include "plugins/providers/smtp/mail_check.h"

#include <cstddef>
#include <string_view>

#include "plugins/providers/smtp/address.h"

namespace heliograph::plugins::smtp {

namespace {

std::string fault_of_headers(const sdk::Message& message, const MailProfile& profile) {
  for (const hg_kv& header : message.headers()) {
    if (profile.shows(sdk::to_view(header.key)) && !is_text(sdk::to_view(header.value))) {
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

std::string fault_of(const sdk::Message& message, const MailProfile& profile) {
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
  std::string fault = fault_of_headers(message, profile);
  return fault.empty() ? fault_of_parts(message) : fault;
}

}  // namespace heliograph::plugins::smtp
