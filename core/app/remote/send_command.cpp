// `heliograph send`.
#include <fmt/format.h>
#include <unistd.h>

#include <fstream>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "core/app/exit_codes.h"
#include "core/app/remote/api_client.h"
#include "core/app/remote/rendering.h"
#include "core/base/text.h"

namespace heliograph::app {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kContentMax = 4 * 1024 * 1024;  // more than any gateway takes
constexpr std::chrono::seconds kAnswerTimeout{30};    // besides the time to wait

std::string read_all(std::istream& in, const std::string& name) {
  std::string content;
  char block[65536];
  while (in.read(block, sizeof block), in.gcount() > 0) {
    content.append(block, static_cast<std::size_t>(in.gcount()));
    if (content.size() > kContentMax) throw UsageError(fmt::format("{}: over 4 MiB", name));
  }
  if (in.bad()) throw UsageError(fmt::format("{}: cannot be read", name));
  return content;
}

std::string file_content(const char* option, const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw UsageError(fmt::format("{} {}: cannot be read", option, path));
  return read_all(file, fmt::format("{} {}", option, path));
}

// One line end is what an editor or echo has put there.
std::string without_line_end(std::string text) {
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  return text;
}

std::string text_of(const SendCommand& command) {
  if (command.text) return *command.text;
  const bool from_file = !command.file.empty() && command.file != "-";
  if (from_file) return without_line_end(file_content("--file", command.file));
  const bool other_content = !command.media.empty() || !command.html_file.empty();
  if (command.file.empty() && other_content) return {};
  if (command.file.empty() && ::isatty(STDIN_FILENO) != 0)
    throw UsageError("no text: --text, --file, or text on standard input is expected");
  return without_line_end(read_all(std::cin, "standard input"));
}

void put(Json& body, const char* name, const char* option, const std::string& value) {
  if (value.empty()) return;
  if (!base::is_utf8(value)) throw UsageError(fmt::format("{}: not UTF-8", option));
  body[name] = value;
}

Json metadata_of(const std::vector<std::string>& pairs) {
  Json metadata = Json::object();
  for (const std::string& pair : pairs) {
    const auto equals = pair.find('=');
    if (equals == std::string::npos || equals == 0)
      throw UsageError(fmt::format("--metadata '{}': NAME=VALUE is expected", pair));
    if (!base::is_utf8(pair)) throw UsageError("--metadata: not UTF-8");
    const std::string name = pair.substr(0, equals);
    if (metadata.contains(name))
      throw UsageError(fmt::format("--metadata: '{}' is there twice", name));
    metadata[name] = pair.substr(equals + 1);
  }
  return metadata;
}

Json body_of(const SendCommand& command) {
  Json body = Json::object();
  put(body, "to", "--to", command.to);
  put(body, "from", "--from", command.from);
  put(body, "text", "the text", text_of(command));
  put(body, "channel", "--channel", command.channel);
  put(body, "subject", "--subject", command.subject);
  if (!command.html_file.empty())
    put(body, "html", "--html-file", file_content("--html-file", command.html_file));
  for (const std::string& url : command.media) {
    if (!base::is_utf8(url)) throw UsageError("--media: not UTF-8");
  }
  if (!command.media.empty()) body["media"] = command.media;
  put(body, "priority", "--priority", command.priority);
  put(body, "provider", "--provider", command.provider);
  put(body, "send_at", "--send-at", command.send_at);
  put(body, "validity", "--validity", command.validity);
  put(body, "client_reference", "--reference", command.reference);
  put(body, "callback_url", "--callback-url", command.callback_url);
  if (!command.metadata.empty()) body["metadata"] = metadata_of(command.metadata);
  return body;
}

// Over, and nobody has it: a script that waited wants to know.
bool ended_badly(const std::string& status) {
  return status == "FAILED_PERM" || status == "EXPIRED" || status == "CANCELLED" ||
         status == "UNKNOWN";
}

}  // namespace

int send_message(const Remote& remote, const SendCommand& command) {
  for (const char c : command.idempotency_key) {
    if (c < ' ' || c > '~') throw UsageError("--idempotency-key: printable ASCII is expected");
  }
  const Json body = body_of(command);
  ApiClient api(remote);
  HeaderList headers;
  if (!command.idempotency_key.empty())
    headers.emplace_back("Idempotency-Key", command.idempotency_key);
  if (command.wait) headers.emplace_back("Prefer", fmt::format("wait={}", *command.wait));
  const std::chrono::seconds timeout =
      kAnswerTimeout + std::chrono::seconds{command.wait.value_or(0)};
  const Json answer = api.post("/v1/messages", body, headers, timeout);
  const std::string status = member(answer, "status");
  if (remote.json) {
    print_json(answer);
  } else {
    const std::string provider = member(answer, "provider");
    const std::string reason = member(answer, "reason");
    fmt::print("{} {}{}{}\n", member(answer, "message_id"), status,
               reason.empty() ? "" : " (" + reason + ")",
               provider.empty() ? "" : " through " + provider);
  }
  return command.wait && ended_badly(status) ? kExitRuntime : kExitOk;
}

}  // namespace heliograph::app
