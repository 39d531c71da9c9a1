#include <heliograph/testing/records.hpp>

#include <heliograph/text.hpp>

namespace heliograph::sdk::testing {

std::string_view value_of(const Pairs& pairs, std::string_view name) {
  for (const auto& [key, value] : pairs) {
    if (key == name) return value;
  }
  return {};
}

std::string copy_text(hg_str text) { return std::string(to_view(text)); }

std::vector<std::string> copy_texts(const hg_str* texts, std::size_t n) {
  std::vector<std::string> copy;
  for (std::size_t i = 0; i < n; ++i) copy.push_back(copy_text(texts[i]));
  return copy;
}

Pairs copy_pairs(const hg_kv* pairs, std::size_t n) {
  Pairs copy;
  for (std::size_t i = 0; i < n; ++i) {
    copy.emplace_back(copy_text(pairs[i].key), copy_text(pairs[i].value));
  }
  return copy;
}

SendRecord copy_result(const hg_send_result& raw) {
  return {raw.outcome,
          raw.retry_after_ns,
          raw.segments,
          raw.status_code,
          copy_text(raw.provider_msg_id),
          copy_text(raw.provider_code),
          copy_text(raw.detail),
          copy_texts(raw.part_ids, raw.part_ids == nullptr ? 0 : raw.n_part_ids)};
}

EventRecord copy_event(const hg_event& raw) {
  EventRecord copy{raw.kind,
                   copy_text(raw.provider_msg_id),
                   copy_text(raw.message_id),
                   copy_text(raw.dedup_key),
                   raw.receipt_state,
                   raw.status_code,
                   copy_text(raw.provider_code),
                   copy_text(raw.detail),
                   raw.at_unix_ns,
                   copy_text(raw.raw),
                   {},
                   {},
                   {},
                   0,
                   {},
                   {},
                   {}};
  if (raw.message != nullptr) {
    copy.channel = raw.message->channel;
    copy.subject = copy_text(raw.message->subject);
    for (std::size_t i = 0; i < raw.message->n_parts; ++i) {
      const hg_part& part = *HG_AT(raw.message->parts, i);
      if (part.kind == HG_PART_ALTERNATIVE) copy.html = copy_text(part.body);
      if (part.kind == HG_PART_MEDIA) copy.media.push_back(copy_text(part.url));
    }
    copy.from = copy_text(raw.message->from);
    copy.to = copy_text(raw.message->to);
    copy.body = copy_text(raw.message->body);
  }
  return copy;
}

}  // namespace heliograph::sdk::testing
