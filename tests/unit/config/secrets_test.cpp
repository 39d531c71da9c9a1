#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/unit/config/load.h"

namespace heliograph::config {
namespace {

class Secrets : public testing::Test {
 protected:
  Secrets()
      : folder_(std::filesystem::temp_directory_path() /
                ("heliograph-secrets-" + std::to_string(getpid()))) {
    std::filesystem::create_directories(folder_);
  }
  ~Secrets() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& name, std::string_view text) {
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }
  std::expected<std::string, std::string> resolve(std::string_view written) {
    return resolve_secret(written, {{"TOKEN", "from env"}, {"EMPTY", ""}}, folder_.string());
  }

  std::filesystem::path folder_;
};

TEST_F(Secrets, AreLiterals) {
  EXPECT_EQ(resolve("plain"), "plain");
  EXPECT_EQ(resolve(""), "");
  EXPECT_EQ(resolve("environment:TOKEN"), "environment:TOKEN");
}

TEST_F(Secrets, ComeFromTheEnvironment) {
  EXPECT_EQ(resolve("env:TOKEN"), "from env");
  EXPECT_EQ(resolve("env:NONE").error(), "environment variable NONE is not set");
  EXPECT_EQ(resolve("env:EMPTY").error(), "environment variable EMPTY is empty");
}

TEST_F(Secrets, ComeFromFiles) {
  write("a", "hush\n");
  write("b", "hush\r\n");
  write("c", "hush \n\n");
  write("d", "hush");
  EXPECT_EQ(resolve("file:a"), "hush");
  EXPECT_EQ(resolve("file:b"), "hush");
  EXPECT_EQ(resolve("file:c"), "hush \n");  // one newline is the editor's, the rest is meant
  EXPECT_EQ(resolve("file:" + (folder_ / "d").string()), "hush");
}

TEST_F(Secrets, SayWhyAFileCannotBeRead) {
  write("empty", "\n");
  write("large", std::string(64 * 1024 + 1, 'x'));
  const auto path = [&](const std::string& name) { return (folder_ / name).string(); };
  EXPECT_EQ(resolve("file:none").error(),
            "cannot read " + path("none") + ": No such file or directory");
  EXPECT_EQ(resolve("file:empty").error(), "cannot read " + path("empty") + ": it is empty");
  EXPECT_EQ(resolve("file:large").error(), "cannot read " + path("large") + ": larger than 64 KiB");
  EXPECT_FALSE(resolve("file:."));
}

}  // namespace
}  // namespace heliograph::config
