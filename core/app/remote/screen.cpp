#include "core/app/remote/screen.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>

namespace heliograph::app {
namespace {

constexpr char kCtrlC = 3;

volatile std::sig_atomic_t g_end = 0;
volatile std::sig_atomic_t g_resized = 0;

// Without SA_RESTART: poll() returns.
void on_signal(int number, void (*handler)(int)) {
  struct sigaction action{};
  action.sa_handler = handler;
  sigemptyset(&action.sa_mask);
  sigaction(number, &action, nullptr);
}

winsize size_of_terminal() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) size = {};
  return size;
}

}  // namespace

bool Screen::possible() { return ::isatty(STDOUT_FILENO) != 0 && ::isatty(STDIN_FILENO) != 0; }

Screen::Screen() {
  g_end = 0;
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) on_signal(number, [](int) { g_end = 1; });
  on_signal(SIGWINCH, [](int) { g_resized = 1; });
  ::tcgetattr(STDIN_FILENO, &before_);
  termios raw = before_;
  raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | ISIG);
  ::tcsetattr(STDIN_FILENO, TCSANOW, &raw);
  // xterm's private modes, which every terminal in use knows: the alternate screen, no cursor.
  fmt::print("\x1b[?1049h\x1b[?25l");
  std::fflush(stdout);
}

Screen::~Screen() {
  std::fputs("\x1b[?25h\x1b[?1049l", stdout);  // does not throw
  std::fflush(stdout);
  ::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGWINCH}) on_signal(number, SIG_DFL);
}

std::size_t Screen::columns() const {
  const winsize size = size_of_terminal();
  return size.ws_col == 0 ? 80 : size.ws_col;
}

std::size_t Screen::rows() const {
  const winsize size = size_of_terminal();
  return size.ws_row == 0 ? 24 : size.ws_row;
}

// Each line is cleared behind its text, the rest below: nothing flickers.
void Screen::show(const std::string& lines) {
  std::string out = "\x1b[H";
  const bool ends = lines.ends_with('\n');
  for (const char c : std::string_view(lines).substr(0, lines.size() - (ends ? 1 : 0))) {
    if (c == '\n') out += "\x1b[K\r";
    out += c;
  }
  out += "\x1b[K\x1b[J";
  fmt::print("{}", out);
  std::fflush(stdout);
}

Screen::Event Screen::wait_until(std::chrono::steady_clock::time_point deadline) {
  while (g_end == 0) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (g_resized != 0) {
      g_resized = 0;
      return Event::kRedraw;
    }
    if (left.count() <= 0) return Event::kTime;
    pollfd keys{STDIN_FILENO, POLLIN, 0};
    // A signal between the looks above and poll() is seen when the time is up: within a second.
    if (::poll(&keys, 1, static_cast<int>(left.count())) <= 0) continue;
    char key = 0;
    if (::read(STDIN_FILENO, &key, 1) != 1) return Event::kQuit;  // the terminal is gone
    if (key == 'q' || key == 'Q' || key == kCtrlC) return Event::kQuit;
  }
  return Event::kQuit;
}

}  // namespace heliograph::app
