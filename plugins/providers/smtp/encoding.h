// Content-transfer encodings of RFC 2045, a piece at a time: an attachment is encoded while it is
// written, so that no call takes longer for a larger mail.
//
// [any thread] Each object belongs to one mail. The input is a view that must outlive it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace heliograph::plugins::smtp {

// Base64 without line breaks; for header fields.
std::string base64_of(std::string_view bytes);

// Section 6.8: lines of 76 characters, the last one ended too.
class Base64Lines {
 public:
  explicit Base64Lines(std::string_view input) : left_(input) {}

  // Appends what about `input_max` bytes become. False: nothing is left.
  bool append(std::string& out, std::size_t input_max);

  // Bytes that append() makes of an input of that size.
  static std::size_t size_of(std::size_t input);

 private:
  std::string_view left_;
};

// Section 6.7, for text: each of CRLF, CR and LF becomes a CRLF, no line is longer than 76.
class QuotedPrintable {
 public:
  explicit QuotedPrintable(std::string_view input) : left_(input) {}

  bool append(std::string& out, std::size_t input_max);

 private:
  void put(std::string& out, std::string_view token);
  bool ends_line(std::size_t at) const;

  std::string_view left_;
  std::size_t column_ = 0;
};

}  // namespace heliograph::plugins::smtp
