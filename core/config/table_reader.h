// Reads one table of the configuration key by key: typed, bounded, and with errors that say where.
//
// Everything wrong is collected in a Report and nothing stops at the first error. A key that is
// absent leaves the caller's value, which is the default, alone. What was not asked for when the
// table is done is an unknown key. The same code can run without a document, to list which keys
// exist (Report::keys). For the files of this folder only.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/config.h"
#include "core/config/document.h"
#include "core/config/loader.h"

namespace heliograph::config {

class Report {
 public:
  void error(const Origin& where, std::string message);
  std::vector<std::string> take_errors();  // in the order of their lines, variables first
  bool clean() const { return errors_.empty(); }

  std::vector<KeyInfo>* keys = nullptr;  // not null: only list the keys, there is no document

 private:
  struct Entry {
    int line;
    std::string text;
  };
  std::vector<Entry> errors_;
};

class TableReader {
 public:
  using Words = std::initializer_list<std::string_view>;
  using Visit = std::function<void(TableReader&)>;

  // `table`: null when absent. `label`: how errors call the table, "[http]" ("" for the root).
  // `path`: its place, "http". `prefix`: of its keys behind the label, "" or "limit.".
  TableReader(const Node* table, std::string label, std::string path, std::string prefix,
              Report& report);

  // True when the key is there and right: `out` is what the document says.
  bool text(std::string_view key, std::string& out);
  void choice(std::string_view key, std::string& out, Words words);
  void boolean(std::string_view key, bool& out);
  void real(std::string_view key, double& out, double min, double max);
  void real(std::string_view key, std::optional<double>& out, double min, double max);
  void duration(std::string_view key, milliseconds& out, milliseconds min, milliseconds max);
  void duration(std::string_view key, std::optional<milliseconds>& out, milliseconds min,
                milliseconds max);
  void size(std::string_view key, std::uint64_t& out);  // bytes
  void texts(std::string_view key, std::vector<std::string>& out);
  void plugin_table(std::string_view key, PluginTable& out);

  template <class Integer>
  void integer(std::string_view key, Integer& out, std::int64_t min, std::int64_t max) {
    if (const auto value = read_integer(key, min, max)) out = static_cast<Integer>(*value);
  }
  template <class Integer>
  void integer(std::string_view key, std::optional<Integer>& out, std::int64_t min,
               std::int64_t max) {
    if (const auto value = read_integer(key, min, max)) out = static_cast<Integer>(*value);
  }

  // A table below this one, when it is there. `header`: written as a section of its own ("[http]")
  // rather than inside this one ("total = { ... }").
  void section(std::string_view key, const Visit& visit);
  void inline_table(std::string_view key, const Visit& visit);
  // Each element of [[key]]. `name_key`: the key whose value names an element in errors.
  void sections(std::string_view key, std::string_view name_key, const Visit& visit);

  bool has(std::string_view key) const;
  // Something is wrong with a key (or, when it is absent, with the table).
  void error(std::string_view key, std::string_view message);
  void require(std::string_view key);  // an error when it is absent
  std::string where() const;           // "heliograph.toml:41: [[provider]] 'acme'"

  void finish();  // every key that nobody asked for is an error

 private:
  const Node* take(std::string_view key, std::string_view type);
  std::optional<std::int64_t> read_integer(std::string_view key, std::int64_t min,
                                           std::int64_t max);
  std::optional<double> read_real(std::string_view key, double min, double max);
  std::optional<milliseconds> read_duration(std::string_view key, milliseconds min,
                                            milliseconds max);
  void expected(const Node& node, std::string_view key, std::string_view what);
  void visit_table(const Node* node, std::string label, std::string path, std::string prefix,
                   const Visit& visit);
  std::string full_path(std::string_view key) const;
  bool listing() const { return report_.keys != nullptr; }

  const Node* table_;
  std::string label_;
  std::string path_;
  std::string prefix_;
  Report& report_;
  std::vector<std::string_view> known_;
};

}  // namespace heliograph::config
