#include <heliograph/testing/config_tree.hpp>

#include <heliograph/text.hpp>

namespace heliograph::sdk::testing {

hg_status ConfigTree::text(const hg_config* raw, const char* path, hg_str* out) {
  const Value* value = of(raw).tree_.at_path(path);
  if (value == nullptr) return HG_E_NOT_FOUND;
  if (value->type() != Value::Type::kString) return HG_E_CONFIG;
  *out = to_abi(value->text());
  return HG_OK;
}

hg_status ConfigTree::integer(const hg_config* raw, const char* path, int64_t* out) {
  const Value* value = of(raw).tree_.at_path(path);
  if (value == nullptr) return HG_E_NOT_FOUND;
  if (value->type() != Value::Type::kInt && value->type() != Value::Type::kBool) return HG_E_CONFIG;
  *out = value->integer();
  return HG_OK;
}

hg_status ConfigTree::number(const hg_config* raw, const char* path, double* out) {
  const Value* value = of(raw).tree_.at_path(path);
  if (value == nullptr) return HG_E_NOT_FOUND;
  if (value->type() != Value::Type::kInt && value->type() != Value::Type::kFloat) {
    return HG_E_CONFIG;
  }
  *out = value->number();
  return HG_OK;
}

hg_status ConfigTree::type(const hg_config* raw, const char* path, uint32_t* type,
                           size_t* children) {
  const Value* value = of(raw).tree_.at_path(path);
  if (value == nullptr) return HG_E_NOT_FOUND;
  if (type != nullptr) *type = static_cast<uint32_t>(value->type());
  if (children != nullptr) *children = value->children().size();
  return HG_OK;
}

hg_status ConfigTree::key(const hg_config* raw, const char* path, size_t i, hg_str* key) {
  const Value* value = of(raw).tree_.at_path(path);
  if (value == nullptr) return HG_E_NOT_FOUND;
  if (value->type() != Value::Type::kTable) return HG_E_CONFIG;
  if (i >= value->children().size()) return HG_E_NOT_FOUND;
  *key = to_abi(value->children()[i].first);
  return HG_OK;
}

hg_str ConfigTree::json(const hg_config* raw) { return to_abi(of(raw).json_); }

void ConfigTree::install(hg_host& host) {
  host.cfg_str = &ConfigTree::text;
  host.cfg_i64 = &ConfigTree::integer;
  host.cfg_f64 = &ConfigTree::number;
  host.cfg_type = &ConfigTree::type;
  host.cfg_key = &ConfigTree::key;
  host.cfg_json = &ConfigTree::json;
}

}  // namespace heliograph::sdk::testing
