// Binary: what the file is, before any of its functions is called.
#include <dlfcn.h>

#include <algorithm>
#include <array>
#include <chrono>

#include <heliograph/testing/conformance.hpp>

namespace heliograph::sdk::conformance {
namespace {

// Of the C and C++ runtime: on every system that runs the gateway.
constexpr std::array<std::string_view, 9> kRuntimeLibraries{
    "libc.so.6",  "libm.so.6",  "libstdc++.so.6", "libgcc_s.so.1",       "libpthread.so.0",
    "libdl.so.2", "librt.so.1", "libatomic.so.1", "ld-linux-x86-64.so.2"};

BinaryFacts facts_of(Check& check) {
  BinaryFacts facts;
  const std::string refusal = check.judge().inspect(check.file(), facts);
  if (!refusal.empty()) check.skip("binary/file has not passed");
  return facts;
}

void file(Check& check) {
  BinaryFacts facts;
  const std::string refusal = check.judge().inspect(check.file(), facts);
  check.require(refusal.empty(), refusal);
}

void load(Check& check) {
  facts_of(check);
  check.step("dlopen() of the file");
  const auto began = std::chrono::steady_clock::now();
  void* library = ::dlopen(check.file().c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  const char* error = library == nullptr ? ::dlerror() : nullptr;
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - began);
  if (library == nullptr) {
    check.fail(std::string(error) +
               " (link with -Wl,-z,defs to find what is missing at build time)");
  }
  if (took.count() > 50) {
    check.note("loading took " + std::to_string(took.count()) + " ms: keep constructors short");
  }
  check.require(::dlsym(library, HG_ENTRY_SYMBOL) != nullptr,
                "it does not export " HG_ENTRY_SYMBOL ": mark the entry with HG_EXPORT");
}

void exports(Check& check) {
  const BinaryFacts facts = facts_of(check);
  std::string others;
  std::size_t n = 0;
  for (const std::string& name : facts.exports) {
    if (name == HG_ENTRY_SYMBOL || name.empty()) continue;
    if (++n <= 5) others += (n == 1 ? "" : ", ") + name;
  }
  check.require(
      n == 0,
      "it exports " + std::to_string(n) +
          " symbols besides " HG_ENTRY_SYMBOL ", which may clash with another plugin's: " + others +
          (n > 5 ? ", ..." : "") + " (-fvisibility=hidden and a version script hide them)");
}

void unique(Check& check) {
  const BinaryFacts facts = facts_of(check);
  check.require(facts.unique_symbols == 0,
                "it has " + std::to_string(facts.unique_symbols) +
                    " symbols of binding GNU_UNIQUE: two generations of the plugin would share "
                    "them (compile with -fno-gnu-unique)");
}

void hardening(Check& check) {
  const BinaryFacts facts = facts_of(check);
  check.require(!facts.exec_stack,
                "it asks for an executable stack, which would hold for the whole gateway (link "
                "with -Wl,-z,noexecstack; assembly files need a .note.GNU-stack section)");
  check.require(!facts.text_relocations,
                "it has text relocations: its code would have to be writable (compile with -fPIC)");
  if (facts.static_tls) check.note("static TLS: only a few such libraries fit into a process");
}

void libraries(Check& check) {
  const BinaryFacts facts = facts_of(check);
  check.note(facts.glibc_needed.empty() ? "needs no particular glibc"
                                        : "needs glibc " + facts.glibc_needed + " or newer");
  for (const std::string& name : facts.needed) {
    if (std::find(kRuntimeLibraries.begin(), kRuntimeLibraries.end(), name) !=
        kRuntimeLibraries.end())
      continue;
    check.require(name.find('/') == std::string::npos,
                  "it needs " + name + " at that very path: link it by name");
    check.note("needs " + name + ": operators must install it, in one version for all plugins");
  }
}

}  // namespace

std::vector<Case> binary_cases() {
  return {
      {"binary", "file",
       "The gateway would read the file: a shared library for this machine that "
       "not everybody may write to.",
       kOnce, Needs::kFile, file},
      {"binary", "load", "It loads with every symbol bound at once, and has the entry.", kOnce,
       Needs::kFile, load},
      {"binary", "exports", "It exports its entry and nothing else.", kOnce, Needs::kFile, exports},
      {"binary", "unique", "Two copies of it share no statics.", kOnce, Needs::kFile, unique},
      {"binary", "hardening", "It weakens no protection of the process.", kOnce, Needs::kFile,
       hardening},
      {"binary", "libraries", "The libraries and the glibc that it needs are named (notes).", kOnce,
       Needs::kFile, libraries},
  };
}

}  // namespace heliograph::sdk::conformance
