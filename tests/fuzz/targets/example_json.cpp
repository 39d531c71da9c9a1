// The JSON of the C example and scaffold, which plugin authors start from: a provider's answer is
// foreign, and so are the texts that are written.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>

#include "tests/fuzz/target.h"

extern "C" {
#include "sdk/examples/c_provider/json.h"
}

namespace heliograph {
namespace {

using nlohmann::json;

hg_str view(std::string_view text) { return {text.data(), text.size()}; }

// The member as the grammar has it; nullopt: no object, a name that is there twice, which may mean
// either, or a value that the reader does not promise to find.
std::optional<std::string> member(std::string_view document, const std::string& name) {
  bool twice = false;
  std::set<std::string> seen;
  const auto note = [&](int depth, json::parse_event_t event, json& value) {
    if (event == json::parse_event_t::key && depth == 1) {
      twice = !seen.insert(value.get<std::string>()).second || twice;
    }
    return true;
  };
  const json parsed = json::parse(document, note, false);
  if (!parsed.is_object() || twice || !parsed.contains(name)) return std::nullopt;
  const json& value = parsed[name];
  if (!value.is_string()) return std::nullopt;
  return value.get<std::string>();
}

void check_reading(std::string_view document) {
  std::array<char, 24> out{};
  // Sized exactly, so that a byte read beyond it is noticed.
  const std::string exact(document);
  const std::size_t size = json_member(view(exact), view("id"), out.data(), out.size());
  MUST(size <= out.size());
  const std::string got(out.data(), size);
  // Escaped names and texts are nothing that ids are made of.
  const auto expected = member(document, "id");
  if (!expected || document.contains('\\')) return;
  MUST(expected->size() > out.size() ? size == 0 : got == *expected);
}

void check_writing(std::string_view first, std::string_view second) {
  json_object object{};
  json_add(&object, "first", view(first));
  json_add(&object, "second", view(second));
  const hg_str written = json_end(&object);
  MUST(!object.failed && written.len > 0);
  const json parsed = json::parse(std::string_view(written.ptr, written.len), nullptr, false);
  std::free(object.text);
  if (parsed.is_discarded()) {  // what is no UTF-8 comes out as it went in, which is no JSON
    const auto ascii = [](std::string_view text) {
      return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
    };
    MUST(!ascii(first) || !ascii(second));
    return;
  }
  MUST(parsed.at("first") == first && parsed.at("second") == second);
}

}  // namespace

FUZZ_TARGET(example_json) {
  check_reading(input);
  fuzz::Pieces pieces(input);
  const std::string_view first = pieces.line();
  check_writing(first, pieces.rest());
}

}  // namespace heliograph
