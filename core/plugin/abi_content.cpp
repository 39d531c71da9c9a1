#include "core/plugin/abi_content.h"

#include <utility>

#include "core/plugin/abi_text.h"

namespace heliograph::plugin {
namespace {

constexpr std::string_view kHtmlType = "text/html; charset=utf-8";

hg_part part_of(std::uint32_t kind) {
  hg_part part{};
  part.size = sizeof part;
  part.kind = kind;
  return part;
}

}  // namespace

bool AbiContent::fill(std::string_view packed, hg_message& message) {
  clear();
  auto content = model::unpack(packed);
  if (!content) return false;
  content_ = *std::move(content);
  if (!content_.html.empty()) {
    hg_part& part = parts_.emplace_back(part_of(HG_PART_ALTERNATIVE));
    part.content_type = to_abi(kHtmlType);
    part.body = to_abi(content_.html);
  }
  for (const model::Media& media : content_.media) {
    hg_part& part = parts_.emplace_back(part_of(HG_PART_MEDIA));
    part.content_type = to_abi(media.content_type);
    part.url = to_abi(media.url);
  }
  for (const model::Attachment& attachment : content_.attachments) {
    hg_part& part = parts_.emplace_back(part_of(HG_PART_ATTACHMENT));
    part.content_type = to_abi(attachment.content_type);
    part.name = to_abi(attachment.name);
    part.body = to_abi(attachment.bytes);
  }
  message.subject = to_abi(content_.subject);
  message.parts = parts_.data();
  message.n_parts = parts_.size();
  return true;
}

void AbiContent::clear() {
  if (content_.empty()) return;
  model::Content nothing;
  std::swap(content_, nothing);
  std::vector<hg_part>().swap(parts_);
}

}  // namespace heliograph::plugin
