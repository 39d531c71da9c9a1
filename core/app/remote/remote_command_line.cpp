// What `heliograph send` and `heliograph messages` are told.
#include <CLI/CLI.hpp>
#include <memory>

#include "core/app/remote/remote_commands.h"
#include "core/base/text.h"

namespace heliograph::app {
namespace {

using Filters = std::vector<std::pair<std::string, std::string>>;

// All that is said goes into JSON or a URL; the name of a file may be anything.
void require_utf8(const CLI::App& command) {
  for (const CLI::Option* option : command.get_options()) {
    if (option->get_type_name() == "FILE") continue;
    for (const std::string& value : option->results()) {
      if (!base::is_utf8(value)) throw CLI::ValidationError(option->get_name(), "not UTF-8");
    }
  }
}

// What all of it is parsed into; the program's options point here until root.parse() has ended.
struct ParsedRemote {
  Remote remote;
  SendCommand send;
  std::string text;
  std::int64_t wait = 0;
  MessagesListCommand list;
  MessageShowCommand show;
  MessageCancelCommand cancel;
  MessagesRequeueCommand requeue;
  TopCommand top;
  LogLevelCommand log_level;
  std::function<void(RemoteCommand)> chosen;

  template <class Action>
  void choose(const CLI::App& command, Action action) const {
    require_utf8(command);
    chosen(RemoteCommand{remote, std::move(action)});
  }
};
using Shared = std::shared_ptr<ParsedRemote>;

void add_remote_options(CLI::App& command, const Shared& parsed) {
  command
      .add_option("--url", parsed->remote.url,
                  "The gateway (else $HELIOGRAPH_URL, http://localhost:8080)")
      ->type_name("URL");
  command
      .add_option("--key-file", parsed->remote.key_file,
                  "File whose first line is the API key (else $HELIOGRAPH_API_KEY)")
      ->type_name("FILE");
  command.add_flag("--json", parsed->remote.json, "Print one JSON document");
}

void add_filter(CLI::App& command, const Shared& parsed, const char* option, const char* name,
                const char* what, Filters& filters) {
  command.add_option_function<std::string>(
      option,
      [parsed, name, &filters](const std::string& value) { filters.emplace_back(name, value); },
      what);
}

const CLI::Validator& not_empty() {
  static const CLI::Validator validator(
      [](const std::string& value) {
        return value.empty() ? std::string("must not be empty") : std::string{};
      },
      "TEXT");
  return validator;
}

void add_content(CLI::App& send, const Shared& parsed) {
  auto& order = parsed->send;
  auto* text = send.add_option("--text", parsed->text, "The text");
  send.add_option("--file", order.file, "A file with the text; -: standard input")
      ->excludes(text)
      ->type_name("FILE");
  send.add_option("--channel", order.channel, "sms (default), mms or email")
      ->check(CLI::IsMember({"sms", "mms", "email"}));
  send.add_option("--subject", order.subject, "Of an e-mail");
  send.add_option("--html-file", order.html_file, "A file with an e-mail's HTML")
      ->type_name("FILE");
  send.add_option("--media", order.media, "URL of a picture or the like of an MMS; may be repeated")
      ->type_name("URL");
}

void add_manner(CLI::App& send, const Shared& parsed) {
  auto& order = parsed->send;
  send.add_option("--wait", parsed->wait, "Seconds to wait for the outcome")
      ->check(CLI::Range(1, 30));
  send.add_option("--idempotency-key", order.idempotency_key,
                  "Repeating the command with it sends nothing twice")
      ->check(not_empty());
  send.add_option("--reference", order.reference, "Your own id of it; lists can be filtered by it");
  send.add_option("--priority", order.priority, "urgent, normal (default) or bulk")
      ->check(CLI::IsMember({"urgent", "normal", "bulk"}));
  send.add_option("--provider", order.provider, "This provider and no other");
  send.add_option("--send-at", order.send_at, "When to send, 2026-11-22T14:35:00Z");
  send.add_option("--validity", order.validity, "How long to try: 10m, 24h");
  send.add_option("--metadata", order.metadata, "NAME=VALUE, shown again with it; may be repeated")
      ->type_name("NAME=VALUE");
  send.add_option("--callback-url", order.callback_url, "Where to tell of it")->type_name("URL");
}

void add_send(CLI::App& root, const Shared& parsed) {
  auto* send = root.add_subcommand("send", "Send a message through a running gateway");
  send->add_option("--to", parsed->send.to, "Telephone number (+14155552671) or e-mail address")
      ->required()
      ->check(not_empty());
  send->add_option("--from", parsed->send.from, "Sender; else the gateway's default");
  add_content(*send, parsed);
  add_manner(*send, parsed);
  add_remote_options(*send, parsed);
  send->footer(
      "Without --text and --file the text is what comes in on standard input; one line end at its "
      "end is not part of it.\n"
      "Exit codes: 0 taken (with --wait: not yet over, or sent), 1 refused or not reached, or "
      "with --wait: over and not sent, 2 wrong command line.");
  send->callback([parsed, send] {
    if (send->count("--text") > 0) parsed->send.text = parsed->text;
    if (parsed->wait > 0) parsed->send.wait = parsed->wait;
    parsed->choose(*send, parsed->send);
  });
}

void add_list_options(CLI::App& list, const Shared& parsed) {
  auto& wanted = parsed->list;
  add_filter(list, parsed, "--status", "status", "QUEUED, SENT, DELIVERED ...", wanted.filters);
  add_filter(list, parsed, "--provider", "provider", "Who sent it last", wanted.filters);
  add_filter(list, parsed, "--to", "to", "The recipient", wanted.filters);
  add_filter(list, parsed, "--reference", "client_reference", "Your own id", wanted.filters);
  add_filter(list, parsed, "--after", "created_after", "Created then or later, a UTC time",
             wanted.filters);
  add_filter(list, parsed, "--before", "created_before", "Created before, a UTC time",
             wanted.filters);
  list.add_flag("--dead-letters", wanted.dead_letters,
                "Those that were given up or are in doubt for good");
  list.add_option("--limit", wanted.limit, "At most so many, newest first")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  list.add_option("--cursor", wanted.cursor, "Where the list before ended (next_cursor)");
}

void add_one_message(CLI::App& messages, const Shared& parsed) {
  auto* show = messages.add_subcommand("show", "One message, its attempts and its events");
  show->add_option("id", parsed->show.id)->required()->check(not_empty());
  add_remote_options(*show, parsed);
  show->callback([parsed, show] { parsed->choose(*show, parsed->show); });

  auto* cancel = messages.add_subcommand("cancel", "Cancel one that is not on its way yet");
  cancel->add_option("id", parsed->cancel.id)->required()->check(not_empty());
  add_remote_options(*cancel, parsed);
  cancel->callback([parsed, cancel] { parsed->choose(*cancel, parsed->cancel); });
}

void add_requeue(CLI::App& messages, const Shared& parsed) {
  auto& wanted = parsed->requeue;
  auto* requeue =
      messages.add_subcommand("requeue", "Send dead letters again, as the same message");
  auto* ids = requeue->add_option("id", wanted.ids, "Which ones")->check(not_empty());
  auto* all = requeue->add_flag("--all", wanted.all, "All that the filters leave")->excludes(ids);
  add_filter(*requeue, parsed, "--status", "status", "With --all: FAILED_PERM, EXPIRED or UNKNOWN",
             wanted.filters);
  add_filter(*requeue, parsed, "--reason", "reason",
             "With --all: rejected, undelivered, attempts_exhausted", wanted.filters);
  add_filter(*requeue, parsed, "--provider", "provider", "With --all: who sent it last",
             wanted.filters);
  add_filter(*requeue, parsed, "--after", "created_after", "With --all: created then or later",
             wanted.filters);
  add_filter(*requeue, parsed, "--before", "created_before", "With --all: created before",
             wanted.filters);
  for (const char* filter : {"--status", "--reason", "--provider", "--after", "--before"})
    requeue->get_option(filter)->needs(all);
  requeue->add_option("--validity", wanted.validity, "How long to try from now: 10m, 24h");
  add_remote_options(*requeue, parsed);
  requeue->footer("Exit codes: 0 all requeued, 1 some could not be, 2 wrong command line.");
  requeue->callback([parsed, requeue] {
    if (parsed->requeue.ids.empty() && !parsed->requeue.all)
      throw CLI::RequiredError("messages requeue: ids or --all");
    parsed->choose(*requeue, parsed->requeue);
  });
}

void add_messages(CLI::App& root, const Shared& parsed) {
  auto* messages =
      root.add_subcommand("messages", "List messages of a running gateway; show, cancel, requeue");
  messages->require_subcommand(0, 1);
  add_list_options(*messages, parsed);
  add_remote_options(*messages, parsed);
  add_one_message(*messages, parsed);
  add_requeue(*messages, parsed);
  messages->callback([parsed, messages] {
    if (messages->get_subcommands().empty()) parsed->choose(*messages, parsed->list);
  });
}

void add_top(CLI::App& root, const Shared& parsed) {
  auto* top = root.add_subcommand(
      "top", "Watch a running gateway: queue, providers, limits, latency, dead letters");
  top->add_flag("--once", parsed->top.once, "Print one look, and end");
  top->add_option("--interval", parsed->top.interval_ms, "Milliseconds between two looks")
      ->check(CLI::Range(100, 60'000))
      ->capture_default_str();
  add_remote_options(*top, parsed);
  top->footer(
      "Asks for a key with the scope admin; with read, too, it shows its client's latency and dead "
      "letters. q ends it. Where standard output is no terminal, one block follows another; --json "
      "prints one document and ends.");
  top->callback([parsed, top] { parsed->choose(*top, parsed->top); });
}

void add_log(CLI::App& root, const Shared& parsed) {
  auto* log = root.add_subcommand("log", "The log of a running gateway");
  log->require_subcommand(1);
  auto* level = log->add_subcommand("level", "Show its level, or change it until the next restart");
  level->add_option("level", parsed->log_level.level, "trace, debug, info, warn, error")
      ->check(CLI::IsMember({"trace", "debug", "info", "warn", "error"}));
  add_remote_options(*level, parsed);
  level->callback([parsed, level] { parsed->choose(*level, parsed->log_level); });
}

}  // namespace

void add_remote_commands(CLI::App& root, std::function<void(RemoteCommand)> chosen) {
  const auto parsed = std::make_shared<ParsedRemote>();
  parsed->chosen = std::move(chosen);
  add_send(root, parsed);
  add_messages(root, parsed);
  add_top(root, parsed);
  add_log(root, parsed);
}

}  // namespace heliograph::app
