// Content judge: whether what a message carries - text, subject, HTML, media, attachments - is what
// its channel may carry, and within the limits. What that is, the table of channels says.
//
// Pure; any thread.
#pragma once

#include <expected>

#include "core/model/channel.h"
#include "core/pipeline/intake.h"

namespace heliograph::pipeline {

inline constexpr std::size_t kSubjectMax = 255;      // characters
inline constexpr std::size_t kMediaMax = 10;         // of one message
inline constexpr std::size_t kAttachmentsMax = 10;   // of one message
inline constexpr std::size_t kFileNameMax = 255;     // characters
inline constexpr std::size_t kContentTypeMax = 127;  // characters

// Looks at `text` and `content` of the submission only.
std::expected<void, FieldError> judge_content(const config::Messages& limits,
                                              const model::ChannelInfo& channel,
                                              const Submission& given);

}  // namespace heliograph::pipeline
