// ElfImage: bounds-checked access to the parts of an ELF-64 file that elf_inspector.cpp reads.
// Internal to elf_inspector.cpp. Everything returns nullopt or an empty view instead of reading
// outside.
#pragma once

#include <elf.h>

#include <cstddef>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace heliograph::plugin {

class ElfImage {
 public:
  explicit ElfImage(std::span<const std::byte> file) : file_(file) {}

  // A copy, so that alignment in the file does not matter.
  template <class T>
  std::optional<T> read(std::uint64_t offset) const {
    if (offset > file_.size() || file_.size() - offset < sizeof(T)) return std::nullopt;
    T value;
    std::memcpy(&value, file_.data() + offset, sizeof(T));
    return value;
  }

  void set_segments(std::vector<Elf64_Phdr> segments) { segments_ = std::move(segments); }
  const std::vector<Elf64_Phdr>& segments() const { return segments_; }

  // Where a virtual address lies in the file.
  std::optional<std::uint64_t> offset_of(std::uint64_t address) const {
    for (const auto& segment : segments_) {
      if (segment.p_type != PT_LOAD || address < segment.p_vaddr) continue;
      const auto into = address - segment.p_vaddr;
      if (into < segment.p_filesz) return segment.p_offset + into;
    }
    return std::nullopt;
  }

  // The NUL-terminated string at `offset`, below `end`; empty when it is not terminated there.
  std::string_view text(std::uint64_t offset, std::uint64_t end) const {
    if (end > file_.size()) end = file_.size();
    if (offset >= end) return {};
    const auto* begin = reinterpret_cast<const char*>(file_.data()) + offset;
    const auto* stop = static_cast<const char*>(std::memchr(begin, 0, end - offset));
    return stop == nullptr ? std::string_view{} : std::string_view{begin, stop};
  }

 private:
  std::span<const std::byte> file_;
  std::vector<Elf64_Phdr> segments_;
};

}  // namespace heliograph::plugin
