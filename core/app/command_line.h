// The command line: which command, with what. Parsing only; core/app/commands.h carries them out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/app/mock/mock_provider.h"
#include "core/app/remote/remote_commands.h"

namespace heliograph::app {

struct ServeCommand {
  std::optional<std::string> config;
  bool demo = false;
};
struct ConfigCheckCommand {
  std::optional<std::string> config;
  bool json = false;
};
struct MockProviderCommand {
  mock::MockOptions options;
};

// Commands on the database: carried out on it when no gateway holds it, else by the gateway that
// does.
struct ClientAddCommand {
  std::string name;
  std::int64_t credit_cents = 0;
  std::vector<std::string> scopes{"send", "read"};
  bool billing = true;
  std::optional<std::int64_t> price_per_part_cents;
};
struct ClientListCommand {};
struct ClientCreditCommand {
  std::string name;
  std::int64_t cents = 0;
  std::string note;
};
struct ClientKeyCommand {
  std::string name;
  std::vector<std::string> scopes{"send", "read"};
};
struct DbMigrateCommand {};
struct DbCheckCommand {};
struct DbBackupCommand {
  std::string target;
};
struct DatabaseCommand {
  std::optional<std::string> config;
  bool demo = false;  // the demo's database instead of a configuration file's
  bool json = false;
  std::variant<ClientAddCommand, ClientListCommand, ClientCreditCommand, ClientKeyCommand,
               DbMigrateCommand, DbCheckCommand, DbBackupCommand>
      action;
};

struct PluginListCommand {
  std::optional<std::string> config;
  bool demo = false;
  bool json = false;
};
struct PluginInspectCommand {
  std::string file;
  bool markdown = false;  // `plugin docs`
  bool json = false;
};
struct VersionCommand {
  bool json = false;
};
struct PluginNewCommand {
  std::string kind;    // provider, distributor, limiter
  std::string name;    // not yet validated
  std::string lang;    // c, cpp, rust
  std::string output;  // the folder that gets the project's folder
  bool json = false;
};
struct PluginCheckCommand {
  std::string file;
  std::vector<std::string> cases;
  std::vector<std::string> groups;
  std::uint64_t seed = 1;
  std::string config;  // JSON text, or the path of a file that holds it
  bool json = false;
  bool list = false;  // no check: the cases as a table
  // The process of one case: that one, of this component; files it makes go there.
  std::string run_case;
  std::string component;
  std::string scratch;
  bool may_start = false;
};

using Command = std::variant<ServeCommand, ConfigCheckCommand, MockProviderCommand, DatabaseCommand,
                             PluginListCommand, PluginInspectCommand, PluginNewCommand,
                             PluginCheckCommand, RemoteCommand, VersionCommand>;

// The command, or the exit code when there is nothing to do (help and version were printed: 0; a
// mistake was: 2).
std::variant<Command, int> parse_command_line(int argc, const char* const* argv);

}  // namespace heliograph::app
