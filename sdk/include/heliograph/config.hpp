// Config: typed access to an instance's validated configuration.
//
// The gateway has checked the table against the component's schema and filled the defaults in, so a
// key with a default is always there; a missing or mistyped key throws ConfigError with its path,
// which create() reports. Views live until destroy(): keep them, nothing needs to be copied.
//
//   url_(config.text("url")), timeout_(config.duration("timeout"))
//   for (const sdk::Config& header : config.children("headers")) use(header.key(), header.text());
#pragma once

#include <heliograph/abi/abi.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <heliograph/text.hpp>

namespace heliograph::sdk {

// One node of the configuration: the whole, or what a path below it names. Cheap to copy.
// [any thread], between create() and destroy().
class Config {
 public:
  Config(const hg_host* host, const hg_config* raw) : host_(host), raw_(raw) {}

  // Values at a dotted path below this node, "" being the node itself. Throw ConfigError.
  std::string_view text(std::string_view path = {}) const { return must(find_text(path), path); }
  std::int64_t integer(std::string_view path = {}) const { return must(find_integer(path), path); }
  double number(std::string_view path = {}) const { return must(find_number(path), path); }
  bool flag(std::string_view path = {}) const { return integer(path) != 0; }
  // Of a key with "x-unit": "duration".
  std::chrono::nanoseconds duration(std::string_view path = {}) const {
    return std::chrono::nanoseconds{integer(path)};
  }

  // The same, nullopt when the key is absent. Another type still throws.
  std::optional<std::string_view> find_text(std::string_view path = {}) const {
    hg_str value{};
    return read(host_->cfg_str, path, value) ? std::optional(to_view(value)) : std::nullopt;
  }
  std::optional<std::int64_t> find_integer(std::string_view path = {}) const {
    int64_t value = 0;
    return read(host_->cfg_i64, path, value) ? std::optional<std::int64_t>(value) : std::nullopt;
  }
  std::optional<double> find_number(std::string_view path = {}) const {
    double value = 0;
    return read(host_->cfg_f64, path, value) ? std::optional(value) : std::nullopt;
  }

  bool has(std::string_view path) const { return type(path) != HG_CFG_NULL; }

  // HG_CFG_*; HG_CFG_NULL when absent.
  std::uint32_t type(std::string_view path = {}) const {
    uint32_t type = HG_CFG_NULL;
    return host_->cfg_type(raw_, full(path).c_str(), &type, nullptr) == HG_OK ? type : HG_CFG_NULL;
  }

  // A node of its own, for a table or array element that is read in several places.
  Config at(std::string_view path) const {
    Config node(*this);
    node.path_ = full(path);
    return node;
  }

  // The elements of an array, or the values of a table, in order; empty when absent.
  std::vector<Config> children(std::string_view path = {}) const {
    const std::string base = full(path);
    uint32_t type = HG_CFG_NULL;
    size_t count = 0;
    std::vector<Config> nodes;
    if (host_->cfg_type(raw_, base.c_str(), &type, &count) != HG_OK) return nodes;
    for (size_t i = 0; i < count; ++i) nodes.push_back(child(base, type, i));
    return nodes;
  }

  // The last step of this node's path: a table's key, an array's index, "" for the whole.
  std::string_view key() const {
    const std::size_t dot = path_.rfind('.');
    return std::string_view(path_).substr(dot == std::string::npos ? 0 : dot + 1);
  }

  // The whole configuration, whatever this node is, as JSON.
  std::string_view json() const { return to_view(host_->cfg_json(raw_)); }

 private:
  template <typename T, typename Reader>
  bool read(Reader reader, std::string_view path, T& value) const {
    const std::string where = full(path);
    const hg_status status = reader(raw_, where.c_str(), &value);
    if (status == HG_OK) return true;
    if (status == HG_E_NOT_FOUND) return false;
    throw ConfigError(where, "is of another type than the plugin reads");
  }

  template <typename T>
  T must(std::optional<T> value, std::string_view path) const {
    if (!value) throw ConfigError(full(path), "is missing");
    return *value;
  }

  std::string full(std::string_view path) const {
    if (path_.empty()) return std::string(path);
    return path.empty() ? path_ : path_ + "." + std::string(path);
  }

  Config child(const std::string& base, uint32_t type, size_t i) const {
    std::string step = std::to_string(i);
    hg_str key{};
    if (type == HG_CFG_TABLE && host_->cfg_key(raw_, base.c_str(), i, &key) == HG_OK) {
      step = std::string(to_view(key));
    }
    Config node(host_, raw_);
    node.path_ = base.empty() ? step : base + "." + step;
    return node;
  }

  const hg_host* host_;
  const hg_config* raw_;
  std::string path_;
};

}  // namespace heliograph::sdk
