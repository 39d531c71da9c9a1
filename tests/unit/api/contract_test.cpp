// The contract (docs/openapi/openapi.json) and the router say the same, both ways.
#include <gmock/gmock.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include "core/api/documents.h"
#include "tests/unit/api/twillow_fixture.h"

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

// With every facade on.
class ContractTest : public TwillowTest {
 protected:
  // The routes as the contract writes them. A facade has a path for each configured provider, which
  // the contract, the same for every gateway, has as one with a parameter.
  std::set<std::string> routes_in_the_contracts_words() const {
    std::set<std::string> named;
    for (std::string route : routes()) {
      const bool of_a_provider = std::ranges::any_of(
          settings.sms_providers,
          [&](const std::string& provider) { return route == "POST /api/sms/" + provider; });
      named.insert(of_a_provider ? "POST /api/sms/{provider}" : std::move(route));
    }
    return named;
  }

  // Without a key.
  http::Response ask(const Operation& operation) {
    std::string target = operation.path;
    for (std::size_t at = 0; (at = target.find('{')) != std::string::npos;) {
      target.replace(at, target.find('}') - at + 1, "provider1");
    }
    const std::string method = operation.name.substr(0, operation.name.find(' '));
    const bool has_body = method == "POST" || method == "PUT" || method == "PATCH";
    http::Request request = has_body ? post(target, "{}", "") : get(target, "");
    const auto known = {http::Method::kGet, http::Method::kPost, http::Method::kPut,
                        http::Method::kPatch, http::Method::kDelete};
    const auto* found = std::ranges::find(
        known, method, [](http::Method one) { return std::string(http::to_string(one)); });
    EXPECT_NE(found, known.end()) << operation.name;
    if (found != known.end()) request.method = *found;
    return send(std::move(request));
  }
};

TEST_F(ContractTest, HasEveryRouteOfTheRouterAndNothingElse) {
  std::vector<std::string> documented;
  for (const Operation& operation : operations()) documented.push_back(operation.name);
  EXPECT_GT(documented.size(), 20U);
  EXPECT_THAT(documented, ::testing::UnorderedElementsAreArray(routes_in_the_contracts_words()))
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
    const http::Response response = ask(operation);
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
