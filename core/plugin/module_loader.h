// Module loader: from a file to a module that was inspected, copied, mapped, asked who it is, and
// found acceptable.
//
// A module stays mapped until the process ends (RTLD_NODELETE, and the handle is kept): threads,
// thread-local destructors and atexit handlers of a library that was unmapped crash the process,
// and Go and Rust libraries cannot be unmapped at all. Boost.DLL's shared_library is used for what
// it is good at; it is never copied or move-assigned.
//
// [control thread]
#pragma once

#include <expected>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "core/plugin/elf_inspector.h"
#include "core/plugin/module_files.h"
#include "core/plugin/negotiation.h"

namespace boost::dll {
class shared_library;
}

namespace heliograph::plugin {

struct Module {
  std::filesystem::path source;  // the operator's file, canonical
  std::filesystem::path copy;    // what is mapped
  std::string sha256;
  ElfFacts elf;
  ModuleInfo info;
  std::vector<std::string> warnings;
};

class ModuleLoader {
 public:
  // Copies go to `copy_folder`; those of processes that are gone are removed from it.
  ModuleLoader(std::filesystem::path copy_folder, std::string gateway_version);
  ~ModuleLoader();  // removes its copies; the mappings stay
  ModuleLoader(const ModuleLoader&) = delete;
  ModuleLoader& operator=(const ModuleLoader&) = delete;

  // Different files that one component may have had: each stays in memory, and a plugin's memory
  // and static TLS are not ours to bound otherwise.
  static constexpr std::size_t kGenerationsMax = 8;

  // The same bytes are loaded once, whatever their paths. Of the module's functions only the entry
  // is called; what was mapped and refused once is refused without being mapped again.
  // `component` names what it is loaded for, "provider http": its ninth file is refused.
  // The error is a sentence naming the file.
  std::expected<std::shared_ptr<const Module>, std::string> load(const ModuleLocation& location,
                                                                 const std::string& component = {});

  // Calls the module's init(), the first time. To be done before the first create().
  std::expected<void, std::string> initialise(const Module& module);

  // Checks the file's form only; nothing of it runs.
  static std::expected<ElfFacts, std::string> inspect(const ModuleBytes& module);

 private:
  std::expected<std::shared_ptr<const Module>, std::string> map(const ModuleBytes& bytes,
                                                                ElfFacts facts,
                                                                std::size_t& generations);
  std::expected<ModuleInfo, std::string> introduce(boost::dll::shared_library& library);

  std::filesystem::path copy_folder_;
  std::string gateway_version_;
  std::map<std::string, std::shared_ptr<const Module>> by_digest_;
  std::map<std::string, std::string> refused_;  // why, by digest: mapped, and not acceptable
  std::set<std::string> initialised_;
  std::map<std::string, std::size_t> generations_;  // files loaded, by component
};

}  // namespace heliograph::plugin
