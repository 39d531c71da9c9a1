// JSON from strangers: the gateway's strict reader and the SDK's scanner, beside a third one.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "core/api/json_value.h"
#include "core/base/text.h"
#include "core/model/content.h"
#include "tests/fuzz/target.h"

#include <heliograph/json.hpp>

namespace heliograph {
namespace {

void check_tree(const api::JsonValue& value, std::size_t depth) {
  MUST(depth <= api::kJsonDepthMax);
  MUST(value.items.size() <= api::kJsonMembersMax);
  if (value.kind == api::JsonKind::kObject) MUST(value.names.size() == value.items.size());
  MUST(base::is_utf8(value.text) && !value.text.contains('\0'));
  for (std::size_t i = 0; i < value.names.size(); ++i)
    MUST(value.find(value.names[i]) == &value.items[i]);
  for (const api::JsonValue& item : value.items) check_tree(item, depth + 1);
}

}  // namespace

FUZZ_TARGET(json) {
  const bool known = nlohmann::json::accept(input);
  if (const auto tree = api::parse_json(input)) {
    MUST(known && !input.contains('\0'));
    check_tree(*tree, 0);
  } else {
    MUST(tree.error().status == 400 && !tree.error().detail.empty());
  }
  if (sdk::json::valid(input)) {
    // The scanner leaves UTF-8, surrogates and the size of numbers to whoever takes a value out.
    MUST(known || !base::is_utf8(input) || input.find_first_of("\\eE") != std::string_view::npos ||
         input.size() > 300);
    for (const std::string_view element : sdk::json::elements(input)) {
      MUST(fuzz::is_slice(element, input));
      if (const auto text = sdk::json::scalar_text(element))
        MUST(!base::is_utf8(input) || base::is_utf8(*text));
    }
    static_cast<void>(sdk::json::text_at(input, "/a/0/b"));
    static_cast<void>(sdk::json::text_at(input, "/status"));
  } else {
    // Deeper than it goes, or what the other takes beside JSON: a byte order mark, NUL as the end.
    MUST(!known || input.contains('\0') || input.starts_with("\xEF\xBB\xBF") ||
         std::ranges::count(input, '[') + std::ranges::count(input, '{') >
             sdk::json::detail::kDepthMax);
  }
  if (const auto content = model::unpack(input)) {
    const auto again = model::unpack(model::pack(*content));
    MUST(content->empty() || (again && *again == *content));
    MUST(model::unpack_view(input).has_value());
  }
}

}  // namespace heliograph
