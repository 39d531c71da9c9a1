// Entry: the one exported function and the descriptors it hands out.
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <new>
#include <thread>

#include <heliograph/testing/conformance.hpp>

#include "sample_config.hpp"

namespace heliograph::sdk::conformance {
namespace {

// The cases of components are run for what this one finds.
void describe(Check& check) {
  check.step("the gateway's loader, which calls the entry");
  const std::string refusal = check.judge().admit(check.file());
  check.require(refusal.empty(), "the gateway refuses it: " + refusal);
  const hg_module& module = check.plugin().module();
  check.note("ABI built with minor " + std::to_string(module.abi_minor_built) + ", needs minor " +
             std::to_string(module.abi_minor_required));
  for (std::size_t i = 0; i < module.n_components; ++i) {
    check.announce(component_name(*module.components[i]));
  }
}

hg_host_info this_host() {
  hg_host_info info{};
  info.size = sizeof(info);
  info.abi_major = HG_ABI_MAJOR;
  info.abi_minor = HG_ABI_MINOR;
  info.name = HG_STR("heliograph");
  info.version = HG_STR(HG_ABI_VERSION);
  return info;
}

hg_error empty_error() {
  hg_error error{};
  error.size = sizeof(error);
  return error;
}

// An hg_host_info of `size` bytes, the last of them right before memory that nobody may read.
class FencedInfo {
 public:
  explicit FencedInfo(std::size_t size) {
    pages_ = static_cast<char*>(
        ::mmap(nullptr, 2 * page_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    if (pages_ == MAP_FAILED) throw std::bad_alloc();
    ::mprotect(pages_ + page_, page_, PROT_NONE);
    const hg_host_info whole = this_host();
    std::memcpy(pages_ + page_ - size, &whole, std::min(size, sizeof(whole)));
    const auto told = static_cast<std::uint32_t>(size);
    std::memcpy(pages_ + page_ - size, &told, sizeof(told));
  }
  ~FencedInfo() { ::munmap(pages_, 2 * page_); }
  FencedInfo(const FencedInfo&) = delete;
  FencedInfo& operator=(const FencedInfo&) = delete;
  const hg_host_info* get(std::size_t size) const {
    return reinterpret_cast<const hg_host_info*>(pages_ + page_ - size);
  }

 private:
  std::size_t page_ = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  char* pages_;
};

void pure(Check& check) {
  const hg_entry_fn entry = check.plugin().entry();
  const hg_module* const first = &check.plugin().module();
  hg_module before{};
  std::memcpy(&before, first, std::min<std::size_t>(first->size, sizeof(before)));
  const hg_host_info info = this_host();
  bool same = true;
  for (int i = 0; i < 100; ++i) same = same && entry(&info, nullptr) == first;
  check.require(same, "the entry returned another pointer at a later call");
  const hg_module* elsewhere = nullptr;
  std::thread([&] { elsewhere = entry(&info, nullptr); }).join();
  check.require(elsewhere == first, "the entry returned another pointer on another thread");
  check.require(
      std::memcmp(&before, first, std::min<std::size_t>(first->size, sizeof(before))) == 0,
      "the module's descriptor changed between two calls");
}

void host_sizes(Check& check) {
  const hg_entry_fn entry = check.plugin().entry();
  constexpr std::size_t kVersionsEnd = offsetof(hg_host_info, name);
  for (const std::size_t size : {sizeof(hg_host_info), sizeof(hg_host_info) + 64, kVersionsEnd}) {
    const FencedInfo info(size);
    check.step("the entry with an hg_host_info of " + std::to_string(size) +
               " bytes that ends where readable memory ends");
    hg_error error = empty_error();
    check.require(entry(info.get(size), &error) != nullptr || size == kVersionsEnd,
                  "the entry refuses a host whose hg_host_info has " + std::to_string(size) +
                      " bytes: " + std::string(error.msg, error.msg_len));
  }
  hg_host_info garbage = this_host();
  garbage.size = UINT32_MAX;
  check.step("the entry with an hg_host_info whose size is 4294967295");
  entry(&garbage, nullptr);
}

void newer_host(Check& check) {
  hg_host_info info = this_host();
  for (const std::uint32_t minor : {HG_ABI_MINOR + 1, 1000u, UINT32_MAX}) {
    info.abi_minor = minor;
    hg_error error = empty_error();
    check.step("the entry of a host with minor " + std::to_string(minor));
    check.require(check.plugin().entry()(&info, &error) != nullptr,
                  "it refuses a gateway of a later minor, which runs every older plugin: " +
                      std::string(error.msg, error.msg_len));
  }
}

void older_host(Check& check) {
  const std::uint32_t required = check.plugin().module().abi_minor_required;
  hg_host_info info = this_host();
  info.abi_minor = 0;
  hg_error error = empty_error();
  check.step("the entry of a host with minor 0");
  const hg_module* module = check.plugin().entry()(&info, &error);
  if (required == 0) check.require(module != nullptr, "it refuses minor 0, which it says suffices");
  check.require(module != nullptr || error.msg_len > 0, "it refuses minor 0 without a word");
}

void other_major(Check& check) {
  hg_host_info info = this_host();
  info.abi_major = HG_ABI_MAJOR + 1;
  hg_error error = empty_error();
  check.step("the entry of a host with the next major version");
  const hg_module* module = check.plugin().entry()(&info, &error);
  check.require(module == nullptr, "it accepts a gateway of another major version");
  check.require(error.msg_len > 0 && error.msg_len <= HG_ERROR_TEXT_MAX && error.code < 0,
                "it refuses another major version, but does not fill in the error");
  check.step("the same without an hg_error");
  check.require(check.plugin().entry()(&info, nullptr) == nullptr,
                "it accepts another major version when there is no hg_error");
}

}  // namespace

std::vector<Case> entry_cases() {
  return {
      {"entry", "describe", "The gateway accepts what the entry describes.", kOnce, Needs::kLoaded,
       describe},
      {"entry", "pure", "The entry returns the same unchanged module each time, on any thread.",
       kOnce, Needs::kModule, pure},
      {"entry", "host-sizes", "The entry reads no more of hg_host_info than its size says.", kOnce,
       Needs::kModule, host_sizes},
      {"entry", "newer-host", "Gateways of later minors are accepted.", kOnce, Needs::kModule,
       newer_host},
      {"entry", "older-host", "A gateway of minor 0 is accepted, or refused in words.", kOnce,
       Needs::kModule, older_host},
      {"entry", "other-major", "A gateway of another major version is refused in words.", kOnce,
       Needs::kModule, other_major},
  };
}

}  // namespace heliograph::sdk::conformance
