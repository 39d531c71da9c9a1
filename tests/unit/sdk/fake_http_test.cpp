#include <gtest/gtest.h>

#include <optional>

#include "glue_fixture.h"

namespace heliograph::sdk::testing {
namespace {

using namespace std::chrono_literals;

struct Answer {
  hg_status status = HG_OK;
  std::uint32_t progress = 0;
  std::uint32_t flags = 0;
  std::string body;
};

class FakeHttpTest : public ::testing::Test {
 protected:
  // As the plugin would ask; answers what the host says at once.
  hg_status ask(const hg_http_request& request) {
    const auto* http = static_cast<const hg_http_client*>(
        host_.raw()->get_extension(host_.raw(), HG_EXT_HTTP_CLIENT));
    hg_status status = HG_OK;
    host_.in_loop([&] {
      status = http->request(
          host_.raw(), &request,
          [](void* arg, uint64_t, const hg_http_response* r) {
            static_cast<FakeHttpTest*>(arg)->answers_.push_back(
                {r->status, r->progress, r->flags, copy_text(r->body)});
          },
          this, 0, &id_);
    });
    return status;
  }

  static hg_http_request request(std::string_view url) {
    hg_http_request request{};
    request.size = sizeof(request);
    request.method = HG_STR("GET");
    request.url = to_abi(url);
    return request;
  }

  FakeHost host_;
  hg_id id_ = 0;
  std::vector<Answer> answers_;
};

TEST_F(FakeHttpTest, ScriptedAnswersComeInOrderAndAfterTheirDelay) {
  HttpReply slow = HttpReply::json(200, "slow");
  slow.delay = 3s;
  host_.http().script(slow);
  host_.http().script(HttpReply::json(200, "quick"));
  EXPECT_EQ(ask(request("http://a/")), HG_OK);
  EXPECT_EQ(ask(request("http://b/")), HG_OK);
  EXPECT_TRUE(answers_.empty());  // never inside request()
  host_.run();
  ASSERT_EQ(answers_.size(), 1U);
  EXPECT_EQ(answers_[0].body, "quick");
  host_.advance(3s);
  EXPECT_EQ(answers_.at(1).body, "slow");
}

TEST_F(FakeHttpTest, WhatARealHostRefusesIsRefused) {
  EXPECT_EQ(ask(request("ftp://a/")), HG_E_CONFIG);
  EXPECT_EQ(ask(request("")), HG_E_CONFIG);
  hg_http_request bad = request("http://a/");
  const hg_kv header = kv("Content-Length", "1");
  bad.headers = &header;
  bad.n_headers = 1;
  EXPECT_EQ(ask(bad), HG_E_CONFIG);
  bad = request("http://a/");
  bad.deadline_mono_ns = host_.now_ns();
  EXPECT_EQ(ask(bad), HG_E_DEADLINE);
  host_.set_stopped();
  EXPECT_EQ(ask(request("http://a/")), HG_E_STATE);
  EXPECT_TRUE(host_.http().requests().empty());
}

TEST_F(FakeHttpTest, TheDeadlineAnswersOnce) {
  hg_http_request timed = request("http://a/");
  timed.deadline_mono_ns = host_.now_ns() + 1'000;
  ask(timed);
  host_.advance(1us);
  host_.http().answer(HttpReply::json(200, "late"));
  host_.advance(1s);
  ASSERT_EQ(answers_.size(), 1U);
  EXPECT_EQ(answers_[0].status, HG_E_DEADLINE);
  EXPECT_EQ(answers_[0].progress, HG_HTTP_WRITTEN);
}

TEST_F(FakeHttpTest, BodiesAreCutAtTheirBound) {
  hg_http_request bounded = request("http://a/");
  bounded.body_max = 4;
  host_.http().script(HttpReply::json(200, "12345"));
  ask(bounded);
  host_.run();
  EXPECT_EQ(answers_.at(0).body, "1234");
  EXPECT_EQ(answers_.at(0).status, HG_E_LIMIT);
  EXPECT_EQ(answers_.at(0).progress, HG_HTTP_HEAD);
  EXPECT_EQ(answers_.at(0).flags, HG_HTTP_R_TRUNCATED);
}

TEST_F(FakeHttpTest, AnswersGoToTheOneThatIsNamed) {
  ask(request("http://a/"));
  const hg_id first = id_;
  ask(request("http://b/"));
  EXPECT_TRUE(host_.http().answer(id_, HttpReply::json(200, "b")));
  host_.run();
  EXPECT_EQ(answers_.at(0).body, "b");
  EXPECT_FALSE(host_.http().answer(id_, HttpReply::json(200, "b")));
  EXPECT_EQ(host_.http().open(), 1U);
  EXPECT_TRUE(host_.http().answer(first, HttpReply::broken_while_writing()));
  host_.run();
  EXPECT_EQ(answers_.at(1).progress, HG_HTTP_NOT_WRITTEN);
}

}  // namespace
}  // namespace heliograph::sdk::testing
