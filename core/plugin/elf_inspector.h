// ELF inspection: what can be known about a shared library without loading it.
//
// Loading runs constructors, and the dynamic linker's errors name symbols, not remedies. So a
// plugin file is parsed first, and refused in a sentence when it is no ELF file, is cut off, was
// built for another machine or is no plugin. Every offset in the file is bounds-checked: the bytes
// may be anything. Pure; thread-safe.
//
// Formats: System V ABI, "Object Files" (ELF-64); GNU extensions for symbol versions and hash.
#pragma once

#include <cstddef>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace heliograph::plugin {

struct ElfFacts {
  std::vector<std::string> exports;  // global or weak symbols that the file defines
  std::vector<std::string> needed;   // DT_NEEDED: libraries it is linked to
  std::string glibc_needed;          // "2.34"; empty: none
  std::string glibcxx_needed;        // "3.4.30"; empty: none
  std::string glibcxx_provided;      // the highest GLIBCXX version it defines (libstdc++ itself)
  std::size_t unique_symbols = 0;    // STB_GNU_UNIQUE: shared between two copies of one plugin
  std::size_t undefined_symbols = 0;
  bool static_tls = false;  // takes room of a small fixed area: few such libraries can be loaded
  bool no_delete = false;   // stays mapped for good by its own wish
  bool exec_stack = false;
  bool text_relocations = false;

  bool exports_symbol(std::string_view name) const;
};

// The error is the predicate of a sentence: "is empty", "is no ELF file (it begins with ...)".
std::expected<ElfFacts, std::string> inspect_elf(std::span<const std::byte> file);

// Versions of the C and C++ library in this process.
struct HostLibraries {
  std::string glibc;
  std::string glibcxx;  // empty: not known (linked statically)
};
HostLibraries host_libraries();

// Why a library with these facts cannot run here, or an empty string. Compares the versions needed
// with the host's.
std::string unmet_need(const ElfFacts& facts, const HostLibraries& host);

// True when dotted number `a` is above `b`: "3.4.30" > "3.4.9".
bool version_above(std::string_view a, std::string_view b);

}  // namespace heliograph::plugin
