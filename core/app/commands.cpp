#include "core/app/commands.h"

#include <cstdio>
#include <system_error>

#include "core/app/configuration.h"
#include "core/app/exit_codes.h"
#include "core/app/output.h"
#include "core/plugin/plugin_host.h"
#include "core/store/sqlite_store.h"

namespace heliograph::app {
namespace {

struct Run {
  int operator()(const ServeCommand& command) const { return serve(command); }
  int operator()(const ConfigCheckCommand& command) const { return check_config(command); }
  int operator()(const MockProviderCommand& command) const { return run_mock_provider(command); }
  int operator()(const DatabaseCommand& command) const { return run_database_command(command); }
  int operator()(const PluginListCommand& command) const { return list_plugins(command); }
  int operator()(const PluginInspectCommand& command) const { return inspect_plugin(command); }
  int operator()(const PluginNewCommand& command) const { return new_plugin(command); }
  int operator()(const PluginCheckCommand& command) const { return check_plugin(command); }
  int operator()(const RemoteCommand& command) const { return run_remote_command(command); }
  int operator()(const VersionCommand& command) const { return print_version(command); }
};

// What these print is a courtesy: whoever closes their output does not end them.
bool is_service(const Command& command) {
  return std::holds_alternative<ServeCommand>(command) ||
         std::holds_alternative<MockProviderCommand>(command);
}

int fail(int exit_code, const std::exception& error) {
  std::fprintf(stderr, "heliograph: %s\n", error.what());
  return exit_code;
}

}  // namespace

int run_command(const Command& command) {
  try {
    const int exit_code = std::visit(Run{}, command);
    if (!is_service(command)) flush_output();
    return exit_code;
  } catch (const ConfigInvalid& error) {
    std::fprintf(stderr, "heliograph: the configuration is wrong\n%s\n", error.what());
    return kExitConfig;
  } catch (const plugin::PluginError& error) {
    return fail(kExitConfig, error);
  } catch (const store::StoreLocked& error) {
    return fail(kExitLocked, error);
  } catch (const store::StoreFailed& error) {
    return fail(kExitFatalCommit, error);
  } catch (const std::system_error& error) {
    if (std::ferror(stdout) == 0) return fail(kExitRuntime, error);
    std::fprintf(stderr, "heliograph: standard output: %s\n", error.code().message().c_str());
    return kExitRuntime;
  } catch (const std::exception& error) {
    return fail(kExitRuntime, error);
  }
}

}  // namespace heliograph::app
