#include "core/plugin/module_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <heliograph/abi/module.h>
#include <openssl/evp.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <optional>
#include <span>
#include <system_error>

#include "core/base/text.h"

namespace heliograph::plugin {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kFileMax = 256ULL << 20;

std::string reason() { return std::generic_category().message(errno); }

// A descriptor that closes itself.
class File {
 public:
  File(const fs::path& path, int flags, mode_t mode = 0)
      : descriptor_(::open(path.c_str(), flags | O_CLOEXEC, mode)) {}
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int get() const { return descriptor_; }
  explicit operator bool() const { return descriptor_ >= 0; }

 private:
  int descriptor_;
};

// Why a file or folder with these rights cannot be trusted with code; empty: it can.
std::string distrust(const struct stat& info, std::string_view what) {
  if ((info.st_mode & S_IWOTH) != 0) {
    return fmt::format("{} is writable by everybody: chmod o-w it", what);
  }
  if (info.st_uid != 0 && info.st_uid != ::geteuid()) {
    return fmt::format("{} belongs to user {}, neither to root nor to the user of this process",
                       what, info.st_uid);
  }
  return {};
}

std::string check_folder(const fs::path& folder, std::vector<std::string>& warnings) {
  struct stat info{};
  if (::stat(folder.c_str(), &info) != 0)
    return fmt::format("folder {}: {}", folder.string(), reason());
  const auto what = fmt::format("folder {}", folder.string());
  if ((info.st_mode & S_IWGRP) != 0) {
    warnings.push_back(fmt::format("plugin {} is writable by its group", what));
  }
  return distrust(info, what);
}

std::string read_all(int descriptor, std::span<std::byte> into) {
  while (!into.empty()) {
    const auto got = ::read(descriptor, into.data(), into.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return "cannot be read: " + reason();
    if (got == 0) return "became shorter while it was read";
    into = into.subspan(static_cast<std::size_t>(got));
  }
  return {};
}

std::string write_all(int descriptor, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const auto put = ::write(descriptor, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return reason();
    bytes = bytes.subspan(static_cast<std::size_t>(put));
  }
  return {};
}

std::string sha256_hex(std::span<const std::byte> bytes) {
  std::array<std::byte, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(digest.data()),
                 &length, EVP_sha256(), nullptr) != 1) {
    throw std::runtime_error("OpenSSL offers no SHA-256");
  }
  return base::to_hex(std::span{digest}.first(length));
}

// The process that wrote a copy "<name>.<sha12>.p<pid>.g<n>.so"; nullopt: not one of ours.
std::optional<pid_t> writer_of(const fs::path& copy) {
  const auto name = copy.filename().string();
  const auto at = name.find(".p");
  const auto end = name.find(".g", at == std::string::npos ? 0 : at);
  if (at == std::string::npos || end == std::string::npos) return std::nullopt;
  const auto pid = base::parse_uint(std::string_view{name}.substr(at + 2, end - at - 2));
  if (!pid || *pid == 0 || *pid > INT32_MAX) return std::nullopt;
  return static_cast<pid_t>(*pid);
}

}  // namespace

std::string_view kind_name(std::uint32_t kind) {
  switch (kind) {
    case HG_KIND_PROVIDER:
      return "provider";
    case HG_KIND_DISTRIBUTOR:
      return "distributor";
    case HG_KIND_LIMITER:
      return "limiter";
    default:
      return "";
  }
}

std::vector<fs::path> search_folders(const config::Plugins& plugins,
                                     const fs::path& binary_folder) {
  std::vector<fs::path> folders(plugins.path.begin(), plugins.path.end());
  if (!binary_folder.empty()) {
    folders.push_back((binary_folder / "../plugins").lexically_normal());
    folders.push_back((binary_folder / "../lib/heliograph/plugins").lexically_normal());
  }
  return folders;
}

std::expected<ModuleLocation, std::string> locate_module(const ModuleRequest& request,
                                                         const config::Plugins& plugins,
                                                         const fs::path& binary_folder) {
  for (const auto& file : plugins.files) {
    if (file.id == request.id) return ModuleLocation{file.file, file.sha256, file.required};
  }
  const auto name = fmt::format("libhg_{}_{}.so", kind_name(request.kind), request.id);
  std::string tried;
  for (const auto& folder : search_folders(plugins, binary_folder)) {
    std::error_code error;
    if (fs::exists(folder / name, error)) return ModuleLocation{folder / name, {}, true};
    tried += (tried.empty() ? "" : ", ") + folder.string();
  }
  return std::unexpected(fmt::format("there is no {} in {}", name,
                                     tried.empty() ? "any folder (plugins.path is empty)" : tried));
}

std::expected<ModuleBytes, std::string> read_module(const fs::path& file) {
  std::error_code error;
  ModuleBytes module;
  module.source = fs::canonical(file, error);
  if (error) return std::unexpected(fmt::format("{}: {}", file.string(), error.message()));
  const auto source = module.source.string();
  const auto fail = [&source](std::string_view what) {
    return std::unexpected(fmt::format("{} {}", source, what));
  };
  if (auto why = check_folder(module.source.parent_path(), module.warnings); !why.empty()) {
    return std::unexpected(std::move(why));
  }
  const File opened(module.source, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  if (!opened) return fail("cannot be opened: " + reason());
  struct stat info{};
  if (::fstat(opened.get(), &info) != 0) return fail("cannot be examined: " + reason());
  if (!S_ISREG(info.st_mode)) return fail("is no regular file");
  if (auto why = distrust(info, source); !why.empty()) return std::unexpected(std::move(why));
  const auto size = static_cast<std::uint64_t>(info.st_size);
  if (size > kFileMax) return fail("is larger than 256 MiB");
  module.bytes.resize(size);
  if (auto why = read_all(opened.get(), module.bytes); !why.empty()) return fail(why);
  module.sha256 = sha256_hex(module.bytes);
  return module;
}

std::expected<fs::path, std::string> write_private_copy(const ModuleBytes& module,
                                                        const fs::path& folder) {
  static std::atomic<unsigned> copies{0};  // names stay unique when there are several hosts
  std::error_code error;
  fs::create_directories(folder.parent_path(), error);
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return std::unexpected(fmt::format("folder {} cannot be made: {}", folder.string(), reason()));
  }
  struct stat info{};
  if (::lstat(folder.c_str(), &info) != 0 || !S_ISDIR(info.st_mode) || info.st_uid != ::geteuid() ||
      (info.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return std::unexpected(
        fmt::format("folder {} must be this user's own, with mode 0700, to hold copies of plugins",
                    folder.string()));
  }
  const auto name = fmt::format("{}.{}.p{}.g{}.so", module.source.stem().string(),
                                module.sha256.substr(0, 12), ::getpid(), ++copies);
  auto copy = fs::absolute(folder, error) / name;
  ::unlink(copy.c_str());  // of a process that had our number before us
  const File made(copy, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0500);
  if (!made) return std::unexpected(fmt::format("{} cannot be made: {}", copy.string(), reason()));
  if (auto why = write_all(made.get(), module.bytes); !why.empty()) {
    ::unlink(copy.c_str());
    return std::unexpected(fmt::format("{} cannot be written: {}", copy.string(), why));
  }
  return copy;
}

void remove_stale_copies(const fs::path& folder) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const auto pid = writer_of(entry.path());
    if (!pid || *pid == ::getpid()) continue;
    if (::kill(*pid, 0) != 0 && errno == ESRCH) fs::remove(entry.path(), error);
  }
}

}  // namespace heliograph::plugin
