#include "core/config/environment.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>

#include "core/base/text.h"

extern char** environ;  // POSIX, environ(7)

namespace heliograph::config {
namespace {

constexpr std::string_view kPrefix = "HELIOGRAPH_";
constexpr std::string_view kFileVariable = "HELIOGRAPH_CONFIG";  // which file: find_source()

// What the command line asks a gateway with; a shell that has them may start one, too.
constexpr std::array<std::string_view, 2> kCommandVariables = {"HELIOGRAPH_URL",
                                                               "HELIOGRAPH_API_KEY"};

// Arrays of tables whose elements have a name that a variable can hold.
struct NamedArray {
  std::string_view path;
  std::string_view name_key;
};
constexpr std::array<NamedArray, 3> kNamedArrays = {
    {{"provider", "id"}, {"client", "name"}, {"plugin", "id"}}};

// "http.max_connections" -> "HTTP_MAX_CONNECTIONS"; anything but letters and digits becomes '_'.
std::string variable_part(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool lower = c >= 'a' && c <= 'z';
    const bool kept = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    out += lower ? static_cast<char>(c - 'a' + 'A') : kept ? c : '_';
  }
  return out;
}

// Cuts `head` and the '_' behind it off `rest`.
bool consume(std::string_view& rest, std::string_view head) {
  if (!rest.starts_with(head) || rest.size() <= head.size() || rest[head.size()] != '_') {
    return false;
  }
  rest.remove_prefix(head.size() + 1);
  return true;
}

// "RECEIPTS__SECRET" -> "receipts.secret": two underscores lead into a table of the plugin.
std::string plugin_key(std::string_view variable) {
  std::string out = base::to_lower_ascii(variable);
  for (auto place = out.find("__"); place != std::string::npos; place = out.find("__")) {
    out.replace(place, 2, ".");
  }
  return out;
}

void collect_references(const Node& node, std::set<std::string>& names) {
  constexpr std::string_view kReference = "env:";
  if (node.kind == Node::Kind::kString && node.text.starts_with(kReference)) {
    names.insert(node.text.substr(kReference.size()));
  }
  for (const Node& item : node.items) collect_references(item, names);
}

class Overrides {
 public:
  Overrides(Node& root, Notes& notes, Report& report)
      : root_(root), notes_(notes), report_(report), keys_(known_keys()) {
    collect_references(root, references_);
  }

  void apply(const std::string& name, const std::string& value) {
    if (name == kFileVariable || references_.contains(name)) return;
    if (std::ranges::find(kCommandVariables, name) != kCommandVariables.end()) return;
    const std::string_view rest = std::string_view(name).substr(kPrefix.size());
    for (const NamedArray& array : kNamedArrays) {
      if (apply_to_element(array, rest, name, value)) return;
    }
    if (const auto path = find_key("", rest)) return set(root_, *path, *path, name, value);
    report_.error({name, 0}, "names no key of the configuration" + hint(rest));
  }

 private:
  // PROVIDER_<ID>_<KEY>. The longest id that fits is meant: "eu" and "eu_west" may both exist.
  bool apply_to_element(const NamedArray& array, std::string_view rest, const std::string& name,
                        const std::string& value) {
    if (!consume(rest, variable_part(array.path))) return false;
    Node* const elements = root_.find(array.path);
    Node* best = nullptr;
    std::string best_name;
    if (elements != nullptr && elements->kind == Node::Kind::kArray) {
      for (Node& element : elements->items) {
        const Node* const id = element.find(array.name_key);
        if (id == nullptr || id->text.size() < best_name.size()) continue;
        std::string_view key = rest;
        if (!consume(key, variable_part(id->text))) continue;
        best = &element;
        best_name = id->text;
      }
    }
    if (best == nullptr) {
      report_.error({name, 0}, fmt::format("there is no [[{}]] of that {} to set anything of",
                                           array.path, array.name_key));
      return true;
    }
    rest.remove_prefix(best_name.size() + 1);
    const auto path = find_key(fmt::format("{}.*.", array.path), rest);
    const std::string shown = fmt::format("{} '{}'", array.path, best_name);
    if (path) {
      set(*best, *path, fmt::format("{} {}", shown, *path), name, value);
    } else {
      report_.error({name, 0}, fmt::format("names no key of {}", shown));
    }
    return true;
  }

  // The path below `parent` ("" or "provider.*.") of the key that `variable` spells.
  std::optional<std::string> find_key(std::string_view parent, std::string_view variable) const {
    for (const KeyInfo& key : keys_) {
      if (!key.path.starts_with(parent)) continue;
      const std::string_view below = std::string_view(key.path).substr(parent.size());
      if (below.contains('*')) continue;
      const std::string spelled = variable_part(below);
      if (key.type != "plugin table" && spelled == variable) return std::string(below);
      std::string_view inner = variable;
      if (key.type == "plugin table" && consume(inner, spelled)) {
        return fmt::format("{}.{}", below, plugin_key(inner));
      }
    }
    return std::nullopt;
  }

  void set(Node& table, const std::string& path, const std::string& shown, const std::string& name,
           const std::string& value) {
    const Origin origin{name, 0};
    Node* const node = table.at_path(path, origin);
    if (node == nullptr) {
      report_.error(origin, fmt::format("{} is below something that is no table", shown));
      return;
    }
    node->kind = Node::Kind::kVariable;
    node->origin = origin;
    node->items.clear();
    node->text = value;
    notes_.push_back(fmt::format("{} sets {}", name, shown));
  }

  std::string hint(std::string_view variable) const {
    std::vector<std::string> spelled;
    for (const KeyInfo& key : keys_) {
      if (!key.path.contains('*')) spelled.push_back(variable_part(key.path));
    }
    const std::vector<std::string_view> candidates(spelled.begin(), spelled.end());
    const auto near = base::nearest(variable, candidates);
    return near.empty() ? "" : fmt::format("; did you mean {}{}?", kPrefix, near);
  }

  Node& root_;
  Notes& notes_;
  Report& report_;
  std::vector<KeyInfo> keys_;
  std::set<std::string> references_;
};

}  // namespace

Environment process_environment() {
  Environment out;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const auto equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    out.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return out;
}

void apply_environment(const Environment& environment, Node& root, Notes& notes, Report& report) {
  Overrides overrides(root, notes, report);
  for (const auto& [name, value] : environment) {
    if (name.starts_with(kPrefix)) overrides.apply(name, value);
  }
}

}  // namespace heliograph::config
