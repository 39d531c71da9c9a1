#include <algorithm>

#include <heliograph/testing/conformance_runner.hpp>

namespace heliograph::sdk::conformance {
namespace {

std::size_t count_bad(const std::vector<Verdict>& verdicts) {
  return static_cast<std::size_t>(
      std::count_if(verdicts.begin(), verdicts.end(), [](const Verdict& v) { return v.bad(); }));
}

// In a description of TAP, '#' begins a directive.
std::string escaped(std::string text) {
  for (std::size_t at = 0; (at = text.find('#', at)) != std::string::npos; at += 2)
    text.insert(at, 1, '\\');
  return text;
}

Value json_of(const Verdict& verdict) {
  Value notes = Value::array();
  for (const std::string& note : verdict.notes) notes.push(note);
  return Value::table({{"group", std::string(verdict.one->group)},
                       {"case", std::string(verdict.one->name)},
                       {"component", verdict.component},
                       {"verdict", std::string(name_of(verdict.outcome))},
                       {"sentence", verdict.sentence},
                       {"shows", std::string(verdict.one->shows)},
                       {"notes", notes},
                       {"milliseconds", verdict.took.count()}});
}

}  // namespace

std::string_view name_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::kPass:
      return "pass";
    case Outcome::kFail:
      return "fail";
    case Outcome::kSkip:
      return "skip";
    case Outcome::kCrash:
      return "crash";
    case Outcome::kHang:
      return "hang";
    case Outcome::kExit:
      break;
  }
  return "exit";
}

std::string Verdict::title() const {
  std::string text = std::string(one->group) + "/" + std::string(one->name);
  return component.empty() ? text : text + " @" + component;
}

std::string case_table() {
  std::string text = "| Case | Of | A plugin that passes |\n|---|---|---|\n";
  for (const Case& one : all_cases()) {
    std::string kinds;
    const auto add = [&](std::uint32_t kind, std::string_view name) {
      if ((one.kinds & kind_bit(kind)) != 0)
        kinds += (kinds.empty() ? "" : ", ") + std::string(name);
    };
    add(HG_KIND_PROVIDER, "providers");
    add(HG_KIND_DISTRIBUTOR, "distributors");
    add(HG_KIND_LIMITER, "limiters");
    if (one.kinds == kOnce) kinds = "the file";
    if (one.kinds == kAnyKind) kinds = "all components";
    text += "| " + std::string(one.group) + "/" + std::string(one.name) + " | " + kinds + " | " +
            std::string(one.shows) + " |\n";
  }
  return text;
}

std::string tap_line(const Verdict& verdict, std::size_t n) {
  std::string text =
      (verdict.bad() ? "not ok " : "ok ") + std::to_string(n) + " - " + escaped(verdict.title());
  if (verdict.outcome == Outcome::kSkip) text += " # SKIP " + verdict.sentence;
  text += "\n";
  if (verdict.bad()) {
    text += "# " + std::string(name_of(verdict.outcome)) + ": " + verdict.sentence + "\n";
    text += "# expected: " + std::string(verdict.one->shows) + "\n";
  }
  for (const std::string& note : verdict.notes) text += "# note: " + note + "\n";
  return text;
}

std::string tap_end(const std::vector<Verdict>& verdicts) {
  const auto skipped = std::count_if(verdicts.begin(), verdicts.end(),
                                     [](const Verdict& v) { return v.outcome == Outcome::kSkip; });
  return "1.." + std::to_string(verdicts.size()) + "\n# " + std::to_string(verdicts.size()) +
         " cases, " + std::to_string(count_bad(verdicts)) + " not ok, " + std::to_string(skipped) +
         " skipped\n";
}

std::string json_report(const std::string& file, const std::vector<Verdict>& verdicts) {
  Value cases = Value::array();
  for (const Verdict& verdict : verdicts) cases.push(json_of(verdict));
  return Value::table({{"file", file},
                       {"ok", !verdicts.empty() && count_bad(verdicts) == 0},
                       {"cases", cases}})
             .json() +
         "\n";
}

}  // namespace heliograph::sdk::conformance
