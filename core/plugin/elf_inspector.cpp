#include "core/plugin/elf_inspector.h"

#include <fmt/format.h>
#include <gnu/libc-version.h>
#include <link.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <sstream>

#include "core/plugin/elf_image.h"

namespace heliograph::plugin {
namespace {

// A count in a damaged file may be anything; no real library comes near these.
constexpr std::uint64_t kSymbolsMax = 1U << 20;
constexpr std::uint64_t kEntriesMax = 1U << 12;

#if defined(__x86_64__)
constexpr Elf64_Half kHostMachine = EM_X86_64;
constexpr std::string_view kHostMachineName = "x86-64";
#elif defined(__aarch64__)
constexpr Elf64_Half kHostMachine = EM_AARCH64;
constexpr std::string_view kHostMachineName = "AArch64";
#else
#error "add the machine of this port"
#endif

std::string machine_name(Elf64_Half machine) {
  switch (machine) {
    case EM_X86_64:
      return "x86-64";
    case EM_AARCH64:
      return "AArch64";
    case EM_386:
      return "32-bit x86";
    case EM_ARM:
      return "32-bit ARM";
    case EM_RISCV:
      return "RISC-V";
    case EM_PPC64:
      return "PowerPC 64";
    default:
      return fmt::format("machine {}", machine);
  }
}

// What the dynamic section points to, as offsets into the file.
struct Dynamic {
  std::uint64_t strings = 0;
  std::uint64_t strings_end = 0;
  std::uint64_t symbols = 0;
  std::uint64_t hash = 0;
  std::uint64_t gnu_hash = 0;
  std::uint64_t needs = 0;
  std::uint64_t defines = 0;
  std::vector<std::uint64_t> needed;  // offsets into the strings
};

std::expected<Elf64_Ehdr, std::string> read_header(const ElfImage& image,
                                                   std::span<const std::byte> file) {
  if (file.empty()) return std::unexpected("is empty");
  const auto magic = image.read<std::array<char, SELFMAG>>(0);
  if (!magic || std::memcmp(magic->data(), ELFMAG, SELFMAG) != 0) {
    return std::unexpected("is no shared library (no ELF header)");
  }
  const auto header = image.read<Elf64_Ehdr>(0);
  if (!header) return std::unexpected("is cut off: its ELF header is incomplete");
  if (header->e_ident[EI_CLASS] != ELFCLASS64) return std::unexpected("is a 32-bit library");
  if (header->e_ident[EI_DATA] != ELFDATA2LSB) return std::unexpected("is a big-endian library");
  if (header->e_machine != kHostMachine) {
    return std::unexpected(fmt::format("was built for {}, this machine is {}",
                                       machine_name(header->e_machine), kHostMachineName));
  }
  if (header->e_type != ET_DYN) return std::unexpected("is an ELF file, but no shared library");
  return *header;
}

std::expected<std::vector<Elf64_Phdr>, std::string> read_segments(const ElfImage& image,
                                                                  const Elf64_Ehdr& header,
                                                                  std::size_t file_size) {
  std::vector<Elf64_Phdr> segments;
  for (std::uint64_t i = 0; i < header.e_phnum; ++i) {
    const auto segment = image.read<Elf64_Phdr>(header.e_phoff + i * sizeof(Elf64_Phdr));
    if (!segment) return std::unexpected("is cut off: its program headers are incomplete");
    if (segment->p_offset > file_size || segment->p_filesz > file_size - segment->p_offset) {
      return std::unexpected("is cut off: a segment reaches beyond the end of the file");
    }
    segments.push_back(*segment);
  }
  return segments;
}

void note_flags(const Elf64_Dyn& entry, ElfFacts& facts) {
  if (entry.d_tag == DT_TEXTREL) facts.text_relocations = true;
  if (entry.d_tag == DT_FLAGS) {
    facts.text_relocations |= (entry.d_un.d_val & DF_TEXTREL) != 0;
    facts.static_tls |= (entry.d_un.d_val & DF_STATIC_TLS) != 0;
  }
  if (entry.d_tag == DT_FLAGS_1) facts.no_delete |= (entry.d_un.d_val & DF_1_NODELETE) != 0;
}

void note_pointer(const ElfImage& image, const Elf64_Dyn& entry, Dynamic& dynamic) {
  const auto at = image.offset_of(entry.d_un.d_ptr).value_or(0);
  switch (entry.d_tag) {
    case DT_STRTAB:
      dynamic.strings = at;
      break;
    case DT_SYMTAB:
      dynamic.symbols = at;
      break;
    case DT_HASH:
      dynamic.hash = at;
      break;
    case DT_GNU_HASH:
      dynamic.gnu_hash = at;
      break;
    case DT_VERNEED:
      dynamic.needs = at;
      break;
    case DT_VERDEF:
      dynamic.defines = at;
      break;
    default:
      break;
  }
}

std::optional<Dynamic> read_dynamic(const ElfImage& image, ElfFacts& facts) {
  const auto segment =
      std::ranges::find(image.segments(), Elf64_Word{PT_DYNAMIC}, &Elf64_Phdr::p_type);
  if (segment == image.segments().end()) return std::nullopt;
  Dynamic dynamic;
  std::uint64_t strings_size = 0;
  for (std::uint64_t at = 0; at + sizeof(Elf64_Dyn) <= segment->p_filesz; at += sizeof(Elf64_Dyn)) {
    const auto entry = image.read<Elf64_Dyn>(segment->p_offset + at);
    if (!entry || entry->d_tag == DT_NULL) break;
    if (entry->d_tag == DT_NEEDED) dynamic.needed.push_back(entry->d_un.d_val);
    if (entry->d_tag == DT_STRSZ) strings_size = entry->d_un.d_val;
    note_flags(*entry, facts);
    note_pointer(image, *entry, dynamic);
  }
  dynamic.strings_end = dynamic.strings + strings_size;
  if (dynamic.strings == 0 || dynamic.symbols == 0) return std::nullopt;
  return dynamic;
}

std::string_view name_at(const ElfImage& image, const Dynamic& dynamic, std::uint64_t index) {
  if (index > dynamic.strings_end - dynamic.strings) return {};
  return image.text(dynamic.strings + index, dynamic.strings_end);
}

// The dynamic symbol table has no length of its own; the GNU hash table ends with the highest
// symbol: the chain of the highest bucket is walked to its end.
std::uint64_t count_by_gnu_hash(const ElfImage& image, std::uint64_t at) {
  const auto head = image.read<std::array<std::uint32_t, 4>>(at);
  if (!head) return 0;
  const auto [buckets, first, bloom, shift] = *head;
  if (buckets > kSymbolsMax || bloom > kSymbolsMax) return 0;
  const auto bucket_at = at + 16 + std::uint64_t{bloom} * 8;
  std::uint64_t highest = 0;
  for (std::uint64_t i = 0; i < buckets; ++i) {
    highest =
        std::max<std::uint64_t>(highest, image.read<std::uint32_t>(bucket_at + i * 4).value_or(0));
  }
  if (highest < first) return first;
  const auto chain_at = bucket_at + std::uint64_t{buckets} * 4;
  for (; highest - first < kSymbolsMax; ++highest) {
    const auto hash = image.read<std::uint32_t>(chain_at + (highest - first) * 4);
    if (!hash || (*hash & 1U) != 0) return highest + 1;
  }
  return 0;
}

std::uint64_t symbol_count(const ElfImage& image, const Dynamic& dynamic) {
  if (dynamic.gnu_hash != 0) return count_by_gnu_hash(image, dynamic.gnu_hash);
  return dynamic.hash == 0 ? 0 : image.read<std::uint32_t>(dynamic.hash + 4).value_or(0);
}

void read_symbols(const ElfImage& image, const Dynamic& dynamic, ElfFacts& facts) {
  const auto count = std::min(symbol_count(image, dynamic), kSymbolsMax);
  for (std::uint64_t i = 1; i < count; ++i) {
    const auto symbol = image.read<Elf64_Sym>(dynamic.symbols + i * sizeof(Elf64_Sym));
    if (!symbol) return;
    const auto binding = ELF64_ST_BIND(symbol->st_info);
    if (symbol->st_shndx == SHN_UNDEF) {
      ++facts.undefined_symbols;
      continue;
    }
    if (binding == STB_GNU_UNIQUE) ++facts.unique_symbols;
    if (binding == STB_LOCAL) continue;
    const auto visibility = ELF64_ST_VISIBILITY(symbol->st_other);
    if (visibility == STV_HIDDEN || visibility == STV_INTERNAL) continue;
    facts.exports.emplace_back(name_at(image, dynamic, symbol->st_name));
  }
}

void note_version(std::string_view version, std::string_view prefix, std::string& highest) {
  if (!version.starts_with(prefix)) return;
  version.remove_prefix(prefix.size());
  if (version.empty() || version.front() < '0' || version.front() > '9') return;  // GLIBC_PRIVATE
  if (highest.empty() || version_above(version, highest)) highest = version;
}

void read_needed_versions(const ElfImage& image, const Dynamic& dynamic, ElfFacts& facts) {
  auto at = dynamic.needs;
  for (std::uint64_t i = 0; at != 0 && i < kEntriesMax; ++i) {
    const auto need = image.read<Elf64_Verneed>(at);
    if (!need) return;
    auto version_at = at + need->vn_aux;
    for (std::uint64_t j = 0; j < need->vn_cnt; ++j) {
      const auto version = image.read<Elf64_Vernaux>(version_at);
      if (!version) return;
      const auto name = name_at(image, dynamic, version->vna_name);
      note_version(name, "GLIBC_", facts.glibc_needed);
      note_version(name, "GLIBCXX_", facts.glibcxx_needed);
      if (version->vna_next == 0) break;
      version_at += version->vna_next;
    }
    if (need->vn_next == 0) return;
    at += need->vn_next;
  }
}

void read_defined_versions(const ElfImage& image, const Dynamic& dynamic, ElfFacts& facts) {
  auto at = dynamic.defines;
  for (std::uint64_t i = 0; at != 0 && i < kEntriesMax; ++i) {
    const auto definition = image.read<Elf64_Verdef>(at);
    if (!definition) return;
    const auto name = image.read<Elf64_Verdaux>(at + definition->vd_aux);
    if (name) {
      note_version(name_at(image, dynamic, name->vda_name), "GLIBCXX_", facts.glibcxx_provided);
    }
    if (definition->vd_next == 0) return;
    at += definition->vd_next;
  }
}

// Without the header the kernel makes the stack executable.
void note_stack(const ElfImage& image, ElfFacts& facts) {
  facts.exec_stack = true;
  for (const auto& segment : image.segments()) {
    if (segment.p_type == PT_GNU_STACK) facts.exec_stack = (segment.p_flags & PF_X) != 0;
  }
}

int find_libstdcxx(dl_phdr_info* info, std::size_t, void* out) {
  const std::string_view path = info->dlpi_name == nullptr ? "" : info->dlpi_name;
  if (path.find("libstdc++.so") == std::string_view::npos) return 0;
  *static_cast<std::string*>(out) = path;
  return 1;
}

}  // namespace

bool ElfFacts::exports_symbol(std::string_view name) const {
  return std::ranges::find(exports, name) != exports.end();
}

std::expected<ElfFacts, std::string> inspect_elf(std::span<const std::byte> file) {
  ElfImage image{file};
  const auto header = read_header(image, file);
  if (!header) return std::unexpected(header.error());
  auto segments = read_segments(image, *header, file.size());
  if (!segments) return std::unexpected(segments.error());
  image.set_segments(std::move(*segments));
  ElfFacts facts;
  note_stack(image, facts);
  const auto dynamic = read_dynamic(image, facts);
  if (!dynamic) return std::unexpected("is no shared library (it has no dynamic symbols)");
  for (const auto offset : dynamic->needed) {
    facts.needed.emplace_back(name_at(image, *dynamic, offset));
  }
  read_symbols(image, *dynamic, facts);
  read_needed_versions(image, *dynamic, facts);
  read_defined_versions(image, *dynamic, facts);
  return facts;
}

HostLibraries host_libraries() {
  HostLibraries libraries{.glibc = gnu_get_libc_version(), .glibcxx = {}};
  std::string path;
  dl_iterate_phdr(find_libstdcxx, &path);
  if (path.empty()) return libraries;
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  const auto bytes = std::move(text).str();
  if (const auto facts = inspect_elf(std::as_bytes(std::span{bytes}))) {
    libraries.glibcxx = facts->glibcxx_provided;
  }
  return libraries;
}

std::string unmet_need(const ElfFacts& facts, const HostLibraries& host) {
  if (!facts.glibc_needed.empty() && version_above(facts.glibc_needed, host.glibc)) {
    return fmt::format("needs glibc {}, this system has {}: build it on an older distribution",
                       facts.glibc_needed, host.glibc);
  }
  if (!facts.glibcxx_needed.empty() && !host.glibcxx.empty() &&
      version_above(facts.glibcxx_needed, host.glibcxx)) {
    return fmt::format(
        "needs libstdc++ with GLIBCXX_{}, this system has GLIBCXX_{}: link libstdc++ statically",
        facts.glibcxx_needed, host.glibcxx);
  }
  return {};
}

bool version_above(std::string_view a, std::string_view b) {
  while (!a.empty() || !b.empty()) {
    const auto next = [](std::string_view& text) {
      unsigned number = 0;
      const auto dot = std::min(text.find('.'), text.size());
      std::from_chars(text.data(), text.data() + dot, number);
      text.remove_prefix(std::min(dot + 1, text.size()));
      return number;
    };
    const auto x = next(a);
    const auto y = next(b);
    if (x != y) return x > y;
  }
  return false;
}

}  // namespace heliograph::plugin
