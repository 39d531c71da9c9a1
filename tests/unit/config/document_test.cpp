#include "core/config/document.h"

#include <gtest/gtest.h>

namespace heliograph::config {
namespace {

TEST(Document, KnowsTheLineOfEverything) {
  const auto root = parse_toml("a = 1\n[b]\nc = { d = 2 }\n[[e]]\nf = 3\n[[e]]\n", "x.toml");
  ASSERT_TRUE(root) << root.error();
  EXPECT_EQ(root->origin.place, "x.toml:1");
  EXPECT_EQ(root->find("a")->origin.place, "x.toml:1");
  EXPECT_EQ(root->find("b")->origin.place, "x.toml:2");
  EXPECT_EQ(root->find("b")->find("c")->find("d")->origin.line, 3);
  EXPECT_EQ(root->find("e")->items.at(0).origin.line, 4);
  EXPECT_EQ(root->find("e")->items.at(0).find("f")->origin.line, 5);
  EXPECT_EQ(root->find("e")->items.at(1).origin.line, 6);
  EXPECT_EQ(root->find("x"), nullptr);
  EXPECT_EQ(root->find("a")->find("x"), nullptr);
}

TEST(Document, KeepsEachKindOfValue) {
  const auto root = parse_toml(
      "s = 'x'\ni = -5\nr = 1.5\nb = true\na = [1]\nd = 2026-11-22\nt = 07:32:00\n"
      "l = 2026-11-22T07:32:00\no = 2026-11-22T07:32:00.5+06:00\n",
      "x.toml");
  ASSERT_TRUE(root) << root.error();
  EXPECT_EQ(root->find("s")->text, "x");
  EXPECT_EQ(root->find("i")->integer, -5);
  EXPECT_EQ(root->find("r")->real, 1.5);
  EXPECT_TRUE(root->find("b")->boolean);
  EXPECT_EQ(root->find("a")->items.size(), 1u);
  EXPECT_EQ(root->find("d")->text, "2026-11-22");
  EXPECT_EQ(root->find("t")->text, "07:32:00");
  EXPECT_EQ(root->find("l")->text, "2026-11-22T07:32:00");
  EXPECT_EQ(root->find("o")->text, "2026-11-22T07:32:00.5+06:00");
}

TEST(Document, MakesTablesOnTheWayToAPath) {
  Node root;
  const Origin origin{"VARIABLE", 0};
  Node* const node = root.at_path("a.b.c", origin);
  ASSERT_NE(node, nullptr);
  node->kind = Node::Kind::kString;
  EXPECT_EQ(root.find("a")->find("b")->find("c"), node);
  EXPECT_EQ(root.at_path("a.b.c", origin), node);
  EXPECT_EQ(root.at_path("a.b.c.d", origin), nullptr);  // below a string
}

Node variable(std::string text) {
  Node node;
  node.kind = Node::Kind::kVariable;
  node.text = std::move(text);
  return node;
}

TEST(Document, GuessesWhatAVariableMeansToAPlugin) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"true", "true"},
      {"false", "false"},
      {"0", "0"},
      {"42", "42"},
      {"007", "\"007\""},
      {"-5", "\"-5\""},
      {"1.5", "\"1.5\""},
      {"text", "\"text\""},
      {"", "\"\""},
      {"\"42\"", "\"42\""},
      {"\"true\"", "\"true\""},
      {"\"", "\"\\\"\""},
      {"1234567890123456789", "\"1234567890123456789\""},
  };
  for (const auto& [text, json] : cases) EXPECT_EQ(to_json(variable(text)), json) << text;
}

TEST(Document, NamesWhatJsonCannotCarry) {
  const auto root = parse_toml("a = { b = [1.0, -inf] }", "x.toml");
  const auto json = to_json(*root);
  ASSERT_FALSE(json);
  EXPECT_EQ(json.error(), "a.b");
}

}  // namespace
}  // namespace heliograph::config
