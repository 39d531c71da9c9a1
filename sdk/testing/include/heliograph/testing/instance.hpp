// Instance: one instance of a component, taken through its life by a test.
//
// The constructor calls create(), the destructor stop() (if started) and destroy(), and then checks
// that nothing was left unanswered. See driver.hpp for making it work.
#pragma once

#include <heliograph/abi/abi.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include <heliograph/testing/config_tree.hpp>
#include <heliograph/testing/fake_host.hpp>

namespace heliograph::sdk::testing {

// create() said no; what() is its text.
class CreateError : public std::runtime_error {
 public:
  CreateError(hg_status status, const std::string& text)
      : std::runtime_error(text), status_(status) {}
  hg_status status() const { return status_; }

 private:
  hg_status status_;
};

class Instance {
 public:
  // `config` is completed by the component's schema. Throws SchemaError or CreateError.
  Instance(FakeHost& host, const hg_component& component, const Value& config = Value::table());
  ~Instance();
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  // Each step to its end, waiting for other threads and descriptors in real time (10 s) where it is
  // pending. HG_E_DEADLINE: it did not end.
  StepRecord start();
  StepRecord drain(std::chrono::nanoseconds budget = std::chrono::seconds{30});
  StepRecord stop();
  // With a new configuration; HG_E_UNSUPPORTED where the component cannot.
  StepRecord reconfigure(const Value& config);

  // Without waiting: HG_PENDING means that host().step(op) will tell. For steps that take virtual
  // time.
  StepRecord begin_start(hg_op& op);

  // Calls hg.ingress/1 of the component with this request; the answer is host().events().reply(op).
  // Throws std::logic_error when it has no ingress.
  struct Request {
    std::string body{};
    Pairs headers{};
    std::string method = "POST";
    std::string target = "/v1/providers/test/events";
    std::string peer = "127.0.0.1";
    bool local = true;
  };
  hg_op ingress(const Request& request);

  FakeHost& host() { return host_; }
  hg_instance* raw() { return raw_; }
  const hg_component& component() const { return component_; }

 private:
  struct StoredRequest;
  using Step = hg_status (*)(hg_instance*, hg_op, uint64_t);

  StepRecord run_step(Step step, std::chrono::nanoseconds budget);
  StepRecord await(hg_op op, hg_status status, const hg_error& error);
  void finish();

  FakeHost& host_;
  const hg_component& component_;
  std::vector<std::unique_ptr<ConfigTree>> configs_;
  std::vector<std::unique_ptr<StoredRequest>> requests_;
  hg_instance* raw_ = nullptr;
  bool started_ = false;
};

}  // namespace heliograph::sdk::testing
