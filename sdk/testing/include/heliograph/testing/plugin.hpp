// Plugin: a plugin library under test, linked into the test or loaded from a file.
#pragma once

#include <heliograph/abi/abi.h>

#include <string>
#include <string_view>

namespace heliograph::sdk::testing {

class Plugin {
 public:
  // Of the plugin that is linked into this program (the <target>_objects of heliograph_add_plugin):
  //   Plugin plugin(&hg_plugin_entry_v1);
  // Throws std::runtime_error with the plugin's text when it refuses this host, or breaks the rules
  // of a descriptor (missing names, slots or schema).
  explicit Plugin(hg_entry_fn function);
  // Of a shared library, which then stays loaded. Throws std::runtime_error, also when it cannot be
  // loaded.
  explicit Plugin(const std::string& path);

  const hg_module& module() const { return *module_; }
  hg_entry_fn entry() const { return entry_; }
  // Throws std::out_of_range when the module has none of that id.
  const hg_component& component(std::string_view id) const;

 private:
  hg_entry_fn entry_;
  const hg_module* module_;
};

}  // namespace heliograph::sdk::testing
