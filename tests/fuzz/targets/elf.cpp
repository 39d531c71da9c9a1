// Plugin files, before they are loaded.
#include <span>

#include "core/plugin/elf_inspector.h"
#include "tests/fuzz/target.h"

namespace heliograph::plugin {

FUZZ_TARGET(elf) {
  const auto facts = inspect_elf(std::as_bytes(std::span(input)));
  if (!facts) {
    MUST(!facts.error().empty());
    return;
  }
  for (const std::string& name : facts->exports) MUST(facts->exports_symbol(name));
  static_cast<void>(unmet_need(*facts, {.glibc = "2.36", .glibcxx = "3.4.30"}));
  MUST(!version_above(facts->glibc_needed, facts->glibc_needed));
}

}  // namespace heliograph::plugin
