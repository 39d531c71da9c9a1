// GET /v1/admin/plugins: the instances that run, of which file and version, and what they did
// against the rules.
#include "core/api/endpoint.h"
#include "core/api/message_json.h"

namespace heliograph::api {
namespace {

void write_instance(JsonWriter& json, const PluginInstance& instance) {
  json.begin_object();
  json.text("name", instance.name);
  json.text("kind", instance.kind);
  json.text("plugin", instance.plugin);
  json.text_unless_empty("version", instance.version);
  json.text_unless_empty("file", instance.file);
  json.text_unless_empty("sha256", instance.sha256);
  json.count("generation", instance.generation);
  json.text("state", instance.state);
  json.text_unless_empty("problem", instance.problem);
  json.begin_object("misbehaviour");
  for (const auto& [kind, count] : instance.misbehaviour) json.count(kind, count);
  json.end_object();
  json.end_object();
}

boost::asio::awaitable<http::Response> list_plugins(Call& call) {
  const PluginDirectory* directory = call.ports().plugins;
  JsonWriter json(1024);
  json.begin_object();
  json.begin_array("plugins");
  if (directory != nullptr) {
    for (const PluginInstance& instance : directory->plugins()) write_instance(json, instance);
  }
  json.end_array();
  json.end_object();
  co_return json_response(200, json);
}

}  // namespace

void add_admin_plugins(Routes& routes) {
  routes.admin(http::Method::kGet, "/v1/admin/plugins", list_plugins);
}

}  // namespace heliograph::api
