// `heliograph plugin check`: the SDK's conformance kit, with the gateway's own judgement of files
// and configurations.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <heliograph/testing/conformance_runner.hpp>
#include <sstream>

#include "core/app/commands.h"
#include "core/app/exit_codes.h"
#include "core/app/temporary_folder.h"
#include "core/app/version.h"
#include "core/plugin/config_schema.h"
#include "core/plugin/inspect.h"

namespace heliograph::app {
namespace {

namespace conformance = sdk::conformance;

std::string inspect(const std::string& file, conformance::BinaryFacts& facts) {
  const auto module = plugin::read_module(file);
  if (!module) return module.error();
  const auto elf = plugin::inspect_elf(module->bytes);
  if (!elf) return fmt::format("{} {}", file, elf.error());
  facts = {.exports = elf->exports,
           .needed = elf->needed,
           .glibc_needed = elf->glibc_needed,
           .unique_symbols = elf->unique_symbols,
           .static_tls = elf->static_tls,
           .exec_stack = elf->exec_stack,
           .text_relocations = elf->text_relocations};
  return {};
}

std::vector<std::string> validate(const std::string& schema, const std::string& json) {
  const config::PluginTable table{.json = json, .where = "config:"};
  // Secrets are taken literally: the kit gives no names of variables.
  const config::Environment environment;
  const auto prepared = plugin::prepare_config({.table = &table,
                                                .schema = schema,
                                                .component = "the component",
                                                .environment = &environment,
                                                .folder = "."});
  return prepared ? std::vector<std::string>{} : prepared.error();
}

conformance::Judge judge_of(const std::string& scratch) {
  return {.inspect = inspect,
          .admit =
              [scratch](const std::string& file) {
                const auto module = plugin::inspect_file(file, scratch, kVersion);
                return module ? std::string{} : module.error();
              },
          .validate = validate};
}

// JSON as it is, a file's content otherwise; nullopt: it cannot be read.
std::optional<std::string> config_text(const std::string& given) {
  if (given.empty() || given.starts_with('{')) return given;
  std::ifstream file(given);
  if (!file) return std::nullopt;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

int usage_error(const std::string& text) {
  fmt::print(stderr, "heliograph: plugin check: {}\n", text);
  return kExitUsage;
}

int check_all(const PluginCheckCommand& command, const conformance::Settings& settings) {
  const TemporaryFolder scratch;
  const auto arguments = [&](const conformance::Task& task) {
    std::vector<std::string> words{"plugin",
                                   "check",
                                   settings.file,
                                   "--run-case",
                                   task.one,
                                   "--component",
                                   task.component,
                                   "--config",
                                   settings.config,
                                   "--seed",
                                   std::to_string(settings.seed),
                                   "--scratch",
                                   scratch.path().string()};
    if (task.may_start) words.emplace_back("--may-start");
    return words;
  };
  const conformance::Launcher launcher{.program = "/proc/self/exe", .arguments = arguments};
  std::size_t n = 0;
  if (!command.json) fmt::print("TAP version 14\n");
  const auto verdicts = conformance::run_all(
      launcher, {command.cases, command.groups}, [&](const conformance::Verdict& verdict) {
        if (command.json) return;
        fmt::print("{}", conformance::tap_line(verdict, ++n));
        std::fflush(stdout);
      });
  fmt::print("{}", command.json ? conformance::json_report(settings.file, verdicts)
                                : conformance::tap_end(verdicts));
  const bool failed = std::ranges::any_of(verdicts, &conformance::Verdict::bad);
  return failed ? kExitRuntime : kExitOk;
}

}  // namespace

int check_plugin(const PluginCheckCommand& command) {
  if (command.list) {
    fmt::print("{}", conformance::case_table());
    return kExitOk;
  }
  if (command.file.empty()) return usage_error("which file? See --help");
  std::error_code missing;
  const auto file = std::filesystem::canonical(command.file, missing);
  if (missing) return usage_error(fmt::format("{}: {}", command.file, missing.message()));
  const auto config = config_text(command.config);
  if (!config) return usage_error(fmt::format("--config: {} cannot be read", command.config));
  const conformance::Settings settings{.file = file.string(),
                                       .seed = command.seed,
                                       .config = *config,
                                       .may_start = command.may_start};
  if (!command.run_case.empty()) {
    conformance::run_one(settings, judge_of(command.scratch), command.run_case, command.component);
  }
  if (const auto wrong = conformance::check_selection({command.cases, command.groups});
      !wrong.empty()) {
    return usage_error(wrong);
  }
  if (!config->empty()) {
    try {
      sdk::testing::Value::parse(*config);
    } catch (const std::invalid_argument&) {
      return usage_error("--config is no JSON");
    }
  }
  return check_all(command, settings);
}

}  // namespace heliograph::app
