// The life of an instance in C++: what methods a plugin's class may have, and when they are called.
//
//   T(sdk::Host, sdk::Config)   or T(sdk::Host), or T(): create(). No I/O. Throw ConfigError or
//   Failure. ~T()                        destroy(). Join own threads here.
// and, each optional, [ctl]:
//   void start();               throw Failure to say why it cannot
//   void start(sdk::Completion, sdk::MonoTime deadline);
//   void drain();               and void drain(sdk::Completion, sdk::MonoTime)
//   void stop();                and void stop(sdk::Completion, sdk::MonoTime)
//   bool reconfigure(const sdk::Config&);    false: replace this instance instead
//   const void* get_extension(const char*);  [any]
#pragma once

#include <heliograph/abi/abi.h>

#include <string_view>
#include <utility>

#include <heliograph/config.hpp>
#include <heliograph/host.hpp>

namespace heliograph::sdk {

// The duty to finish start, drain or stop, exactly once; destroyed unfinished it reports a failure.
// [any thread]
class Completion {
 public:
  Completion(Host host, hg_op op) : host_(host), op_(op) {}
  Completion(Completion&& other) noexcept : host_(other.host_), op_(std::exchange(other.op_, 0)) {}
  Completion& operator=(Completion&& other) noexcept {
    if (this != &other) {
      fail(HG_E_INTERNAL, kGivenUp);
      host_ = other.host_;
      op_ = std::exchange(other.op_, 0);
    }
    return *this;
  }
  ~Completion() { fail(HG_E_INTERNAL, kGivenUp); }

  void done() noexcept { finish(HG_OK, nullptr); }
  void fail(hg_status status, std::string_view text) noexcept {
    if (op_ == 0) return;
    hg_error error{};
    error.size = sizeof(error);
    set_error(&error, status, text);
    finish(status, &error);
  }

  bool pending() const noexcept { return op_ != 0; }
  // Gives the duty up without finishing: for the glue.
  hg_op release() noexcept { return std::exchange(op_, 0); }

 private:
  static constexpr std::string_view kGivenUp = "the plugin gave this step up";

  void finish(hg_status status, const hg_error* error) noexcept {
    const hg_op op = std::exchange(op_, 0);
    if (op != 0) host_.raw()->complete(host_.raw(), op, status, error);
  }

  Host host_;
  hg_op op_;
};

}  // namespace heliograph::sdk
