// The life of an instance between the ABI and a plugin's class.
#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <stdexcept>
#include <thread>

#include "glue_fixture.h"

namespace heliograph::sdk::testing {
namespace {

using namespace std::chrono_literals;

struct Base {
  Caps caps() const { return {}; }
  SendResult send(const Outgoing&) { return SendResult::retry("never"); }
};

struct Picky : Base {
  Picky(Host, const Config& config) {
    const std::string_view how = config.find_text("how").value_or("");
    if (how == "config") throw ConfigError("codes.0", "is used twice");
    if (how == "failure") throw Failure(HG_E_AUTH, "no such account");
    if (how == "defect") throw std::logic_error(std::string(600, 'x'));
    if (how == "int") throw 1;
  }
};

std::pair<hg_status, std::string> create_error(const char* how) {
  FakeHost host;
  try {
    const Instance instance(host, component_of<Picky>(), Value::table({{"how", how}}));
  } catch (const CreateError& e) {
    return {e.status(), e.what()};
  }
  return {HG_OK, ""};
}

TEST(LifecycleGlueTest, ConstructorsMaySayNo) {
  EXPECT_EQ(create_error("fine").first, HG_OK);
  EXPECT_EQ(create_error("config"), std::pair(HG_E_CONFIG, std::string("codes.0: is used twice")));
  EXPECT_EQ(create_error("failure"), std::pair(HG_E_AUTH, std::string("no such account")));
  EXPECT_EQ(create_error("defect"), std::pair(HG_E_PANIC, std::string(HG_ERROR_TEXT_MAX, 'x')));
  EXPECT_EQ(create_error("int"),
            std::pair(HG_E_PANIC, std::string("an exception of unknown type")));
}

TEST(LifecycleGlueTest, ErrorTextIsCutBetweenCharacters) {
  hg_error error{};
  error.size = sizeof(error);
  set_error(&error, HG_E_IO, std::string(495, 'x') + "é");
  EXPECT_EQ(error.msg_len, 495U);
  set_error(nullptr, HG_E_IO, "nobody listens");
}

std::function<void(Completion)> next_start;

struct Starts : Base {
  void start(Completion completion, MonoTime) { next_start(std::move(completion)); }
};

TEST(LifecycleGlueTest, StartMayEndInTheCallOrLater) {
  Rig<Starts> at_once;
  next_start = [](Completion completion) { completion.done(); };
  EXPECT_EQ(at_once.instance->start().status, HG_OK);

  Rig<Starts> later;
  std::optional<Completion> kept;
  next_start = [&](Completion completion) { kept.emplace(std::move(completion)); };
  hg_op op = 0;
  EXPECT_EQ(later.instance->begin_start(op).status, HG_PENDING);
  EXPECT_EQ(later.host.step(op), std::nullopt);
  kept->fail(HG_E_AUTH, "wrong password");
  EXPECT_EQ(later.host.step(op)->status, HG_E_AUTH);
  EXPECT_EQ(later.host.step(op)->text, "wrong password");
}

TEST(LifecycleGlueTest, StartMayEndOnAThreadOfItsOwn) {
  Rig<Starts> rig;
  std::thread worker;
  next_start = [&](Completion completion) {
    worker = std::thread([c = std::move(completion)]() mutable { c.done(); });
  };
  EXPECT_EQ(rig.instance->start().status, HG_OK);
  worker.join();
}

TEST(LifecycleGlueTest, AStepThatIsGivenUpFails) {
  Rig<Starts> rig;
  next_start = [](const Completion&) {};
  const StepRecord record = rig.instance->start();
  EXPECT_EQ(record.status, HG_E_INTERNAL);
  EXPECT_EQ(record.text, "the plugin gave this step up");
}

TEST(LifecycleGlueTest, AStepThatThrowsEndsOnce) {
  Rig<Starts> rig;
  next_start = [](const Completion&) { throw std::runtime_error("no luck"); };
  EXPECT_EQ(rig.instance->start().status, HG_E_INTERNAL);
  EXPECT_TRUE(rig.host.logged("no luck"));
}

struct StartsByReference : Base {
  void start(Completion&&, MonoTime) { throw Failure(HG_E_IO, "no route"); }
};

TEST(LifecycleGlueTest, AStepThatThrowsBeforeItTakesTheDutySaysWhy) {
  Rig<StartsByReference> rig;
  const StepRecord record = rig.instance->start();
  EXPECT_EQ(record.status, HG_E_IO);
  EXPECT_EQ(record.text, "no route");
}

struct Plain : Base {
  explicit Plain(Host h) : host(h), timer(h, [] {}) {}
  void start() {
    timer.start(host.now() + 1h);  // left running: destroy() must not touch the host for it
    if (fail_start) throw Failure(HG_E_IO, "connect: refused");
  }
  void drain(Completion completion, MonoTime deadline) {
    drained.emplace(std::move(completion));
    drain_budget = deadline - host.now();
    host.post([this] { drained->done(); });
  }
  void stop() {
    if (fail_stop) throw std::runtime_error("stuck");
  }
  bool reconfigure(const Config& config) {
    if (config.find_text("bad")) throw ConfigError("bad", "is bad");
    return config.has("reloadable");
  }
  const void* get_extension(const char* id) {
    return std::string_view(id) == "org.example.mine/1" ? this : nullptr;
  }

  Host host;
  Timer timer;
  std::optional<Completion> drained;
  std::chrono::nanoseconds drain_budget{};
  static inline bool fail_start = false;
  static inline bool fail_stop = false;
};

TEST(LifecycleGlueTest, TheWholeLife) {
  Plain::fail_start = Plain::fail_stop = false;
  Rig<Plain> rig;
  EXPECT_EQ(rig.instance->start().status, HG_OK);
  EXPECT_EQ(rig.instance->drain(5s).status, HG_OK);
  EXPECT_EQ(rig.instance->stop().status, HG_OK);
}

TEST(LifecycleGlueTest, PlainStepsFailByThrowing) {
  Plain::fail_start = Plain::fail_stop = true;
  Rig<Plain> rig;
  EXPECT_EQ(rig.instance->start().text, "connect: refused");
  EXPECT_EQ(rig.instance->stop().status, HG_E_PANIC);
  EXPECT_TRUE(rig.host.logged("stuck"));
  Plain::fail_start = Plain::fail_stop = false;
}

TEST(LifecycleGlueTest, Reconfigure) {
  Rig<Plain> rig;
  EXPECT_EQ(rig.instance->reconfigure(Value::table()).status, HG_E_UNSUPPORTED);
  EXPECT_EQ(rig.instance->reconfigure(Value::table({{"reloadable", 1}})).status, HG_OK);
  EXPECT_EQ(rig.instance->reconfigure(Value::table({{"bad", "x"}})).text, "bad: is bad");
}

TEST(LifecycleGlueTest, OwnExtensionsAreFound) {
  Rig<Plain> rig;
  const auto get = rig.instance->component().life->get_extension;
  EXPECT_NE(get(rig.instance->raw(), "org.example.mine/1"), nullptr);
  EXPECT_EQ(get(rig.instance->raw(), "hg.ingress/1"), nullptr);
}

TEST(LifecycleGlueTest, DestroyMayFollowCreate) { const Rig<Plain> rig; }

}  // namespace
}  // namespace heliograph::sdk::testing
