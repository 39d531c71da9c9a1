// Which file holds.
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/unit/config/load.h"

namespace heliograph::config {
namespace {

using testing::ElementsAre;

// Works in a folder of its own, since ./heliograph.toml is one of the places.
class SourceTest : public testing::Test {
 protected:
  SourceTest()
      : before_(std::filesystem::current_path()),
        folder_(std::filesystem::temp_directory_path() /
                ("heliograph-source-" + std::to_string(getpid()))) {
    std::filesystem::create_directories(folder_);
    std::filesystem::current_path(folder_);
  }
  ~SourceTest() override {
    std::filesystem::current_path(before_);
    std::filesystem::remove_all(folder_);
  }

  static void write(const std::string& name, std::string_view text) {
    std::ofstream(name, std::ios::binary) << text;
  }

  std::filesystem::path before_;
  std::filesystem::path folder_;
};

TEST_F(SourceTest, IsTheExplicitOneFirst) {
  write("a.toml", "a");
  write("b.toml", "b");
  write("heliograph.toml", "c");
  const Environment environment = {{"HELIOGRAPH_CONFIG", "b.toml"}};
  EXPECT_EQ(find_source("a.toml", environment)->text, "a");
  EXPECT_EQ(find_source("a.toml", environment)->path, "a.toml");
  EXPECT_EQ(find_source({}, environment)->text, "b");
  EXPECT_EQ(find_source({}, {})->text, "c");
  EXPECT_EQ(find_source({}, {{"HELIOGRAPH_CONFIG", ""}})->text, "c");
}

TEST_F(SourceTest, IsTheEmbeddedOneWhenThereIsNoOther) {
  if (std::filesystem::exists("/etc/heliograph/heliograph.toml")) {
    GTEST_SKIP() << "this machine has a system-wide configuration";
  }
  const auto source = find_source({}, {});
  ASSERT_TRUE(source);
  EXPECT_EQ(source->path, "");
  EXPECT_EQ(source->text, embedded_default());
  EXPECT_EQ(load(*source, {})->source, "the embedded default");
}

TEST_F(SourceTest, IsNotGuessedWhenTheNamedOneCannotBeRead) {
  write("heliograph.toml", "");
  EXPECT_THAT(find_source("none.toml", {}).error().lines,
              ElementsAre("--config: cannot read none.toml: No such file or directory"));
  EXPECT_THAT(find_source({}, {{"HELIOGRAPH_CONFIG", "none.toml"}}).error().lines,
              ElementsAre("HELIOGRAPH_CONFIG: cannot read none.toml: No such file or directory"));
  EXPECT_THAT(find_source(".", {}).error().lines,
              ElementsAre("--config: cannot read .: it is a folder"));
}

TEST_F(SourceTest, RefusesAFileThatIsNoConfiguration) {
  write("large.toml", std::string(4 * 1024 * 1024 + 1, '#'));
  EXPECT_THAT(find_source("large.toml", {}).error().lines,
              ElementsAre("--config: cannot read large.toml: larger than 4 MiB"));
}

TEST_F(SourceTest, IsTheFolderThatPathsStartFrom) {
  std::filesystem::create_directories("conf");
  write("conf/x.toml", "[store]\npath = \"x.db\"\n[plugins]\npath = [\"../p\"]\n");
  const auto source = find_source("conf/x.toml", {});
  ASSERT_TRUE(source);
  const auto config = load(*source, {});
  ASSERT_TRUE(config) << config.error().text();
  const std::filesystem::path here = std::filesystem::current_path();
  EXPECT_EQ(config->source, "conf/x.toml");
  EXPECT_EQ(config->store.path, (here / "conf/x.db").string());
  EXPECT_THAT(config->plugins.path, ElementsAre((here / "p").string()));
}

}  // namespace
}  // namespace heliograph::config
