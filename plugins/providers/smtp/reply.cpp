#include "plugins/providers/smtp/reply.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <utility>

namespace heliograph::plugins::smtp {

namespace {

// RFC 5321 has lines of 512 bytes; real servers are chattier.
constexpr std::size_t kLineMax = 4'096;
constexpr std::size_t kTextMax = 16'384;
constexpr std::size_t kQueueIdMax = 128;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// "5.7.28" at the beginning, followed by a blank, a colon or nothing.
std::string_view enhanced_at(std::string_view text) {
  std::size_t dots = 0;
  std::size_t end = 0;
  for (; end < text.size() && (is_digit(text[end]) || text[end] == '.'); ++end) {
    if (text[end] == '.') ++dots;
  }
  const bool ends = end == text.size() || text[end] == ' ' || text[end] == ':';
  const bool shaped =
      end >= 5 && end <= 9 && dots == 2 && text[1] == '.' && text[end - 1] != '.' && text[2] != '.';
  return ends && shaped && text[0] >= '2' && text[0] <= '5' ? text.substr(0, end)
                                                            : std::string_view{};
}

bool is_id_char(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.' ||
         c == '+' || c == '/';
}

std::string id_at(std::string_view text) {
  const auto end = std::ranges::find_if_not(text, is_id_char);
  std::string_view id = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  while (id.ends_with('.')) id.remove_suffix(1);  // of the sentence
  return id.size() <= kQueueIdMax ? std::string(id) : std::string{};
}

std::string lower(std::string_view text) {
  std::string lowered(text);
  std::ranges::transform(lowered, lowered.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lowered;
}

// The word before " message accepted": Sendmail, OpenSMTPD.
std::string id_before(std::string_view text, std::size_t at) {
  const std::size_t begin = text.substr(0, at).rfind(' ');
  return id_at(text.substr(begin == std::string_view::npos ? 0 : begin + 1));
}

// "Ok 0100018a-...": Amazon SES. A word of the sentence is no id: one has a digit and is long.
std::string id_after_ok(std::string_view text) {
  constexpr std::size_t kShortest = 16;
  const std::string id = id_at(text.substr(std::min<std::size_t>(3, text.size())));
  return id.size() >= kShortest && std::ranges::any_of(id, is_digit) ? id : std::string{};
}

}  // namespace

void ReplyReader::feed(std::string_view bytes) { buffer_ += bytes; }

std::optional<Reply> ReplyReader::next() {
  while (!broken_) {
    const std::size_t end = buffer_.find('\n');
    if (end == std::string::npos) {
      broken_ = buffer_.size() > kLineMax;
      return std::nullopt;
    }
    const std::string line = buffer_.substr(0, end > 0 && buffer_[end - 1] == '\r' ? end - 1 : end);
    buffer_.erase(0, end + 1);
    if (take_line(line)) return std::exchange(reply_, {});
  }
  return std::nullopt;
}

// True: it was the last line of a reply.
bool ReplyReader::take_line(std::string_view line) {
  const bool coded = line.size() >= 3 && std::ranges::all_of(line.substr(0, 3), is_digit) &&
                     (line.size() == 3 || line[3] == ' ' || line[3] == '-');
  const int code = coded ? (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0') : 0;
  const bool another = reply_.code != 0 && reply_.code != code;
  if (code < 200 || code > 599 || another || reply_.text.size() > kTextMax) {
    broken_ = true;
    return false;
  }
  const std::string_view text = line.size() > 4 ? line.substr(4) : std::string_view{};
  const std::string_view enhanced = enhanced_at(text);
  if (reply_.code == 0) reply_.enhanced = enhanced;
  reply_.code = code;
  if (!reply_.text.empty()) reply_.text += '\n';
  const std::string_view words = text.substr(enhanced.size());
  reply_.text += words.substr(std::min(words.find_first_not_of(": "), words.size()));
  return line.size() == 3 || line[3] == ' ';
}

std::string queue_id_of(std::string_view text) {
  // Postfix and many after it; Exim; Exchange.
  constexpr std::array<std::string_view, 3> kBefore{"queued as ", "id=", "internalid="};
  const std::string lowered = lower(text);
  for (const std::string_view mark : kBefore) {
    const std::size_t at = lowered.find(mark);
    if (at != std::string::npos) return id_at(text.substr(at + mark.size()));
  }
  const std::size_t accepted = lowered.find(" message accepted");
  if (accepted != std::string::npos) return id_before(text, accepted);
  return lowered.starts_with("ok ") ? id_after_ok(text) : std::string{};
}

}  // namespace heliograph::plugins::smtp
