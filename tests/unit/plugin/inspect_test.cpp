#include "core/plugin/inspect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/plugin/files.h"

namespace heliograph::plugin {
namespace {

using ::testing::HasSubstr;

TEST(Inspect, TellsModuleComponentsSchemaAndElfFacts) {
  const TempFolder folder;
  const auto module = inspect_file(test_plugin("probe"), folder.path() / "copies", "test");
  ASSERT_TRUE(module) << module.error();
  const auto text = inspect_text(**module);
  for (const auto* part :
       {"probe 1.2.3", "sha256", "built with 1.0, needs 1.0", "license        MIT", "libc.so",
        "provider 'probe'", "Does what the message's text says.", "own threads",
        "distributor 'probe'", "limiter 'probe'"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
}

TEST(Inspect, SchemaAsTableAndAsExample) {
  const TempFolder folder;
  const auto module = inspect_file(test_plugin("probe"), folder.path() / "copies", "test");
  const auto& provider = (*module)->info.components.front();
  EXPECT_EQ(schema_table(provider),
            "  key       type      default   meaning\n"
            "  mode      string    \"plain\"\n"
            "  password  secret\n"
            "  timeout   duration  \"5s\"\n"
            "  url       string    required  where the peer is\n");
  EXPECT_EQ(example_toml(provider),
            "[[provider]]\n"
            "id = \"my_probe\"\n"
            "plugin = \"probe\"\n"
            "[provider.config]\n"
            "# mode = \"plain\"\n"
            "# password = \"env:NAME\"\n"
            "# timeout = \"5s\"\n"
            "url = \"http://peer/\"\n");
}

TEST(Inspect, MarkdownHasATableAndAnExample) {
  const TempFolder folder;
  const auto module = inspect_file(test_plugin("probe"), folder.path() / "copies", "test");
  const auto text = markdown_text(**module);
  EXPECT_THAT(text, testing::StartsWith("## provider `probe`\n"));
  EXPECT_THAT(text, HasSubstr("\n| `url` | string | required | where the peer is |\n"));
  EXPECT_THAT(text, HasSubstr("\n| `timeout` | duration | `\"5s\"` |  |\n"));
  EXPECT_THAT(text, HasSubstr("```toml\n[[provider]]\nid = \"my_probe\"\n"));
  EXPECT_THAT(text, HasSubstr("## limiter `probe`"));
}

TEST(Inspect, BrokenSchemaDoesNotStopInspection) {
  const TempFolder folder;
  const auto module = inspect_file(test_plugin("broken_schema"), folder.path() / "copies", "test");
  ASSERT_TRUE(module) << module.error();
  EXPECT_THAT(inspect_text(**module), HasSubstr("takes no configuration"));
}

}  // namespace
}  // namespace heliograph::plugin
