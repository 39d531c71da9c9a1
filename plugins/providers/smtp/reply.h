// Replies of an SMTP server: RFC 5321 section 4.2, enhanced status codes of RFC 3463.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace heliograph::plugins::smtp {

struct Reply {
  int code = 0;          // 200 .. 599
  std::string enhanced;  // "5.1.1", empty when the server gives none
  std::string text;      // of all lines, without the codes; may be personal data

  [[nodiscard]] bool good() const noexcept { return code >= 200 && code < 300; }
  [[nodiscard]] bool transient() const noexcept { return code >= 400 && code < 500; }
  [[nodiscard]] bool permanent() const noexcept { return code >= 500; }
};

// Takes the bytes of a connection, gives replies.
class ReplyReader {
 public:
  void feed(std::string_view bytes);
  // The next reply that is complete.
  std::optional<Reply> next();
  // What came is no SMTP, or without bounds: nothing after it can be understood.
  [[nodiscard]] bool broken() const noexcept { return broken_; }

 private:
  bool take_line(std::string_view line);

  std::string buffer_;
  Reply reply_;
  bool broken_ = false;
};

// The id under which the server has queued a mail, from the text of its reply to the end of the
// data; empty when no known server says it so.
std::string queue_id_of(std::string_view text);

}  // namespace heliograph::plugins::smtp
