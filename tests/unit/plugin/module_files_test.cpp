#include "core/plugin/module_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <heliograph/abi/module.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/plugin/files.h"

namespace heliograph::plugin {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(LocateModule, NamedFileComesFirstThenTheFoldersInOrder) {
  const TempFolder a;
  const TempFolder b;
  b.write("libhg_provider_acme.so", "b");
  config::Plugins plugins;
  plugins.path = {a.path().string(), b.path().string()};
  const ModuleRequest request{HG_KIND_PROVIDER, "acme"};
  auto found = locate_module(request, plugins, {});
  ASSERT_TRUE(found) << found.error();
  EXPECT_EQ(found->file, b.path() / "libhg_provider_acme.so");
  a.write("libhg_provider_acme.so", "a");
  EXPECT_EQ(locate_module(request, plugins, {})->file, a.path() / "libhg_provider_acme.so");
  plugins.files.push_back({.id = "acme", .file = "/x/y.so", .sha256 = "ab", .required = false});
  found = locate_module(request, plugins, {});
  EXPECT_EQ(found->file, "/x/y.so");
  EXPECT_EQ(found->sha256, "ab");
  EXPECT_FALSE(found->required);
}

TEST(LocateModule, BesideTheBinary) {
  const TempFolder root;
  std::filesystem::create_directories(root.path() / "bin");
  std::filesystem::create_directories(root.path() / "lib/heliograph/plugins");
  root.write("lib/heliograph/plugins/libhg_limiter_memory.so", "x");
  const auto found = locate_module({HG_KIND_LIMITER, "memory"}, {}, root.path() / "bin");
  ASSERT_TRUE(found) << found.error();
}

TEST(LocateModule, ErrorNamesEveryFolder) {
  config::Plugins plugins;
  plugins.path = {"/one", "/two"};
  const auto found = locate_module({HG_KIND_DISTRIBUTOR, "x"}, plugins, "/usr/bin");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error(),
            "there is no libhg_distributor_x.so in /one, /two, /usr/plugins, "
            "/usr/lib/heliograph/plugins");
}

TEST(ReadModule, BytesAndDigest) {
  const TempFolder folder;
  const auto file = folder.write("abc.so", "abc");
  const auto module = read_module(file);
  ASSERT_TRUE(module) << module.error();
  // FIPS 180-2, B.1.
  EXPECT_EQ(module->sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(module->bytes.size(), 3U);
  EXPECT_THAT(module->warnings, IsEmpty());
}

TEST(ReadModule, LinksAreResolvedAndTheirTargetsFolderIsJudged) {
  const TempFolder safe;
  const TempFolder open;
  open.write("real.so", "abc");
  std::filesystem::create_symlink(open.path() / "real.so", safe.path() / "link.so");
  EXPECT_EQ(read_module(safe.path() / "link.so")->source,
            std::filesystem::canonical(open.path()) / "real.so");
  ::chmod(open.path().c_str(), 0777);
  const auto refused = read_module(safe.path() / "link.so");
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error(), HasSubstr("is writable by everybody"));
}

TEST(ReadModule, RightsOfFolderAndFile) {
  const TempFolder folder;
  const auto file = folder.write("x.so", "abc");
  ::chmod(folder.path().c_str(), 0775);
  const auto warned = read_module(file);
  ASSERT_TRUE(warned);
  EXPECT_THAT(warned->warnings, ElementsAre(HasSubstr("writable by its group")));
  ::chmod(folder.path().c_str(), 0755);
  ::chmod(file.c_str(), 0666);
  const auto refused = read_module(file);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error(), HasSubstr("x.so is writable by everybody"));
}

TEST(ReadModule, ForeignOwner) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a folder away";
  const TempFolder folder;
  const auto file = folder.write("x.so", "abc");
  ASSERT_EQ(::chown(folder.path().c_str(), 4711, 4711), 0);
  const auto refused = read_module(file);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error(), HasSubstr("belongs to user 4711"));
}

TEST(ReadModule, WhatIsNoFile) {
  const TempFolder folder;
  EXPECT_THAT(read_module(folder.path() / "none.so").error(), HasSubstr("No such file"));
  std::filesystem::create_directory(folder.path() / "dir.so");
  EXPECT_THAT(read_module(folder.path() / "dir.so").error(), HasSubstr("is no regular file"));
  ASSERT_EQ(::mkfifo((folder.path() / "pipe.so").c_str(), 0600), 0);
  EXPECT_THAT(read_module(folder.path() / "pipe.so").error(), HasSubstr("is no regular file"));
}

TEST(PrivateCopy, UniqueUnwritableAndInAFolderOfItsOwn) {
  const TempFolder folder;
  const auto module = read_module(folder.write("abc.so", "abc"));
  const auto copies = folder.path() / "data" / "plugins";
  const auto first = write_private_copy(*module, copies);
  const auto second = write_private_copy(*module, copies);
  ASSERT_TRUE(first) << first.error();
  ASSERT_TRUE(second);
  EXPECT_NE(*first, *second);
  struct stat info{};
  ASSERT_EQ(::stat(first->c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0500U);
  ASSERT_EQ(::stat(copies.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0700U);
  EXPECT_EQ(read_file(*first), module->bytes);
}

TEST(PrivateCopy, FolderOfOthersIsRefused) {
  const TempFolder folder;
  const auto module = read_module(folder.write("abc.so", "abc"));
  const auto copies = folder.path() / "copies";
  std::filesystem::create_directory(copies);
  ::chmod(copies.c_str(), 0777);
  EXPECT_THAT(write_private_copy(*module, copies).error(), HasSubstr("mode 0700"));
  std::filesystem::remove(copies);
  std::filesystem::create_directory_symlink(folder.path(), copies);
  EXPECT_THAT(write_private_copy(*module, copies).error(), HasSubstr("this user's own"));
}

TEST(PrivateCopy, CopiesOfProcessesThatAreGoneAreRemoved) {
  const TempFolder folder;
  // Beyond pid_max (4194304) on every Linux: no such process.
  const auto gone = folder.write("x.0123456789ab.p2147483646.g1.so", "x");
  const auto mine = folder.write("x.0123456789ab.p" + std::to_string(::getpid()) + ".g1.so", "x");
  const auto other = folder.write("notes.txt", "x");
  remove_stale_copies(folder.path());
  EXPECT_FALSE(std::filesystem::exists(gone));
  EXPECT_TRUE(std::filesystem::exists(mine));
  EXPECT_TRUE(std::filesystem::exists(other));
}

}  // namespace
}  // namespace heliograph::plugin
