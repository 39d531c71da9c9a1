#define BOOST_DLL_USE_STD_FS
#include "core/plugin/module_loader.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <boost/dll/shared_library.hpp>
#include <mutex>
#include <system_error>

#include "core/base/text.h"
#include "core/plugin/abi_text.h"
#include "core/plugin/vtables.h"

namespace heliograph::plugin {
namespace {

namespace dll = boost::dll;

// Boost 1.81 names no such mode and hands unknown bits to dlopen(); the value fits its enumeration.
constexpr auto kNoDelete = static_cast<dll::load_mode::type>(RTLD_NODELETE);

// Handles outlive every host: a registry that is never destroyed, so that nothing is closed while
// the process runs its static destructors either.
void keep_for_ever(std::unique_ptr<dll::shared_library> library) {
  static std::mutex mutex;
  static auto& kept = *new std::vector<std::unique_ptr<dll::shared_library>>;
  const std::lock_guard lock(mutex);
  kept.push_back(std::move(library));
}

std::expected<dll::shared_library*, std::string> open_library(const std::filesystem::path& copy) {
  auto library = std::make_unique<dll::shared_library>();
  try {
    library->load(copy, dll::load_mode::rtld_now | dll::load_mode::rtld_local | kNoDelete);
  } catch (const std::exception& failed) {  // its text ends with dlerror()'s
    return std::unexpected(fmt::format("cannot be loaded: {}", failed.what()));
  }
  auto* handle = library.get();
  keep_for_ever(std::move(library));
  return handle;
}

hg_host_info describe_host(const std::string& version) {
  return {.size = sizeof(hg_host_info),
          .abi_major = HG_ABI_MAJOR,
          .abi_minor = HG_ABI_MINOR,
          .reserved = 0,
          .name = HG_STR("heliograph"),
          .version = to_abi(version)};
}

}  // namespace

ModuleLoader::ModuleLoader(std::filesystem::path copy_folder, std::string gateway_version)
    : copy_folder_(std::move(copy_folder)), gateway_version_(std::move(gateway_version)) {
  remove_stale_copies(copy_folder_);
}

ModuleLoader::~ModuleLoader() {
  std::error_code ignored;
  for (const auto& [digest, module] : by_digest_) std::filesystem::remove(module->copy, ignored);
}

std::expected<ElfFacts, std::string> ModuleLoader::inspect(const ModuleBytes& module) {
  const auto source = module.source.string();
  auto facts = inspect_elf(module.bytes);
  if (!facts) return std::unexpected(fmt::format("{} {}", source, facts.error()));
  if (!facts->exports_symbol(HG_ENTRY_SYMBOL)) {
    return std::unexpected(
        fmt::format("{} is no Heliograph plugin: it does not export {}", source, HG_ENTRY_SYMBOL));
  }
  static const auto host = host_libraries();  // the same for the life of the process
  if (auto unmet = unmet_need(*facts, host); !unmet.empty()) {
    return std::unexpected(fmt::format("{} {}", source, unmet));
  }
  return facts;
}

std::expected<std::shared_ptr<const Module>, std::string> ModuleLoader::load(
    const ModuleLocation& location, const std::string& component) {
  const auto bytes = read_module(location.file);
  if (!bytes) return std::unexpected(bytes.error());
  if (!location.sha256.empty() && !base::equals_ignore_case(location.sha256, bytes->sha256)) {
    return std::unexpected(fmt::format("{} has SHA-256 {}, but {} is pinned",
                                       bytes->source.string(), bytes->sha256, location.sha256));
  }
  if (const auto known = by_digest_.find(bytes->sha256); known != by_digest_.end()) {
    return known->second;
  }
  if (const auto known = refused_.find(bytes->sha256); known != refused_.end()) {
    return std::unexpected(fmt::format("{}: {}", bytes->source.string(), known->second));
  }
  auto facts = inspect(*bytes);
  if (!facts) return std::unexpected(facts.error());
  auto& generations = generations_[component];
  if (generations == kGenerationsMax) {
    return std::unexpected(
        fmt::format("{} would be the ninth file loaded for the {} since the gateway was started, "
                    "and each stays in memory: restart the gateway to load it",
                    bytes->source.string(), component));
  }
  return map(*bytes, std::move(*facts), generations);
}

std::expected<std::shared_ptr<const Module>, std::string> ModuleLoader::map(
    const ModuleBytes& bytes, ElfFacts facts, std::size_t& generations) {
  auto copy = write_private_copy(bytes, copy_folder_);
  if (!copy) return std::unexpected(copy.error());
  const auto fail = [&bytes, &copy](const std::string& why) {
    std::error_code ignored;
    std::filesystem::remove(*copy, ignored);
    return std::unexpected(fmt::format("{}: {}", bytes.source.string(), why));
  };
  const auto library = open_library(*copy);
  if (!library) return fail(library.error());  // nothing of it stays: it may be tried again
  ++generations;                               // whatever comes of it: once mapped it stays
  auto info = introduce(**library);
  if (!info) {
    refused_.emplace(bytes.sha256, info.error());
    return fail(info.error());
  }
  auto module = std::make_shared<Module>();
  module->source = bytes.source;
  module->copy = std::move(*copy);
  module->sha256 = bytes.sha256;
  module->elf = std::move(facts);
  module->info = std::move(*info);
  module->warnings = bytes.warnings;
  module->warnings.insert(module->warnings.end(), module->info.warnings.begin(),
                          module->info.warnings.end());
  by_digest_.emplace(module->sha256, module);
  return module;
}

std::expected<ModuleInfo, std::string> ModuleLoader::introduce(
    boost::dll::shared_library& library) {
  const hg_entry_fn entry = &library.get<std::remove_pointer_t<hg_entry_fn>>(HG_ENTRY_SYMBOL);
  const auto host = describe_host(gateway_version_);
  auto error = empty_error();
  const hg_module* module = entry(&host, &error);
  if (module == nullptr) {
    return std::unexpected("it refuses this gateway: " + error_text(error, HG_E_ABI));
  }
  auto info = read_module_info(module);
  if (!info) return info;
  for (const auto& component : info->components) {
    if (auto tables = check_vtables(component); !tables) return std::unexpected(tables.error());
  }
  return info;
}

std::expected<void, std::string> ModuleLoader::initialise(const Module& module) {
  if (!initialised_.insert(module.sha256).second || module.info.init == nullptr) return {};
  const auto host = describe_host(gateway_version_);
  auto error = empty_error();
  const auto status = module.info.init(&host, &error);
  if (status == HG_OK) return {};
  initialised_.erase(module.sha256);
  return std::unexpected(fmt::format("{}: plugin '{}' cannot initialise: {}",
                                     module.source.string(), module.info.name,
                                     error_text(error, status)));
}

}  // namespace heliograph::plugin
