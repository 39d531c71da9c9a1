#include "child.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

extern char** environ;

namespace heliograph::sdk::conformance {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kOutputMax = 4 << 10;

void check_errno(int error, const char* what) {
  if (error != 0) throw std::system_error(error, std::generic_category(), what);
}

class Pipe {
 public:
  Pipe() { check_errno(::pipe2(ends_.data(), O_CLOEXEC) == 0 ? 0 : errno, "pipe"); }
  ~Pipe() {
    ::close(ends_[0]);
    close_writing();
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  int reading() const { return ends_[0]; }
  int writing() const { return ends_[1]; }
  void close_writing() {
    if (ends_[1] >= 0) ::close(ends_[1]);
    ends_[1] = -1;
  }

 private:
  std::array<int, 2> ends_{};
};

using Take = std::function<void(std::string_view)>;

// Hands on what is there. False: its end.
bool read_into(const Take& take, int fd) {
  std::array<char, 4096> buffer;
  const auto n = ::read(fd, buffer.data(), buffer.size());
  if (n < 0) return errno == EINTR || errno == EAGAIN;
  if (n > 0) take({buffer.data(), static_cast<std::size_t>(n)});
  return n > 0;
}

pid_t spawn(const std::vector<std::string>& command, int report_fd, const Pipe& report,
            const Pipe& output) {
  std::vector<char*> argv;
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, output.writing(), 1);
  posix_spawn_file_actions_adddup2(&actions, output.writing(), 2);
  posix_spawn_file_actions_adddup2(&actions, report.writing(), report_fd);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  pid_t pid = -1;
  const int error = ::posix_spawn(&pid, argv[0], &actions, &attributes, argv.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  check_errno(error, "posix_spawn");
  return pid;
}

// Follows the child until it has ended. False: the time is up.
bool follow(int process_fd, const Pipe& report, const Pipe& output, Clock::time_point deadline,
            const std::array<Take, 2>& takes) {
  std::array<pollfd, 3> watched{pollfd{report.reading(), POLLIN, 0},
                                pollfd{output.reading(), POLLIN, 0}, pollfd{process_fd, POLLIN, 0}};
  while (true) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return false;
    if (::poll(watched.data(), watched.size(), static_cast<int>(left)) <= 0) continue;
    for (std::size_t i = 0; i < takes.size(); ++i) {
      if (watched[i].revents != 0 && !read_into(takes[i], watched[i].fd)) watched[i].fd = -1;
    }
    // Its last words are in the pipes before it has ended.
    const bool drained = ((watched[0].revents | watched[1].revents) & POLLIN) == 0;
    if (watched[2].revents != 0 && drained) return true;
  }
}

}  // namespace

ChildEnd run_child(const std::vector<std::string>& command, int report_fd,
                   std::chrono::milliseconds limit,
                   const std::function<void(std::string_view)>& on_report) {
  Pipe report;
  Pipe output;
  const auto began = Clock::now();
  const pid_t pid = spawn(command, report_fd, report, output);
  report.close_writing();
  output.close_writing();
  ChildEnd end;
  const int process_fd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  const int error = errno;
  const Take keep = [&end](std::string_view text) {
    end.output += text.substr(0, std::min(text.size(), kOutputMax - end.output.size()));
  };
  if (process_fd >= 0)
    end.timed_out = !follow(process_fd, report, output, began + limit, {on_report, keep});
  ::kill(-pid, SIGKILL);  // the whole group: what it started goes with it
  ::kill(pid, SIGKILL);
  while (::waitpid(pid, &end.status, 0) < 0 && errno == EINTR) {
  }
  check_errno(process_fd < 0 ? error : 0, "pidfd_open");
  ::close(process_fd);
  end.took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - began);
  return end;
}

}  // namespace heliograph::sdk::conformance
