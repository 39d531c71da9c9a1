#include "core/app/configuration.h"

#include "core/app/part_options.h"
#include "core/config/loader.h"

namespace heliograph::app {
namespace {

template <class T>
T value_or_throw(std::expected<T, config::ConfigErrors> result) {
  if (!result) throw ConfigInvalid(result.error().text());
  return std::move(*result);
}

}  // namespace

config::Config load_configuration(const std::optional<std::string>& path, bool demo) {
  const auto environment = config::process_environment();
  config::Source source;
  if (demo && !path) {
    source.name = "the embedded demo";
    source.text = config::embedded_demo();
  } else {
    source = value_or_throw(config::find_source(path, environment));
  }
  return value_or_throw(config::load(source, environment));
}

void check_files(const config::Config& config) {
  std::string text;
  for (const auto& problem : http::tls_problems(listener_options(config))) {
    text += (text.empty() ? "" : "\n") + problem;
  }
  if (!text.empty()) throw ConfigInvalid(text);
}

}  // namespace heliograph::app
