// Running the conformance kit: one process per case, a verdict of each, and the report.
//
// The process that calls run_all() never loads the plugin. For each case it starts the program
// again (`program` + `arguments` + what tells the case), which is to call run_one().
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <heliograph/testing/conformance.hpp>

namespace heliograph::sdk::conformance {

enum class Outcome { kPass, kFail, kSkip, kCrash, kHang, kExit };
std::string_view name_of(Outcome outcome);

struct Verdict {
  const Case* one = nullptr;
  std::string component;  // "provider/http"; "" for a case about the file
  Outcome outcome = Outcome::kPass;
  std::string sentence;  // why, for everything but a pass
  std::vector<std::string> notes;
  std::chrono::milliseconds took{0};

  // "lifecycle/create", with "@provider/http" when that is needed to tell.
  std::string title() const;
  bool bad() const { return outcome != Outcome::kPass && outcome != Outcome::kSkip; }
};

struct Selection {
  std::vector<std::string> cases;   // "group/name"; empty: all
  std::vector<std::string> groups;  // empty: all
};
// "" or what is wrong with the selection: a group or a case that is none.
std::string check_selection(const Selection& selection);

// How one case is started: program, then arguments(task). The child writes its report to descriptor
// kReportFd.
struct Task {
  std::string one;        // "group/name"
  std::string component;  // "" for the whole file
  bool may_start = false;
};
struct Launcher {
  std::string program;
  std::function<std::vector<std::string>(const Task& task)> arguments;
};
constexpr int kReportFd = 3;

// Runs what is selected and what that needs. `done` is called after each case, in order.
std::vector<Verdict> run_all(const Launcher& launcher, const Selection& selection,
                             const std::function<void(const Verdict&)>& done);

// In the child: runs the case and does not return. Exit code 2: there is no such case.
[[noreturn]] void run_one(const Settings& settings, const Judge& judge, const std::string& one,
                          const std::string& component);

// All cases as a Markdown table.
std::string case_table();

// The report: a TAP 14 line (with its diagnostics) of the n-th verdict, and all verdicts as one
// JSON object.
std::string tap_line(const Verdict& verdict, std::size_t n);
std::string tap_end(const std::vector<Verdict>& verdicts);
std::string json_report(const std::string& file, const std::vector<Verdict>& verdicts);

}  // namespace heliograph::sdk::conformance
