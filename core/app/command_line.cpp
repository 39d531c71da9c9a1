#include "core/app/command_line.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <utility>

#include "core/app/exit_codes.h"
#include "core/app/version.h"

namespace heliograph::app {
namespace {

// What the options are parsed into; `chosen` is the command that was named, in the end.
struct Parsed {
  std::string config;
  bool demo = false;
  bool json = false;
  std::uint16_t mock_port = 8071;
  std::int64_t mock_latency_ms = 0;
  std::int64_t mock_receipt_delay_ms = 100;
  std::int64_t price = -1;
  bool no_billing = false;
  mock::MockOptions mock;
  ClientAddCommand add;
  ClientCreditCommand credit;
  ClientKeyCommand key;
  DbBackupCommand backup;
  PluginInspectCommand inspect;
  PluginCheckCommand check;
  PluginNewCommand fresh;
  std::optional<Command> chosen;

  std::optional<std::string> config_path() const {
    return config.empty() ? std::nullopt : std::optional(config);
  }
};

void add_config(CLI::App& app, Parsed& parsed) {
  app.add_option("-c,--config", parsed.config,
                 "Configuration file (else $HELIOGRAPH_CONFIG, ./heliograph.toml, "
                 "/etc/heliograph/heliograph.toml)")
      ->type_name("FILE");
}

void add_serve(CLI::App& root, Parsed& parsed) {
  auto* serve = root.add_subcommand("serve", "Run the gateway");
  add_config(*serve, parsed);
  serve->add_flag("--demo", parsed.demo,
                  "Everything a first look needs: the database in data/, three mock providers on "
                  "ports 8071-8073, "
                  "client key \"secret\" with 1000 credits");
  serve->footer(
      "SIGTERM and SIGINT end it: it accepts nothing new, finishes what is in flight and stops; a "
      "second one "
      "stops at once.\n"
      "Exit codes: 0 ended as told, 1 runtime error, 2 wrong command line, 70 the database could "
      "not commit, 75 the "
      "database is in use, "
      "78 configuration error.");
  serve->callback([&parsed] { parsed.chosen = ServeCommand{parsed.config_path(), parsed.demo}; });
}

void add_config_check(CLI::App& root, Parsed& parsed) {
  auto* config = root.add_subcommand("config", "Look at the configuration");
  config->require_subcommand(1);
  auto* check = config->add_subcommand(
      "check",
      "Validate the file, the environment and every plugin's own table, without starting anything");
  add_config(*check, parsed);
  check->add_flag("--json", parsed.json, "Print JSON");
  check->callback(
      [&parsed] { parsed.chosen = ConfigCheckCommand{parsed.config_path(), parsed.json}; });
}

void add_mock_options(CLI::App& mock, Parsed& parsed) {
  auto& behaviour = parsed.mock.behaviour;
  mock.add_option("--port", parsed.mock_port, "Port on 127.0.0.1; 0: any free one, printed")
      ->capture_default_str();
  mock.add_option("--id", parsed.mock.id, "Name in the ids it gives out")->capture_default_str();
  mock.add_option("--latency", parsed.mock_latency_ms, "Milliseconds before it answers")
      ->check(CLI::Range(0, 3'600'000));
  mock.add_option("--success-rate", behaviour.success_rate, "Share of sends it takes")
      ->check(CLI::Range(0.0, 1.0));
  mock.add_option("--temp-fail-rate", behaviour.temp_fail_rate, "Share answered 500")
      ->check(CLI::Range(0.0, 1.0));
  mock.add_option("--perm-fail-rate", behaviour.perm_fail_rate, "Share answered 400")
      ->check(CLI::Range(0.0, 1.0));
  mock.add_option("--seed", parsed.mock.seed,
                  "Of its dice: the same seed and arrivals, the same answers")
      ->capture_default_str();
  mock.add_option("--rate-limit", behaviour.rate_limit,
                  "Sends in any second; above it answers 429; 0: none");
  mock.add_option("--receipts", behaviour.receipts_url, "Where delivery receipts are posted")
      ->type_name("URL");
  mock.add_option("--receipts-secret", behaviour.receipts_secret,
                  "Signs them (X-Signature, HMAC-SHA256)");
  mock.add_option("--receipt-delay", parsed.mock_receipt_delay_ms,
                  "Milliseconds from answer to receipt")
      ->check(CLI::Range(0, 3'600'000));
  mock.add_flag("--dedupe", behaviour.dedupe,
                "Honour Idempotency-Key: a second send changes nothing");
  mock.add_option("--arrivals-max", parsed.mock.arrivals_max, "Arrivals it remembers")
      ->capture_default_str();
}

void add_mock(CLI::App& root, Parsed& parsed) {
  auto* mock = root.add_subcommand("mock-provider",
                                   "Run a provider that behaves as told, for demos and tests");
  add_mock_options(*mock, parsed);
  mock->footer(
      "Sends arrive at POST /api/sms/{anything}. GET and PUT /admin/behaviour show and change how "
      "it behaves; "
      "GET /admin/arrivals lists what arrived, DELETE forgets it.");
  mock->callback([&parsed] {
    parsed.mock.listen = "127.0.0.1:" + std::to_string(parsed.mock_port);
    parsed.mock.behaviour.latency = mock::milliseconds{parsed.mock_latency_ms};
    parsed.mock.behaviour.receipt_delay = mock::milliseconds{parsed.mock_receipt_delay_ms};
    parsed.chosen = MockProviderCommand{parsed.mock};
  });
}

template <class Action>
void choose_database(Parsed& parsed, Action action) {
  DatabaseCommand command;
  command.config = parsed.config_path();
  command.demo = parsed.demo;
  command.json = parsed.json;
  command.action = std::move(action);
  parsed.chosen = std::move(command);
}

void add_database_options(CLI::App& command, Parsed& parsed) {
  add_config(command, parsed);
  command.add_flag("--demo", parsed.demo, "The demo's database (data/heliograph.db)");
  command.add_flag("--json", parsed.json, "Print JSON");
}

void add_clients(CLI::App& root, Parsed& parsed) {
  auto* client = root.add_subcommand("client", "Clients, their keys and their credit");
  client->require_subcommand(1);

  auto* add = client->add_subcommand("add", "Create a client; prints its API key, once");
  add->add_option("name", parsed.add.name, "Unique name")->required();
  add->add_option("--credit", parsed.add.credit_cents, "Credit to begin with, in cents")
      ->check(CLI::NonNegativeNumber);
  add->add_option("--scopes", parsed.add.scopes, "send, read, admin")
      ->delimiter(',')
      ->capture_default_str();
  add->add_option("--price", parsed.price, "Cents a part; else billing.price_per_part_cents")
      ->check(CLI::NonNegativeNumber);
  add->add_flag("--no-billing", parsed.no_billing, "Send without credit");
  add_database_options(*add, parsed);
  add->callback([&parsed] {
    parsed.add.billing = !parsed.no_billing;
    if (parsed.price >= 0) parsed.add.price_per_part_cents = parsed.price;
    choose_database(parsed, parsed.add);
  });

  auto* list = client->add_subcommand("list", "Names, balances and the number of active keys");
  add_database_options(*list, parsed);
  list->callback([&parsed] { choose_database(parsed, ClientListCommand{}); });

  auto* credit = client->add_subcommand("credit", "Grant credit (a negative amount takes it back)");
  credit->add_option("name", parsed.credit.name)->required();
  credit->add_option("cents", parsed.credit.cents)->required();
  credit->add_option("--note", parsed.credit.note, "Kept in the ledger");
  add_database_options(*credit, parsed);
  credit->callback([&parsed] { choose_database(parsed, parsed.credit); });

  auto* key = client->add_subcommand(
      "key", "Make a further API key (two may be active, for rotation); prints it, once");
  key->add_option("name", parsed.key.name)->required();
  key->add_option("--scopes", parsed.key.scopes, "send, read, admin")
      ->delimiter(',')
      ->capture_default_str();
  add_database_options(*key, parsed);
  key->callback([&parsed] { choose_database(parsed, parsed.key); });
}

void add_database(CLI::App& root, Parsed& parsed) {
  auto* db = root.add_subcommand("db", "The database");
  db->require_subcommand(1);

  auto* migrate =
      db->add_subcommand("migrate", "Bring an older schema up to this version (serve does it too)");
  add_database_options(*migrate, parsed);
  migrate->callback([&parsed] { choose_database(parsed, DbMigrateCommand{}); });

  auto* check =
      db->add_subcommand("check", "Integrity, and every balance against ledger and messages");
  add_database_options(*check, parsed);
  check->callback([&parsed] { choose_database(parsed, DbCheckCommand{}); });

  auto* backup = db->add_subcommand("backup", "Copy the database while the gateway runs");
  backup->add_option("target", parsed.backup.target, "A file that does not exist yet")->required();
  add_database_options(*backup, parsed);
  backup->callback([&parsed] { choose_database(parsed, parsed.backup); });
}

void add_plugin_check(CLI::App& plugin, Parsed& parsed) {
  auto& chosen = parsed.check;
  auto* check = plugin.add_subcommand(
      "check", "Put a plugin to the test: does it keep the promises of the plugin ABI?");
  auto* file = check->add_option("file", chosen.file, "libhg_<kind>_<name>.so");
  check->add_flag("--list", chosen.list, "Print the cases instead, as a Markdown table")
      ->excludes(file);
  check->add_option("--case", chosen.cases, "Only this one (GROUP/NAME) and what it needs")
      ->type_name("CASE");
  check->add_option("--group", chosen.groups, "Only this group and what it needs")
      ->type_name("GROUP");
  check->add_option("--seed", chosen.seed, "Of what is tried at random")->capture_default_str();
  check
      ->add_option("--config", chosen.config,
                   "The component's configuration as JSON, or a file of it (else made from the "
                   "schema's defaults and examples)")
      ->type_name("FILE|JSON");
  check
      ->add_option_function<std::string>(
          "--format", [&chosen](const std::string& format) { chosen.json = format == "json"; },
          "tap (default) or json")
      ->check(CLI::IsMember({"tap", "json"}));
  check->add_flag("--json", chosen.json, "The same as --format json");
  check->add_option("--run-case", chosen.run_case)->group("");
  check->add_option("--component", chosen.component)->group("");
  check->add_option("--scratch", chosen.scratch)->group("");
  check->add_flag("--may-start", chosen.may_start)->group("");
  check->footer(
      "Each case runs in a process of its own with a time limit. Verdicts: pass, fail, skip, crash "
      "(a signal), hang (the time limit), exit (the plugin ended the process); each with a "
      "sentence "
      "that says why. docs/plugin-check.md lists the cases.\n"
      "Exit codes: 0 nothing failed, 1 something did, 2 wrong command line.");
  check->callback([&parsed] { parsed.chosen = parsed.check; });
}

void add_plugin_new(CLI::App& plugin, Parsed& parsed) {
  auto& chosen = parsed.fresh;
  auto* fresh = plugin.add_subcommand(
      "new", "Write the project of a new plugin: it builds, works and has tests as it is");
  fresh->add_option("kind", chosen.kind, "provider, distributor or limiter")
      ->required()
      ->check(CLI::IsMember({"provider", "distributor", "limiter"}));
  fresh->add_option("name", chosen.name, "Its component id, and the folder's name")->required();
  fresh->add_option("--lang", chosen.lang, "c, cpp or rust")
      ->required()
      ->check(CLI::IsMember({"c", "cpp", "rust"}));
  fresh->add_option("--output", chosen.output, "Where the folder is made; else here")
      ->type_name("DIR");
  fresh->footer(
      "Nothing that exists is overwritten. docs/plugin-authors.md walks from here to a message "
      "sent.");
  fresh->add_flag("--json", chosen.json, "Print JSON");
  fresh->callback([&parsed] { parsed.chosen = parsed.fresh; });
}

void add_plugins(CLI::App& root, Parsed& parsed) {
  auto* plugin = root.add_subcommand("plugin", "Plugins: what is there, what a file holds");
  plugin->require_subcommand(1);

  auto* list = plugin->add_subcommand(
      "list", "The plugins the configuration names, and where they were found");
  add_config(*list, parsed);
  list->add_flag("--demo", parsed.demo, "Of the demo's configuration");
  list->add_flag("--json", parsed.json, "Print JSON");
  list->callback([&parsed] {
    parsed.chosen = PluginListCommand{parsed.config_path(), parsed.demo, parsed.json};
  });

  auto* inspect = plugin->add_subcommand(
      "inspect", "Components, configuration schema and binary facts of a file");
  inspect->add_option("file", parsed.inspect.file, "libhg_<kind>_<name>.so")->required();
  inspect->add_flag("--json", parsed.inspect.json, "Print JSON");
  inspect->callback([&parsed] { parsed.chosen = parsed.inspect; });

  auto* docs = plugin->add_subcommand("docs", "Its configuration as a Markdown document");
  docs->add_option("file", parsed.inspect.file, "libhg_<kind>_<name>.so")->required();
  docs->callback([&parsed] {
    parsed.inspect.markdown = true;
    parsed.chosen = parsed.inspect;
  });
  add_plugin_new(*plugin, parsed);
  add_plugin_check(*plugin, parsed);
}

void add_version(CLI::App& root, Parsed& parsed) {
  auto* version = root.add_subcommand("version", "Which version this is, and of which plugin ABI");
  version->add_flag("--json", parsed.json, "Print JSON");
  version->callback([&parsed] { parsed.chosen = VersionCommand{parsed.json}; });
}

}  // namespace

std::variant<Command, int> parse_command_line(int argc, const char* const* argv) {
  CLI::App root{
      "Heliograph, a messaging gateway: applications hand it messages over HTTP; it keeps them "
      "safe, picks a "
      "provider at the moment of sending, and tells what became of them.",
      "heliograph"};
  root.set_version_flag("--version", version_text());
  root.require_subcommand(1);
  root.footer("A first look: heliograph serve --demo");
  Parsed parsed;
  add_serve(root, parsed);
  add_config_check(root, parsed);
  add_clients(root, parsed);
  add_database(root, parsed);
  add_plugins(root, parsed);
  add_mock(root, parsed);
  add_version(root, parsed);
  add_remote_commands(root,
                      [&parsed](RemoteCommand command) { parsed.chosen = std::move(command); });
  try {
    root.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return root.exit(error) == 0 ? kExitOk : kExitUsage;
  }
  return std::move(*parsed.chosen);
}

}  // namespace heliograph::app
