#include "core/pipeline/content_judge.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "core/base/text.h"
#include "core/model/addresses.h"
#include "core/model/segments.h"

namespace heliograph::pipeline {
namespace {

using Judgement = std::expected<void, FieldError>;

std::unexpected<FieldError> wrong(std::string pointer, std::string detail) {
  return std::unexpected(FieldError{std::move(pointer), std::move(detail)});
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

// One line of well-formed UTF-8 with at most `max` characters.
bool is_line(std::string_view text, std::size_t max) {
  return base::is_utf8(text) && std::ranges::none_of(text, is_control) &&
         model::count_characters(text) <= max;
}

// "image/png", "text/plain; charset=utf-8": two tokens (RFC 9110, 8.3.1), and behind a semicolon
// whatever cannot leave a header's line.
bool is_content_type(std::string_view text) {
  constexpr std::string_view kSymbols = "!#$&^_.+-";  // RFC 6838, 4.2
  const auto is_name = [&](std::string_view name) {
    return !name.empty() && std::ranges::all_of(name, [&](char c) {
      const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
      return letter || (c >= '0' && c <= '9') || kSymbols.find(c) != std::string_view::npos;
    });
  };
  if (text.size() > kContentTypeMax) return false;
  if (!std::ranges::all_of(text, [](char c) { return c >= ' ' && c < 0x7f; })) return false;
  const std::string_view essence = base::trim(text.substr(0, text.find(';')));
  const std::size_t slash = essence.find('/');
  return slash != std::string_view::npos && is_name(essence.substr(0, slash)) &&
         is_name(essence.substr(slash + 1));
}

class ContentJudge {
 public:
  ContentJudge(const config::Messages& limits, const model::ChannelInfo& channel,
               const Submission& given)
      : limits_(limits), channel_(channel), text_(given.text), content_(given.content) {}

  Judgement run() const {
    using Step = Judgement (ContentJudge::*)() const;
    for (const Step step :
         {&ContentJudge::carried, &ContentJudge::enough, &ContentJudge::text, &ContentJudge::lines,
          &ContentJudge::media, &ContentJudge::attachments, &ContentJudge::size}) {
      if (Judgement verdict = (this->*step)(); !verdict) return verdict;
    }
    return {};
  }

 private:
  bool has(model::ContentField field) const {
    switch (field) {
      case model::kFieldText:
        return !text_.empty();
      case model::kFieldSubject:
        return !content_.subject.empty();
      case model::kFieldHtml:
        return !content_.html.empty();
      case model::kFieldMedia:
        return !content_.media.empty();
      case model::kFieldAttachments:
        return !content_.attachments.empty();
    }
    return false;
  }

  Judgement carried() const {
    for (const model::ContentField field :
         {model::kFieldText, model::kFieldSubject, model::kFieldHtml, model::kFieldMedia,
          model::kFieldAttachments}) {
      if (!has(field) || channel_.may_carry(field)) continue;
      return wrong(
          fmt::format("/{}", to_string(field)),
          fmt::format("A message of the channel {} has no {}.", channel_.name, to_string(field)));
    }
    return {};
  }

  Judgement enough() const {
    for (const model::ContentField field :
         {model::kFieldText, model::kFieldHtml, model::kFieldMedia}) {
      if ((channel_.needs_any & field) != 0 && has(field)) return {};
    }
    return wrong("/text",
                 fmt::format("There is nothing to send: a message of the channel {} needs {}.",
                             channel_.name, model::list_fields(channel_.needs_any)));
  }

  Judgement text() const {
    if (!base::is_utf8(text_)) return wrong("/text", "The text is not well-formed UTF-8.");
    if (channel_.text_limit != model::TextLimit::kTextMax) return {};
    const std::size_t characters = model::count_characters(text_);
    if (characters <= limits_.text_max) return {};
    return wrong("/text", fmt::format("The text has {} characters; at most {} are allowed.",
                                      characters, limits_.text_max));
  }

  Judgement lines() const {
    if (!is_line(content_.subject, kSubjectMax)) {
      return wrong("/subject",
                   fmt::format("A subject is one line of at most {} characters without control "
                               "characters.",
                               kSubjectMax));
    }
    if (!base::is_utf8(content_.html)) return wrong("/html", "The HTML is not well-formed UTF-8.");
    return {};
  }

  Judgement media() const {
    if (content_.media.size() > kMediaMax) {
      return wrong("/media", fmt::format("At most {} media are allowed.", kMediaMax));
    }
    for (std::size_t i = 0; i < content_.media.size(); ++i) {
      if (model::is_web_address(content_.media[i].url)) continue;
      return wrong(fmt::format("/media/{}", i),
                   "This is not an absolute http or https URL of at most 2048 characters, without "
                   "credentials and fragment.");
    }
    return {};
  }

  Judgement attachments() const {
    if (content_.attachments.size() > kAttachmentsMax) {
      return wrong("/attachments",
                   fmt::format("At most {} attachments are allowed.", kAttachmentsMax));
    }
    for (std::size_t i = 0; i < content_.attachments.size(); ++i) {
      const model::Attachment& attachment = content_.attachments[i];
      if (attachment.name.empty() || !is_line(attachment.name, kFileNameMax) ||
          attachment.name.find_first_of("/\\") != std::string::npos) {
        return wrong(fmt::format("/attachments/{}/filename", i),
                     fmt::format("A file name has 1 to {} characters, no control characters and no "
                                 "slashes.",
                                 kFileNameMax));
      }
      if (!is_content_type(attachment.content_type)) {
        return wrong(fmt::format("/attachments/{}/content_type", i),
                     "This is not a content type such as \"image/png\".");
      }
    }
    return {};
  }

  // One bound for all that makes a message large, so that one number says what it can cost.
  Judgement size() const {
    const bool text_counts = channel_.text_limit == model::TextLimit::kContentMax;
    std::size_t bytes = content_.html.size() + (text_counts ? text_.size() : 0);
    for (const model::Attachment& attachment : content_.attachments) {
      bytes += attachment.bytes.size();
    }
    if (bytes <= limits_.content_max) return {};
    const model::ContentField largest = has(model::kFieldAttachments) ? model::kFieldAttachments
                                        : has(model::kFieldHtml)      ? model::kFieldHtml
                                                                      : model::kFieldText;
    return wrong(fmt::format("/{}", to_string(largest)),
                 fmt::format("Text, HTML and attachments have {} bytes together; at most {} are "
                             "allowed.",
                             bytes, limits_.content_max));
  }

  const config::Messages& limits_;
  const model::ChannelInfo& channel_;
  const std::string& text_;
  const model::Content& content_;
};

}  // namespace

std::expected<void, FieldError> judge_content(const config::Messages& limits,
                                              const model::ChannelInfo& channel,
                                              const Submission& given) {
  return ContentJudge(limits, channel, given).run();
}

}  // namespace heliograph::pipeline
