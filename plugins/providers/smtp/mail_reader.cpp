#include <utility>

#include "plugins/providers/smtp/mail.h"

namespace heliograph::plugins::smtp {

namespace {

// Encoding these takes some ten microseconds, within the strand's millisecond.
constexpr std::size_t kInputMax = 16 * 1024;

}  // namespace

// Small mails leave in one piece, which is one packet or two.
std::string MailReader::next() {
  std::string out;
  while (out.size() < kInputMax && segment_ < segments_.size()) {
    std::string piece;
    const bool stuffed = segments_[segment_].form != Segment::Form::kBase64;
    if (!encode_some(piece)) ++segment_;
    if (stuffed) stuff(piece);
    out += piece;
  }
  if (segment_ == segments_.size() && !ended_) {
    ended_ = true;
    out += ".\r\n";
  }
  return out;
}

// False: the segment is at its end.
bool MailReader::encode_some(std::string& out) {
  const Segment& segment = segments_[segment_];
  bool more = false;
  switch (segment.form) {
    case Segment::Form::kText:
      out = segment.text;
      return false;
    case Segment::Form::kQuotedPrintable:
      if (!quoted_) quoted_.emplace(segment.content);
      more = quoted_->append(out, kInputMax);
      if (!more) quoted_.reset();
      return more;
    case Segment::Form::kBase64:
      if (!base64_) base64_.emplace(segment.content);
      more = base64_->append(out, kInputMax);
      if (!more) base64_.reset();
      return more;
  }
  return false;
}

void MailReader::stuff(std::string& text) {
  std::string stuffed;
  stuffed.reserve(text.size() + 16);
  for (const char c : text) {
    if (line_begins_ && c == '.') stuffed += '.';
    stuffed += c;
    line_begins_ = c == '\n';
  }
  text = std::move(stuffed);
}

}  // namespace heliograph::plugins::smtp
