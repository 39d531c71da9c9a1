// ConfigView: a validated configuration as plugins read it, by dotted path: the hg_config of the
// ABI. Immutable; any thread; whatever it returns lives as long as it does.
#pragma once

#include <heliograph/abi/host.h>

#include <memory>
#include <nlohmann/json_fwd.hpp>

namespace heliograph::plugin {

class ConfigView {
 public:
  explicit ConfigView(nlohmann::json document);
  ~ConfigView();
  ConfigView(const ConfigView&) = delete;
  ConfigView& operator=(const ConfigView&) = delete;

  // The opaque pointer that create() hands to the plugin, and the way back.
  const hg_config* abi() const;
  static const ConfigView& from(const hg_config* config);

  // As the functions of hg_host say (abi/host.h). A key that contains dots is found as a whole.
  hg_status str(const char* path, hg_str* out) const;
  hg_status i64(const char* path, std::int64_t* out) const;
  hg_status f64(const char* path, double* out) const;
  hg_status type(const char* path, std::uint32_t* type, std::size_t* children) const;
  hg_status key(const char* path, std::size_t index, hg_str* out) const;
  hg_str text() const;

 private:
  struct Impl;
  std::unique_ptr<const Impl> impl_;
};

}  // namespace heliograph::plugin
