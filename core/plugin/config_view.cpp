#include "core/plugin/config_view.h"

#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "core/base/text.h"
#include "core/plugin/abi_text.h"

namespace heliograph::plugin {

using nlohmann::json;

struct ConfigView::Impl {
  json document;
  std::string text;
};

namespace {

const json* find(const json& node, std::string_view path);

const json* find_in_object(const json& node, std::string_view path) {
  for (auto end = path.find('.');; end = path.find('.', end + 1)) {
    const auto key = path.substr(0, end);
    if (const auto child = node.find(key); child != node.end()) {
      if (end == std::string_view::npos) return &*child;
      if (const auto* found = find(*child, path.substr(end + 1))) return found;
    }
    if (end == std::string_view::npos) return nullptr;
  }
}

const json* find_in_array(const json& node, std::string_view path) {
  const auto end = path.find('.');
  const auto index = base::parse_uint(path.substr(0, end));
  if (!index || *index >= node.size()) return nullptr;
  const auto& child = node[*index];
  return end == std::string_view::npos ? &child : find(child, path.substr(end + 1));
}

// The path is not empty.
const json* find(const json& node, std::string_view path) {
  if (node.is_object()) return find_in_object(node, path);
  if (node.is_array()) return find_in_array(node, path);
  return nullptr;
}

const json* at(const json& document, const char* path) {
  return path == nullptr || *path == '\0' ? &document : find(document, path);
}

std::uint32_t type_of(const json& value) {
  switch (value.type()) {
    case json::value_t::boolean:
      return HG_CFG_BOOL;
    case json::value_t::number_integer:
    case json::value_t::number_unsigned:
      return HG_CFG_INT;
    case json::value_t::number_float:
      return HG_CFG_FLOAT;
    case json::value_t::string:
      return HG_CFG_STRING;
    case json::value_t::array:
      return HG_CFG_ARRAY;
    case json::value_t::object:
      return HG_CFG_TABLE;
    default:
      return HG_CFG_NULL;
  }
}

}  // namespace

ConfigView::ConfigView(nlohmann::json document) {
  auto text = document.dump();
  impl_ = std::make_unique<const Impl>(std::move(document), std::move(text));
}
ConfigView::~ConfigView() = default;

const hg_config* ConfigView::abi() const { return reinterpret_cast<const hg_config*>(this); }
const ConfigView& ConfigView::from(const hg_config* config) {
  return *reinterpret_cast<const ConfigView*>(config);
}

hg_status ConfigView::str(const char* path, hg_str* out) const {
  const auto* value = at(impl_->document, path);
  if (value == nullptr) return HG_E_NOT_FOUND;
  if (!value->is_string()) return HG_E_CONFIG;
  *out = to_abi(value->get_ref<const std::string&>());
  return HG_OK;
}

hg_status ConfigView::i64(const char* path, std::int64_t* out) const {
  const auto* value = at(impl_->document, path);
  if (value == nullptr) return HG_E_NOT_FOUND;
  if (value->is_boolean()) {
    *out = value->get<bool>() ? 1 : 0;
    return HG_OK;
  }
  if (!value->is_number_integer()) return HG_E_CONFIG;
  if (value->is_number_unsigned() &&
      value->get<std::uint64_t>() > std::uint64_t{std::numeric_limits<std::int64_t>::max()}) {
    return HG_E_CONFIG;
  }
  *out = value->get<std::int64_t>();
  return HG_OK;
}

hg_status ConfigView::f64(const char* path, double* out) const {
  const auto* value = at(impl_->document, path);
  if (value == nullptr) return HG_E_NOT_FOUND;
  if (!value->is_number()) return HG_E_CONFIG;
  *out = value->get<double>();
  return HG_OK;
}

hg_status ConfigView::type(const char* path, std::uint32_t* type, std::size_t* children) const {
  const auto* value = at(impl_->document, path);
  if (value == nullptr) return HG_E_NOT_FOUND;
  if (type != nullptr) *type = type_of(*value);
  if (children != nullptr) *children = value->is_structured() ? value->size() : 0;
  return HG_OK;
}

hg_status ConfigView::key(const char* path, std::size_t index, hg_str* out) const {
  const auto* value = at(impl_->document, path);
  if (value == nullptr) return HG_E_NOT_FOUND;
  if (!value->is_object()) return HG_E_CONFIG;
  if (index >= value->size()) return HG_E_NOT_FOUND;
  *out = to_abi(std::next(value->begin(), static_cast<std::ptrdiff_t>(index)).key());
  return HG_OK;
}

hg_str ConfigView::text() const { return to_abi(impl_->text); }

}  // namespace heliograph::plugin
