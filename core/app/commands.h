// Carries out a command of the command line; each returns the process's exit code and prints its
// own errors to standard error.
#pragma once

#include "core/app/command_line.h"

namespace heliograph::app {

int run_command(const Command& command);

int serve(const ServeCommand& command);
int check_config(const ConfigCheckCommand& command);
int run_mock_provider(const MockProviderCommand& command);
int run_database_command(const DatabaseCommand& command);
int list_plugins(const PluginListCommand& command);
int inspect_plugin(const PluginInspectCommand& command);
int print_version(const VersionCommand& command);
int new_plugin(const PluginNewCommand& command);
int check_plugin(const PluginCheckCommand& command);

}  // namespace heliograph::app
