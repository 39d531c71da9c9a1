#include "core/app/mock/inbound_event.h"

#include <nlohmann/json.hpp>

namespace heliograph::app::mock {
namespace {

using Json = nlohmann::json;

bool is_text(const Json& document, const char* name) {
  const auto found = document.find(name);
  return found != document.end() && found->is_string() &&
         !found->get_ref<const std::string&>().empty();
}

}  // namespace

std::expected<std::string, std::string> inbound_event(const Json& document, const std::string& id) {
  if (!document.is_object()) return std::unexpected("a JSON object is expected");
  if (!is_text(document, "from")) return std::unexpected("from is missing");
  if (!is_text(document, "to")) return std::unexpected("to is missing");
  const Json text = document.value("text", Json(""));
  const Json media = document.value("media", Json::array());
  if (!text.is_string()) return std::unexpected("text is no string");
  if (!media.is_array()) return std::unexpected("media is no array");
  return Json{{"type", "inbound"}, {"from", document["from"]}, {"to", document["to"]},
              {"text", text},      {"media", media},           {"id", id}}
      .dump();
}

}  // namespace heliograph::app::mock
