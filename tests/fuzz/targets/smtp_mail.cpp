// Mails: whatever a client writes, no line of it becomes a header or a command, and the mail ends
// where it says.
#include <algorithm>
#include <array>
#include <string>

#include "plugins/providers/smtp/mail.h"
#include "tests/fuzz/target.h"

namespace heliograph::plugins::smtp {
namespace {

constexpr std::string_view kEnd = "\r\n.\r\n";

std::string wire_of(const Mail& mail) {
  MailReader reader(mail.segments);
  std::string wire;
  while (!reader.ended()) {
    const std::string piece = reader.next();
    MUST(!piece.empty() || reader.ended());
    wire += piece;
  }
  return wire;
}

// `unstuffed` lines: CRLF everywhere, no bare CR or LF, no line over 998 (RFC 5321, 4.5.3.1.6).
void check_lines(std::string_view wire, bool international) {
  std::size_t begin = 0;
  std::size_t ends = 0;
  while (begin < wire.size()) {
    const std::size_t end = wire.find("\r\n", begin);
    MUST(end != std::string_view::npos);
    const std::string_view line = wire.substr(begin, end - begin);
    MUST(line.size() <= 999);
    MUST(line.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos);
    if (!international)
      for (const char c : line) MUST(static_cast<unsigned char>(c) < 128);
    if (line == ".") ++ends;
    if (line.starts_with('.') && line != ".") MUST(line.starts_with(".."));
    begin = end + 2;
  }
  MUST(ends == 1 && wire.ends_with(kEnd));
}

void check_head(std::string_view wire) {
  const std::string_view head = wire.substr(0, wire.find("\r\n\r\n"));
  std::size_t fields = 0;
  std::size_t begin = 0;
  while (begin < head.size()) {
    const std::size_t end = std::min(head.find("\r\n", begin), head.size());
    const std::string_view line = head.substr(begin, end - begin);
    if (!line.starts_with(' ') && !line.starts_with('\t')) {
      ++fields;
      const std::string_view name = line.substr(0, line.find(':'));
      MUST(line.contains(':') && name.find_first_of(" \t") == std::string_view::npos);
      MUST(name != "Bcc" && name != "X-Injected");
    }
    begin = end + 2;
  }
  MUST(fields <= 16);
}

}  // namespace

FUZZ_TARGET(smtp_mail) {
  fuzz::Pieces pieces(input);
  const unsigned char choice = pieces.byte();
  const auto next = [&] { return sdk::to_abi(pieces.line()); };
  std::array<hg_part, 2> parts{};
  std::array<hg_kv, 1> headers{};
  hg_message raw{};
  raw.size = sizeof raw;
  raw.channel = HG_CH_EMAIL;
  raw.id = HG_STR("019aa9f0-0000-7000-8000-000000000000");
  raw.to = (choice & 1) != 0 ? next() : HG_STR("to@example.com");
  raw.from = (choice & 2) != 0 ? next() : HG_STR("from@example.com");
  raw.subject = next();
  headers[0] = {HG_STR("x-campaign"), next()};
  raw.headers = headers.data();
  raw.n_headers = 1;
  parts[0].size = sizeof(hg_part);
  parts[0].kind = (choice & 4) != 0 ? HG_PART_ALTERNATIVE : HG_PART_ATTACHMENT;
  parts[0].name = next();
  parts[0].content_type = (choice & 8) != 0 ? next() : HG_STR("text/html");
  parts[0].body = next();
  raw.parts = parts.data();
  raw.n_parts = (choice & 16) != 0 ? 1 : 0;
  raw.body = sdk::to_abi(pieces.rest());

  const MailProfile profile{.from_name = (choice & 32) != 0 ? "Grüße" : "",
                            .metadata_headers = {"x-campaign"}};
  const Composed made =
      compose(sdk::Message(raw), profile, std::chrono::nanoseconds{1'700'000'000'000'000'000});
  if (!made.mail) {
    MUST(!made.error.empty());
    return;
  }
  MUST(made.mail->sender.find_first_of(" \r\n<>") == std::string::npos);
  MUST(made.mail->recipient.find_first_of(" \r\n<>") == std::string::npos);
  const std::string wire = wire_of(*made.mail);
  check_lines(wire, made.mail->international);
  check_head(wire);
}

}  // namespace heliograph::plugins::smtp
