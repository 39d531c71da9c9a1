#include "core/plugin/module_loader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <dlfcn.h>

#include "core/plugin/abi_text.h"
#include "core/plugin/vtables.h"
#include "tests/unit/plugin/files.h"

namespace heliograph::plugin {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ModuleLoaderTest : public ::testing::Test {
 protected:
  auto load(std::string_view name, const std::string& sha256 = {}) {
    return loader.load({.file = test_plugin(name), .sha256 = sha256, .required = true});
  }
  std::string error(std::string_view name) {
    const auto module = load(name);
    return module ? "" : module.error();
  }
  TempFolder folder;
  ModuleLoader loader{folder.path() / "copies", "test"};
};

TEST_F(ModuleLoaderTest, GoodModule) {
  const auto module = load("probe");
  ASSERT_TRUE(module) << module.error();
  EXPECT_EQ((*module)->info.name, "probe");
  EXPECT_EQ((*module)->info.components.size(), 3U);
  EXPECT_NE((*module)->info.find(HG_KIND_LIMITER, "probe"), nullptr);
  EXPECT_EQ((*module)->info.find(HG_KIND_LIMITER, "other"), nullptr);
  EXPECT_NE((*module)->copy, (*module)->source);
  EXPECT_EQ(load("probe").value(), *module) << "the same bytes are loaded once";
}

TEST_F(ModuleLoaderTest, SameBytesUnderAnotherName) {
  std::filesystem::copy_file(test_plugin("probe"), folder.path() / "other.so");
  const auto first = load("probe");
  const auto second =
      loader.load({.file = folder.path() / "other.so", .sha256 = {}, .required = true});
  EXPECT_EQ(first.value(), second.value());
}

TEST_F(ModuleLoaderTest, MappingSurvivesTheLoader) {
  std::string copy;
  {
    ModuleLoader other{folder.path() / "more", "test"};
    copy = other.load({.file = test_plugin("unknown_kind"), .sha256 = {}, .required = true})
               .value()
               ->copy;
    EXPECT_TRUE(std::filesystem::exists(copy));
  }
  EXPECT_FALSE(std::filesystem::exists(copy)) << "the copy's name is gone";
  void* library = ::dlopen(copy.c_str(), RTLD_NOW | RTLD_NOLOAD);
  EXPECT_NE(library, nullptr) << "the code is not";
  if (library != nullptr) ::dlclose(library);
}

TEST_F(ModuleLoaderTest, PinnedDigest) {
  const auto digest = load("probe").value()->sha256;
  ModuleLoader other{folder.path() / "more", "test"};
  EXPECT_TRUE(other.load({.file = test_plugin("probe"), .sha256 = digest, .required = true}));
  const auto refused = load("probe", std::string(64, 'a'));
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error(), HasSubstr("is pinned"));
  EXPECT_THAT(refused.error(), HasSubstr(digest));
}

TEST_F(ModuleLoaderTest, NewerAbi) {
  EXPECT_THAT(error("needs_newer"),
              HasSubstr("plugin 'acme' needs ABI 1.9, this gateway has 1.0. Use a newer gateway or "
                        "rebuild with SDK 1.0."));
}

TEST_F(ModuleLoaderTest, OtherMajor) {
  EXPECT_THAT(error("other_major"),
              HasSubstr("plugin 'acme' speaks ABI 2, this gateway speaks ABI 1"));
}

TEST_F(ModuleLoaderTest, WhoeverTriesARefusedFileAgainUsesUpNothing) {
  const auto of_a_component = [this](std::string_view name) {
    return loader.load({.file = test_plugin(name), .sha256 = {}, .required = true},
                       "limiter probe");
  };
  const auto first = of_a_component("other_major");
  ASSERT_FALSE(first);
  for (std::size_t i = 0; i < 2 * ModuleLoader::kGenerationsMax; ++i) {
    EXPECT_EQ(of_a_component("other_major").error(), first.error());
  }
  const auto mended = of_a_component("probe");
  EXPECT_TRUE(mended) << mended.error();
}

TEST_F(ModuleLoaderTest, UnknownKindIsSkippedWithAWarning) {
  const auto module = load("unknown_kind");
  ASSERT_TRUE(module) << module.error();
  EXPECT_EQ((*module)->info.components.size(), 1U);
  EXPECT_THAT((*module)->warnings, ElementsAre(HasSubstr("'future' is of kind 42")));
}

TEST_F(ModuleLoaderTest, MissingRequiredSlot) {
  EXPECT_THAT(error("no_send"), HasSubstr("provider 'variant' lacks the required function send"));
}

TEST_F(ModuleLoaderTest, ShorterTablesAreCompletedAndNotReadBeyond) {
  const auto module = load("truncated_tables");
  ASSERT_TRUE(module) << module.error();
  const auto& component = (*module)->info.components.front();
  const auto life = lifecycle_of(component);
  const auto table = provider_of(component);
  ASSERT_TRUE(life && table);
  EXPECT_EQ(life->get_extension(nullptr, "x"), nullptr)
      << "a stub, not what stood behind the table";
  table->cancel(nullptr, 1, HG_OK);
  EXPECT_EQ(life->start(nullptr, 1, 0, nullptr), HG_OK);
}

TEST_F(ModuleLoaderTest, SameComponentTwice) {
  EXPECT_THAT(error("twice"), HasSubstr("provider 'variant' is there twice"));
}

TEST_F(ModuleLoaderTest, ModuleThatRefuses) {
  EXPECT_THAT(error("refuses"), HasSubstr("it refuses this gateway: bye"));
}

TEST_F(ModuleLoaderTest, InitIsCalledApartAndItsErrorTold) {
  const auto module = load("init_fails");
  ASSERT_TRUE(module) << module.error();
  EXPECT_THAT(loader.initialise(**module).error(), HasSubstr("cannot initialise: no luck!"));
}

TEST_F(ModuleLoaderTest, NoPlugin) {
  EXPECT_THAT(error("no_entry"), HasSubstr("does not export hg_plugin_entry_v1"));
  const auto text =
      loader.load({.file = folder.write("x.so", "hello"), .sha256 = {}, .required = true});
  EXPECT_THAT(text.error(), HasSubstr("is no shared library"));
  const auto empty =
      loader.load({.file = folder.write("y.so", ""), .sha256 = {}, .required = true});
  EXPECT_THAT(empty.error(), HasSubstr("is empty"));
}

TEST(Negotiation, DescriptorsThatCannotBe) {
  hg_module module{};
  module.size = 4;
  EXPECT_FALSE(read_module_info(&module));
  module.size = UINT32_MAX;
  EXPECT_FALSE(read_module_info(&module));
  module.size = sizeof module;
  module.abi_major = HG_ABI_MAJOR;
  EXPECT_THAT(read_module_info(&module).error(), HasSubstr("has no name"));
  module.name = HG_STR("m");
  EXPECT_TRUE(read_module_info(&module));
  module.n_components = 1;
  EXPECT_THAT(read_module_info(&module).error(), HasSubstr("components are missing"));
  hg_component component{};
  const hg_component* const list[] = {&component};
  module.components = list;
  EXPECT_THAT(read_module_info(&module).error(), HasSubstr("impossible size"));
  component.size = sizeof component;
  component.kind = HG_KIND_PROVIDER;
  component.id = HG_STR("Bad Id");
  EXPECT_THAT(read_module_info(&module).error(), HasSubstr("'Bad Id' is not made of"));
  component.id = HG_STR("good");
  EXPECT_THAT(read_module_info(&module).error(), HasSubstr("no lifecycle"));
}

TEST(Negotiation, AnOlderHostSaysWhatIsNeeded) {
  hg_module module{};
  module.size = sizeof module;
  module.abi_major = HG_ABI_MAJOR;
  module.abi_minor_required = 4;
  module.name = HG_STR("acme");
  EXPECT_TRUE(read_module_info(&module, 4));
  EXPECT_THAT(read_module_info(&module, 2).error(),
              HasSubstr("needs ABI 1.4, this gateway has 1.2"));
}

}  // namespace
}  // namespace heliograph::plugin
