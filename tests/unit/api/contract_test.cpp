// The contract (docs/openapi/openapi.json) and the router say the same, both ways.
#include <gmock/gmock.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include "core/api/documents.h"
#include "tests/unit/api/api_fixture.h"

namespace heliograph::test {
namespace {

using nlohmann::json;

const json& contract() {
  static const json parsed = json::parse(api::find_embedded_file("openapi.json")->plain);
  return parsed;
}

bool is_method(std::string_view name) {
  static const std::set<std::string_view> methods{"get",   "head",   "post",   "put",
                                                  "patch", "delete", "options"};
  return methods.contains(name);
}

struct Operation {
  std::string name;  // "POST /v1/messages"
  std::string path;
  json path_item;
  json body;
};

std::vector<Operation> operations() {
  std::vector<Operation> all;
  for (const auto& [path, item] : contract().at("paths").items()) {
    for (const auto& [method, body] : item.items()) {
      if (!is_method(method)) continue;
      std::string upper = method;
      std::ranges::transform(upper, upper.begin(), [](unsigned char c) { return std::toupper(c); });
      all.push_back({.name = upper + " " + path, .path = path, .path_item = item, .body = body});
    }
  }
  return all;
}

class ContractTest : public ApiTest {};

TEST_F(ContractTest, HasEveryRouteOfTheRouterAndNothingElse) {
  std::vector<std::string> documented;
  for (const Operation& operation : operations()) documented.push_back(operation.name);
  EXPECT_GT(documented.size(), 20U);
  EXPECT_THAT(documented, ::testing::UnorderedElementsAreArray(routes()))
      << "docs/openapi/openapi.json and the routes of core/api differ";
}

TEST_F(ContractTest, DeclaresTheParametersOfEachPath) {
  for (const Operation& operation : operations()) {
    std::set<std::string> in_path;
    for (std::size_t at = 0; (at = operation.path.find('{', at)) != std::string::npos; ++at) {
      in_path.insert(operation.path.substr(at + 1, operation.path.find('}', at) - at - 1));
    }
    std::set<std::string> declared;
    for (const json& given : operation.path_item.value("parameters", json::array())) {
      const json& parameter =
          given.contains("$ref")
              ? contract().at(json::json_pointer(given.at("$ref").get<std::string>().substr(1)))
              : given;
      if (parameter.at("in") == "path") declared.insert(parameter.at("name").get<std::string>());
    }
    EXPECT_EQ(declared, in_path) << operation.name;
  }
}

// What the door of a route asks for is what the contract says: without a key, only what is declared
// free of one is not answered 401.
TEST_F(ContractTest, AsksForAKeyWhereTheContractSaysSo) {
  for (const Operation& operation : operations()) {
    const bool open = operation.body.contains("security") && operation.body.at("security").empty();
    std::string target = operation.path;
    for (std::size_t at = 0; (at = target.find('{')) != std::string::npos;) {
      target.replace(at, target.find('}') - at + 1, "x");
    }
    const bool is_get = operation.name.starts_with("GET");
    ASSERT_TRUE(is_get || operation.name.starts_with("POST")) << operation.name;
    const http::Response response = send(is_get ? get(target, "") : post(target, "{}", ""));
    EXPECT_EQ(response.status == 401, !open) << operation.name << " " << response.status;
  }
}

TEST_F(ContractTest, GivesEachOperationItsOwnIdAndAKnownTag) {
  std::set<std::string> tags;
  for (const json& tag : contract().at("tags")) tags.insert(tag.at("name").get<std::string>());
  std::map<std::string, int> ids;
  for (const Operation& operation : operations()) {
    ++ids[operation.body.at("operationId").get<std::string>()];
    for (const json& tag : operation.body.at("tags")) {
      EXPECT_TRUE(tags.contains(tag.get<std::string>())) << operation.name << " " << tag;
    }
  }
  for (const auto& [id, uses] : ids) EXPECT_EQ(uses, 1) << id;
}

}  // namespace
}  // namespace heliograph::test
