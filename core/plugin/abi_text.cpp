#include "core/plugin/abi_text.h"

#include "core/base/text.h"

namespace heliograph::plugin {
namespace {

bool continues_character(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U; }

std::string replace_foreign_bytes(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char byte : text) {
    const auto code = static_cast<unsigned char>(byte);
    out.push_back(code >= 0x20 && code < 0x7F ? byte : '?');
  }
  return out;
}

}  // namespace

std::string clean_text(std::string_view text, std::size_t bytes_max) {
  if (text.size() > bytes_max) {
    std::size_t end = bytes_max;
    while (end > 0 && continues_character(text[end])) --end;
    text = text.substr(0, end);
  }
  return base::is_utf8(text) ? std::string{text} : replace_foreign_bytes(text);
}

std::string error_text(const hg_error& error, hg_status status) {
  const auto length = std::min<std::size_t>(error.msg_len, HG_ERROR_TEXT_MAX);
  auto text = clean_text(std::string_view{error.msg, length}, HG_ERROR_TEXT_MAX);
  return text.empty() ? std::string{status_name(status)} : text;
}

std::string_view status_name(hg_status status) {
  switch (status) {
    case HG_OK:
      return "HG_OK";
    case HG_PENDING:
      return "HG_PENDING";
    case HG_E_ABI:
      return "HG_E_ABI";
    case HG_E_CONFIG:
      return "HG_E_CONFIG";
    case HG_E_BUSY:
      return "HG_E_BUSY";
    case HG_E_STATE:
      return "HG_E_STATE";
    case HG_E_UNSUPPORTED:
      return "HG_E_UNSUPPORTED";
    case HG_E_IO:
      return "HG_E_IO";
    case HG_E_AUTH:
      return "HG_E_AUTH";
    case HG_E_DEADLINE:
      return "HG_E_DEADLINE";
    case HG_E_CANCELLED:
      return "HG_E_CANCELLED";
    case HG_E_STALE:
      return "HG_E_STALE";
    case HG_E_PANIC:
      return "HG_E_PANIC";
    case HG_E_NOT_FOUND:
      return "HG_E_NOT_FOUND";
    case HG_E_LIMIT:
      return "HG_E_LIMIT";
    default:
      return status < 0 ? "HG_E_INTERNAL" : "an unknown status";
  }
}

}  // namespace heliograph::plugin
