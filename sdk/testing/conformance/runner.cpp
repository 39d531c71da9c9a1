#include <heliograph/testing/conformance_runner.hpp>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>

#include "child.hpp"

namespace heliograph::sdk::conformance {
namespace {

constexpr std::size_t kNotesMax = 20;
constexpr std::size_t kComponentsMax = 64;

std::string id_of(const Case& one) { return std::string(one.group) + "/" + std::string(one.name); }

// The cases that stand for a need.
std::vector<std::string> gates_of(Needs needs) {
  switch (needs) {
    case Needs::kLoaded:
      return {"binary/load"};
    case Needs::kModule:
      return {"entry/describe"};
    case Needs::kSchema:
      return {"config/schema"};
    case Needs::kInstance:
      return {"lifecycle/create"};
    case Needs::kStarted:
      return {"lifecycle/start"};
    case Needs::kRobust:
      return {"config/mutations"};
    case Needs::kTidy:
      return {"side-effects/threads", "side-effects/descriptors"};
    case Needs::kFile:
      break;
  }
  return {};
}

const Case& case_of(const std::string& id) {
  const std::vector<Case>& all = all_cases();
  return *std::find_if(all.begin(), all.end(), [&](const Case& one) { return id_of(one) == id; });
}

bool contains(const std::vector<std::string>& list, std::string_view item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

std::uint32_t kind_of(const std::string& component) {
  const std::string kind = component.substr(0, component.find('/'));
  if (kind == "provider") return HG_KIND_PROVIDER;
  return kind == "distributor" ? HG_KIND_DISTRIBUTOR : HG_KIND_LIMITER;
}

std::string last_line(std::string_view output) {
  while (!output.empty() && output.back() == '\n') output.remove_suffix(1);
  return std::string(output.substr(output.rfind('\n') + 1));
}

// What a child writes to its report. Takes any amount: of steps only the last is kept.
struct Report {
  std::string verdict;  // "pass", "fail", "skip", or "" when it came to none
  std::string text;
  std::string step;
  std::vector<std::string> notes;
  std::vector<std::string> components;

  void add(std::string_view piece) {
    for (const char c : piece) {
      if (c == '\n') {
        take(line_);
        line_.clear();
      } else if (line_.size() < kLineMax) {
        line_ += c;
      }
    }
  }

 private:
  static constexpr std::size_t kLineMax = 4096;
  std::string line_;

  void take(const std::string& line) {
    const std::size_t space = std::min(line.find(' '), line.size());
    const std::string word = line.substr(0, space);
    std::string rest = line.substr(std::min(space + 1, line.size()));
    if (word == "step") {
      step = std::move(rest);
    } else if (word == "note") {
      if (notes.size() < kNotesMax) notes.push_back(std::move(rest));
    } else if (word == "component") {
      if (components.size() < kComponentsMax) components.push_back(std::move(rest));
    } else if (verdict.empty() && (word == "pass" || word == "fail" || word == "skip")) {
      verdict = word;
      text = std::move(rest);
    }
  }
};

void judge_end(const ChildEnd& end, const Report& report, Verdict& verdict) {
  const std::string where = report.step.empty() ? "" : ", while: " + report.step;
  if (end.timed_out) {
    verdict.outcome = Outcome::kHang;
    verdict.sentence =
        "it did not come back within " + std::to_string(verdict.one->limit.count()) + " s" + where;
  } else if (WIFSIGNALED(end.status)) {
    verdict.outcome = Outcome::kCrash;
    verdict.sentence = "the process was ended by signal " + std::to_string(WTERMSIG(end.status)) +
                       " (" + ::strsignal(WTERMSIG(end.status)) + ")" + where;
  } else if (report.verdict.empty()) {
    verdict.outcome = Outcome::kExit;
    verdict.sentence = "the process ended itself with exit code " +
                       std::to_string(WEXITSTATUS(end.status)) +
                       ", as by exit(), which would end the whole gateway" + where;
  } else {
    verdict.outcome = report.verdict == "pass"   ? Outcome::kPass
                      : report.verdict == "fail" ? Outcome::kFail
                                                 : Outcome::kSkip;
    verdict.sentence = report.text;
  }
  if (verdict.bad() && !end.output.empty())
    verdict.notes.push_back("last line of its output: " + last_line(end.output));
}

// A run in progress: what was asked for, and how what others need ended.
class Run {
 public:
  Run(const Launcher& launcher, const Selection& selection,
      const std::function<void(const Verdict&)>& done)
      : launcher_(launcher), selection_(selection), done_(done) {}

  std::vector<Verdict> all() {
    for (const Case& one : all_cases()) {
      if (one.kinds == kOnce && chosen(one)) passed(one, "");
    }
    const bool components_wanted =
        std::any_of(all_cases().begin(), all_cases().end(),
                    [&](const Case& one) { return one.kinds != kOnce && chosen(one); });
    if (components_wanted) passed(case_of("entry/describe"), "");
    for (const std::string& component : components_) {
      for (const Case& one : all_cases()) {
        if ((one.kinds & kind_bit(kind_of(component))) != 0 && chosen(one)) passed(one, component);
      }
    }
    return std::move(verdicts_);
  }

 private:
  bool chosen(const Case& one) const {
    if (selection_.cases.empty() && selection_.groups.empty()) return true;
    return contains(selection_.cases, id_of(one)) || contains(selection_.groups, one.group);
  }

  // Runs the case unless it has been run: what it needs comes first, asked for or not.
  bool passed(const Case& one, const std::string& component) {
    const std::string key = id_of(one) + "@" + (one.kinds == kOnce ? "" : component);
    if (const auto known = passed_.find(key); known != passed_.end()) return known->second;
    Verdict verdict{&one, one.kinds == kOnce ? "" : component, Outcome::kSkip, {}, {}, {}};
    for (const std::string& gate : gates_of(one.needs)) {
      if (!passed(case_of(gate), component)) verdict.sentence = gate + " has not passed";
    }
    if (verdict.sentence.empty()) carry_out(verdict);
    done_(verdict);
    const bool good = verdict.outcome == Outcome::kPass;
    passed_[key] = good;
    verdicts_.push_back(std::move(verdict));
    return good;
  }

  bool may_start(const Verdict& verdict) {
    return verdict.one->needs >= Needs::kInstance && id_of(*verdict.one) != "lifecycle/start" &&
           passed(case_of("lifecycle/start"), verdict.component);
  }

  void carry_out(Verdict& verdict) {
    const std::string id = id_of(*verdict.one);
    std::vector<std::string> command{launcher_.program};
    for (std::string& word : launcher_.arguments({id, verdict.component, may_start(verdict)}))
      command.push_back(std::move(word));
    Report report;
    const ChildEnd end = run_child(command, kReportFd, verdict.one->limit,
                                   [&report](std::string_view piece) { report.add(piece); });
    verdict.took = end.took;
    verdict.notes = report.notes;
    judge_end(end, report, verdict);
    if (id == "entry/describe" && verdict.outcome == Outcome::kPass)
      components_ = report.components;
  }

  const Launcher& launcher_;
  const Selection& selection_;
  const std::function<void(const Verdict&)>& done_;
  std::vector<std::string> components_;
  std::map<std::string, bool> passed_;
  std::vector<Verdict> verdicts_;
};

}  // namespace

std::string check_selection(const Selection& selection) {
  const std::vector<Case>& all = all_cases();
  for (const std::string& id : selection.cases) {
    if (std::none_of(all.begin(), all.end(), [&](const Case& one) { return id_of(one) == id; }))
      return "there is no case '" + id + "'";
  }
  for (const std::string& group : selection.groups) {
    if (std::none_of(all.begin(), all.end(), [&](const Case& one) { return one.group == group; }))
      return "there is no group '" + group + "'";
  }
  return {};
}

std::vector<Verdict> run_all(const Launcher& launcher, const Selection& selection,
                             const std::function<void(const Verdict&)>& done) {
  return Run(launcher, selection, done).all();
}

void run_one(const Settings& settings, const Judge& judge, const std::string& one,
             const std::string& component) {
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  for (const Case& candidate : all_cases()) {
    if (id_of(candidate) != one) continue;
    Check check(settings, judge, component, kReportFd);
    check.run(candidate);
    // Not by exit(): what the plugin left behind for that is no part of this case.
    ::_exit(0);
  }
  ::_exit(2);
}

}  // namespace heliograph::sdk::conformance
