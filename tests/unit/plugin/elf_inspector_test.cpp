#include "core/plugin/elf_inspector.h"

#include <elf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "tests/unit/plugin/files.h"

namespace heliograph::plugin {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

std::vector<std::byte> probe_bytes() { return read_file(test_plugin("probe")); }

std::string error_of(std::vector<std::byte> bytes) {
  const auto facts = inspect_elf(bytes);
  return facts ? "" : facts.error();
}

TEST(ElfInspector, FactsOfAPlugin) {
  const auto facts = inspect_elf(probe_bytes());
  ASSERT_TRUE(facts) << facts.error();
  EXPECT_TRUE(facts->exports_symbol("hg_plugin_entry_v1"));
  EXPECT_FALSE(facts->exports_symbol("hg_plugin_entry_v"));
  EXPECT_THAT(facts->needed, Contains(HasSubstr("libc.so")));
  EXPECT_FALSE(facts->glibc_needed.empty());
  EXPECT_GT(facts->undefined_symbols, 0U);
  EXPECT_FALSE(facts->exec_stack);
  EXPECT_FALSE(facts->text_relocations);
}

TEST(ElfInspector, WhatIsNoElfFile) {
  EXPECT_EQ(error_of({}), "is empty");
  const TempFolder folder;
  EXPECT_THAT(error_of(read_file(folder.write("x.so", "#!/bin/sh\n"))), HasSubstr("no ELF header"));
}

TEST(ElfInspector, WrongClassMachineAndType) {
  auto bytes = probe_bytes();
  bytes[EI_CLASS] = std::byte{ELFCLASS32};
  EXPECT_EQ(error_of(bytes), "is a 32-bit library");
  bytes = probe_bytes();
  bytes[EI_DATA] = std::byte{ELFDATA2MSB};
  EXPECT_EQ(error_of(bytes), "is a big-endian library");
  bytes = probe_bytes();
  bytes[offsetof(Elf64_Ehdr, e_machine)] = std::byte{EM_RISCV};
  bytes[offsetof(Elf64_Ehdr, e_machine) + 1] = std::byte{0};
  EXPECT_THAT(error_of(bytes), HasSubstr("was built for RISC-V, this machine is"));
  bytes = probe_bytes();
  bytes[offsetof(Elf64_Ehdr, e_type)] = std::byte{ET_REL};
  EXPECT_THAT(error_of(bytes), HasSubstr("no shared library"));
}

TEST(ElfInspector, CutOffAnywhereIsRefusedOrHarmless) {
  const auto whole = probe_bytes();
  for (std::size_t size = 0; size < whole.size(); size += 1 + size / 16) {
    const auto facts = inspect_elf(std::span{whole}.first(size));
    if (size < 4096) {
      EXPECT_FALSE(facts) << size;
    }
  }
  EXPECT_THAT(error_of({whole.begin(), whole.begin() + 30}), HasSubstr("cut off"));
}

// Whatever the bytes are: an answer, never a read outside (the sanitizers watch).
TEST(ElfInspector, DamagedFilesAreHarmless) {
  std::mt19937 random{7};
  const auto whole = probe_bytes();
  for (int round = 0; round < 300; ++round) {
    auto bytes = whole;
    for (int i = 0; i < 20; ++i) {
      const auto area = i < 10 ? std::size_t{4096} : bytes.size();
      bytes[16 + random() % (std::min(area, bytes.size()) - 16)] =
          static_cast<std::byte>(random() % 256);
    }
    const auto facts = inspect_elf(bytes);
    EXPECT_TRUE(facts || !facts.error().empty());
  }
}

TEST(ElfInspector, VersionsAreComparedAsNumbers) {
  EXPECT_TRUE(version_above("3.4.30", "3.4.9"));
  EXPECT_FALSE(version_above("3.4.9", "3.4.30"));
  EXPECT_TRUE(version_above("2.36.1", "2.36"));
  EXPECT_FALSE(version_above("2.36", "2.36"));
  EXPECT_TRUE(version_above("3", "2.99"));
}

TEST(ElfInspector, UnmetNeedsAreToldWithTheRemedy) {
  const HostLibraries host{.glibc = "2.36", .glibcxx = "3.4.30"};
  ElfFacts facts;
  EXPECT_EQ(unmet_need(facts, host), "");
  facts.glibc_needed = "2.36";
  facts.glibcxx_needed = "3.4.30";
  EXPECT_EQ(unmet_need(facts, host), "");
  facts.glibcxx_needed = "3.4.32";
  EXPECT_THAT(unmet_need(facts, host), HasSubstr("GLIBCXX_3.4.32"));
  facts.glibc_needed = "2.38";
  EXPECT_THAT(unmet_need(facts, host), HasSubstr("needs glibc 2.38, this system has 2.36"));
}

TEST(ElfInspector, HostLibrariesAreKnown) {
  const auto host = host_libraries();
  EXPECT_TRUE(host.glibc.starts_with("2."));
  EXPECT_TRUE(host.glibcxx.starts_with("3.4.")) << host.glibcxx;
}

}  // namespace
}  // namespace heliograph::plugin
