#include "core/telemetry/process_figures.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

namespace heliograph::telemetry {
namespace {

// Fields of /proc/self/stat behind the program's name, which may hold blanks itself (proc(5)): the
// third is the first of them.
struct ProcessState {
  double user_ticks = 0;
  double system_ticks = 0;
  double threads = 0;
  double start_ticks = 0;  // after the machine's start
  double virtual_bytes = 0;
  double resident_pages = 0;
};

bool read_state(ProcessState& state) {
  std::ifstream file("/proc/self/stat");
  std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto name_end = text.rfind(')');
  if (name_end == std::string::npos) return false;
  std::istringstream fields(text.substr(name_end + 1));
  std::vector<std::string> all{std::istream_iterator<std::string>(fields), {}};
  if (all.size() < 22) return false;
  const auto field = [&all](std::size_t number) { return std::stod(all.at(number - 3)); };
  state = {.user_ticks = field(14),
           .system_ticks = field(15),
           .threads = field(20),
           .start_ticks = field(22),
           .virtual_bytes = field(23),
           .resident_pages = field(24)};
  return true;
}

// When the machine was started, in seconds of Unix time; 0: not told.
double boot_time() {
  std::ifstream file("/proc/stat");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("btime ")) return std::stod(line.substr(6));
  }
  return 0;
}

double open_descriptors() {
  std::error_code error;
  const std::filesystem::directory_iterator folder("/proc/self/fd", error);
  // One of them is the one that counts.
  return error ? 0 : static_cast<double>(std::distance(begin(folder), end(folder))) - 1;
}

Family single(std::string name, std::string help, MetricKind kind, double value) {
  return {std::move(name), std::move(help), kind, {{.value = value}}};
}

}  // namespace

std::vector<Family> process_figures() {
  std::vector<Family> families;
  ProcessState state;
  if (read_state(state)) {
    const auto tick = static_cast<double>(sysconf(_SC_CLK_TCK));
    const auto page = static_cast<double>(sysconf(_SC_PAGESIZE));
    families.push_back(single("process_cpu_seconds_total", "Processor time used, of all threads.",
                              MetricKind::kCounter,
                              (state.user_ticks + state.system_ticks) / tick));
    families.push_back(single("process_resident_memory_bytes", "Memory that is really there.",
                              MetricKind::kGauge, state.resident_pages * page));
    families.push_back(single("process_virtual_memory_bytes", "Address space in use.",
                              MetricKind::kGauge, state.virtual_bytes));
    families.push_back(
        single("process_threads", "Threads of the process.", MetricKind::kGauge, state.threads));
    families.push_back(single("process_start_time_seconds", "When the process began, Unix time.",
                              MetricKind::kGauge, boot_time() + state.start_ticks / tick));
  }
  families.push_back(single("process_open_fds", "Open file descriptors, connections included.",
                            MetricKind::kGauge, open_descriptors()));
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    families.push_back(single("process_max_fds", "Most file descriptors that may be open.",
                              MetricKind::kGauge, static_cast<double>(limit.rlim_cur)));
  }
  return families;
}

}  // namespace heliograph::telemetry
