#include "kind_bench.hpp"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <thread>

namespace heliograph::sdk::conformance {
namespace {

// abi/base.h R5 allows 1 ms in [loop]. A machine under load may stretch that by much, never so far.
constexpr std::chrono::milliseconds kBlocked{250};

std::size_t threads_of_this_process() {
  std::error_code unreadable;
  const std::filesystem::directory_iterator tasks("/proc/self/task", unreadable);
  if (unreadable) return 1;
  return static_cast<std::size_t>(
      std::distance(begin(tasks), std::filesystem::directory_iterator{}));
}

}  // namespace

KindBench::KindBench(const Subject& subject, const std::string& name) : host_(name) {
  try {
    instance_.emplace(host_, subject.component, subject.config);
  } catch (const CreateError& error) {
    fail("create() refused the configuration: " + std::string(error.what()));
  }
}

void KindBench::start() {
  const StepRecord started = instance_->start();
  demand(started.status == HG_OK, "start() failed with status " + std::to_string(started.status) +
                                      (started.text.empty() ? "" : ": " + started.text));
}

void KindBench::finish(std::chrono::milliseconds afterlife) {
  instance_.reset();
  const auto until = std::chrono::steady_clock::now() + afterlife;
  while (threads_of_this_process() > 1 && host_.violations().empty() &&
         std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
  demand_no_violations();
}

void KindBench::demand_no_violations() const {
  const std::vector<std::string> all = host_.violations();
  if (all.empty()) return;
  std::string text = all.front();
  for (std::size_t i = 1; i < std::min<std::size_t>(all.size(), 3); ++i) text += "; " + all[i];
  if (all.size() > 3) text += "; and " + std::to_string(all.size() - 3) + " more";
  fail(text);
}

void demand_prompt(std::string_view call, const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - begin);
  demand(took < kBlocked, std::string(call) + " kept the loop waiting for " +
                              std::to_string(took.count()) + " ms; its budget is 1 ms");
}

std::string quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

}  // namespace heliograph::sdk::conformance
