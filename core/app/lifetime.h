// Lifetime: starts parts in order, stops them in reverse, and stops what was started when one of
// them fails to start.
//
// A part is a name and two functions. stop() never throws out: a part that fails to stop is
// reported and the others still stop. One thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace heliograph::app {

class Lifetime {
 public:
  struct Part {
    std::string name;
    std::function<void()> start;  // may throw: then nothing is left running
    std::function<void()> stop;
  };
  using Report = std::function<void(const std::string& part, const std::string& what)>;

  explicit Lifetime(Report report) : report_(std::move(report)) {}
  ~Lifetime() { stop(); }
  Lifetime(const Lifetime&) = delete;
  Lifetime& operator=(const Lifetime&) = delete;

  void add(Part part) { parts_.push_back(std::move(part)); }
  void start();
  void stop() noexcept;  // what is running, last started first; again: nothing

 private:
  Report report_;
  std::vector<Part> parts_;
  std::size_t running_ = 0;
};

}  // namespace heliograph::app
