#include "process_state.hpp"

#include <malloc.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <clocale>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>

extern char** environ;

namespace heliograph::sdk::conformance {
namespace {

namespace fs = std::filesystem;

std::string action_text(int number) {
  struct sigaction action{};
  if (::sigaction(number, nullptr, &action) != 0) return {};
  if (action.sa_handler == SIG_DFL) return "the default";
  if (action.sa_handler == SIG_IGN) return "ignored";
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "handled at %p",
                reinterpret_cast<void*>(action.sa_handler));
  return text.data();
}

}  // namespace

Usage usage() {
  const struct mallinfo2 heap = ::mallinfo2();
  std::size_t pages = 0;
  std::size_t resident = 0;
  std::ifstream("/proc/self/statm") >> pages >> resident;
  return {descriptors().size(), threads().size(), heap.uordblks + heap.hblkhd,
          resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE))};
}

std::map<int, std::string> descriptors() {
  std::map<int, std::string> found;
  for (const fs::directory_entry& entry : fs::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    const fs::path target = fs::read_symlink(entry.path(), gone);
    const int number = std::stoi(entry.path().filename().string());
    // The iterator's own is closed by the time this is read.
    const bool own = target.string().ends_with("/fd") && target.string().starts_with("/proc/");
    if (!gone && !own) found.emplace(number, target.string());
  }
  return found;
}

std::map<int, std::string> threads() {
  std::map<int, std::string> found;
  for (const fs::directory_entry& entry : fs::directory_iterator("/proc/self/task")) {
    std::string name;
    std::getline(std::ifstream(entry.path() / "comm"), name);
    found.emplace(std::stoi(entry.path().filename().string()), name);
  }
  return found;
}

std::map<std::string, std::string> signals() {
  std::map<std::string, std::string> found;
  sigset_t mask;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  for (int number = 1; number < NSIG; ++number) {
    if (number >= 32 && number < SIGRTMIN) continue;  // the C library's own
    const std::string name = "signal " + std::to_string(number);
    found.emplace(name, action_text(number));
    found.emplace(name + " in the thread's mask",
                  sigismember(&mask, number) == 1 ? "blocked" : "open");
  }
  return found;
}

std::map<std::string, std::string> environment() {
  std::map<std::string, std::string> found;
  for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable) {
    const std::string text = *variable;
    const std::size_t equals = std::min(text.find('='), text.size());
    found.emplace("the environment variable " + text.substr(0, equals),
                  text.substr(std::min(equals + 1, text.size())));
  }
  std::error_code ignored;
  found.emplace("the working directory", fs::current_path(ignored).string());
  found.emplace("the locale", std::setlocale(LC_ALL, nullptr));
  const mode_t mask = ::umask(0);
  ::umask(mask);
  std::array<char, 16> octal{};
  std::snprintf(octal.data(), octal.size(), "%03o", static_cast<unsigned>(mask));
  found.emplace("the umask", octal.data());
  return found;
}

std::string difference(const std::map<std::string, std::string>& before,
                       const std::map<std::string, std::string>& after) {
  for (const auto& [name, state] : before) {
    const auto now = after.find(name);
    if (now == after.end()) return name + " was '" + state + "' and is gone";
    if (now->second != state) return name + " was '" + state + "' and is '" + now->second + "'";
  }
  for (const auto& [name, state] : after) {
    if (before.count(name) == 0) return name + " is new: '" + state + "'";
  }
  return {};
}

OutputTrap::OutputTrap() : file_(::memfd_create("output", MFD_CLOEXEC)) {
  if (file_ < 0) throw std::system_error(errno, std::generic_category(), "memfd_create");
  std::fflush(nullptr);
  for (int i = 0; i < 2; ++i) {
    saved_[i] = ::dup(i + 1);
    ::dup2(file_, i + 1);
  }
}

OutputTrap::~OutputTrap() {
  std::fflush(nullptr);
  for (int i = 0; i < 2; ++i) {
    ::dup2(saved_[i], i + 1);
    ::close(saved_[i]);
  }
  ::close(file_);
}

std::string OutputTrap::written() const {
  std::fflush(nullptr);
  std::array<char, 200> text{};
  const auto n = ::pread(file_, text.data(), text.size(), 0);
  return n <= 0 ? std::string{} : std::string(text.data(), static_cast<std::size_t>(n));
}

}  // namespace heliograph::sdk::conformance
