#include "core/plugin/inspect.h"

#include <fmt/format.h>

#include "core/base/text.h"

namespace heliograph::plugin {

std::expected<std::shared_ptr<const Module>, std::string> inspect_file(
    const std::filesystem::path& file, const std::filesystem::path& copy_folder,
    const std::string& gateway_version) {
  ModuleLoader loader(copy_folder, gateway_version);
  return loader.load({.file = file, .sha256 = {}, .required = true});
}

namespace {

std::string elf_text(const ElfFacts& elf) {
  std::string text;
  const auto line = [&text](std::string_view name, std::string_view value) {
    if (!value.empty()) text += fmt::format("  {:<14} {}\n", name, value);
  };
  line("needs", fmt::format("{}", fmt::join(elf.needed, ", ")));
  line("glibc", elf.glibc_needed.empty() ? "" : elf.glibc_needed + " or newer");
  line("libstdc++",
       elf.glibcxx_needed.empty() ? "" : "GLIBCXX_" + elf.glibcxx_needed + " or newer");
  line("exports",
       fmt::format("{} symbol{}", elf.exports.size(), elf.exports.size() == 1 ? "" : "s"));
  if (elf.unique_symbols > 0) {
    line("warning",
         fmt::format("{} GNU_UNIQUE symbols: two copies share their statics", elf.unique_symbols));
  }
  if (elf.static_tls) line("warning", "static TLS: only a few such libraries fit into a process");
  if (elf.exec_stack) line("warning", "wants an executable stack");
  if (elf.text_relocations) line("warning", "has text relocations");
  return text;
}

std::string flags_text(std::uint32_t flags) {
  std::string text;
  const auto add = [&](std::uint32_t bit, std::string_view name) {
    if ((flags & bit) != 0) text += (text.empty() ? "" : ", ") + std::string{name};
  };
  add(HG_F_OWN_THREADS, "own threads");
  add(HG_F_EXCLUSIVE, "exclusive");
  return text;
}

}  // namespace

std::string inspect_text(const Module& module) {
  const auto& info = module.info;
  auto text = fmt::format("{} {}\n", info.name, info.version);
  text += fmt::format("  {:<14} {}\n", "file", module.source.string());
  text += fmt::format("  {:<14} {}\n", "sha256", module.sha256);
  text += fmt::format("  {:<14} built with {}.{}, needs {}.{} (this gateway has {}.{})\n", "ABI",
                      HG_ABI_MAJOR, info.minor_built, HG_ABI_MAJOR, info.minor_required,
                      HG_ABI_MAJOR, HG_ABI_MINOR);
  for (const auto& [name, value] :
       {std::pair{"SDK", info.sdk}, {"vendor", info.vendor}, {"license", info.license}}) {
    if (!value.empty()) text += fmt::format("  {:<14} {}\n", name, value);
  }
  text += elf_text(module.elf);
  for (const auto& warning : module.warnings)
    text += fmt::format("  {:<14} {}\n", "warning", warning);
  for (const auto& component : info.components) {
    text +=
        fmt::format("\n{} '{}' {}\n", kind_name(component.kind), component.id, component.version);
    if (!component.summary.empty()) text += fmt::format("  {}\n", component.summary);
    const auto flags = flags_text(component.flags);
    if (!flags.empty()) text += fmt::format("  {}\n", flags);
    text += "\n" + schema_table(component) + "\n" + example_toml(component);
  }
  return text;
}

}  // namespace heliograph::plugin
