// Threads, inbound messages and opt-outs in the store: whose a message is, what it joins, what it
// asks for, and that all of it is there together or not at all.
#include <gmock/gmock.h>

#include "tests/unit/store/world.h"

namespace heliograph::store {
namespace {

using Kind = ports::InboundOutcome::Kind;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr const char* kOurs = "+15550002222";
constexpr const char* kTheirs = "+15550001111";
constexpr std::chrono::hours kDay{24};

void with_words(SqliteOptions& options) {
  options.opt_out_words = {.stop = {"stop"}, .start = {"start"}};
}

class ConversationsTest : public StoreTest {
 protected:
  ConversationsTest() : StoreTest(with_words) {}
  ~ConversationsTest() override { world.close(true); }
  void TearDown() override {
    EXPECT_THAT(world.store->check(), IsEmpty());
    StoreTest::TearDown();
  }

  static model::InboundMessage inbound(const std::string& id, const std::string& text = "hello") {
    return {
        .provider = "alpha", .provider_message_id = id, .from = kTheirs, .to = kOurs, .text = text};
  }
  ports::ReportResult report(ports::ProviderReport given) {
    return world.call<ports::ReportResult>([&](auto done) {
      world.store->take_report(std::move(given), world.executor, std::move(done));
    });
  }
  ports::InboundOutcome take(model::InboundMessage message) {
    ports::ProviderReport given;
    given.inbound.push_back(std::move(message));
    auto result = report(std::move(given));
    EXPECT_TRUE(result.taken);
    EXPECT_THAT(result.inbound, SizeIs(1));
    return result.inbound.front();
  }
  // To this world's client.
  ports::InboundOutcome take_ours(const std::string& id, const std::string& text = "hello") {
    auto message = inbound(id, text);
    message.owner = world.client.id;
    return take(std::move(message));
  }
  ports::AcceptCommand outgoing(bool in_conversation = true) const {
    ports::AcceptCommand command = world.message();
    command.message.from = kOurs;
    command.message.to = kTheirs;
    command.message.in_conversation = in_conversation;
    return command;
  }
  ports::ConversationList list(ports::ConversationFilter filter = {}) {
    filter.client = world.client.id;
    return world.call<ports::ConversationList>([&](auto done) {
      world.store->list_conversations(filter, world.executor, std::move(done));
    });
  }
  std::optional<model::Conversation> find(model::ConversationId id) {
    return world.call<std::optional<model::Conversation>>([&](auto done) {
      world.store->find_conversation(world.client.id, id, world.executor, std::move(done));
    });
  }
  std::optional<model::Conversation> read(model::ConversationId id,
                                          std::optional<model::MessageId> up_to = std::nullopt) {
    return world.call<std::optional<model::Conversation>>([&](auto done) {
      world.store->read_conversation(world.client.id, id, up_to, world.executor, std::move(done));
    });
  }
  std::optional<ports::ThreadPage> thread(ports::ThreadFilter filter) {
    filter.client = world.client.id;
    return world.call<std::optional<ports::ThreadPage>>(
        [&](auto done) { world.store->list_thread(filter, world.executor, std::move(done)); });
  }
  // "in: hello", "out: QUEUED hi"
  std::vector<std::string> told(const ports::ThreadPage& page) {
    std::vector<std::string> lines;
    for (const model::ThreadMessage& message : page.messages) {
      if (const auto* in = std::get_if<model::InboundView>(&message)) {
        lines.push_back((in->read ? "in, read: " : "in: ") + in->text);
      } else {
        const auto& out = std::get<model::MessageView>(message);
        lines.push_back("out: " + std::string(model::to_string(out.status)));
      }
    }
    return lines;
  }
  std::vector<model::OptOut> opt_outs() {
    auto found = world.call<ports::OptOutList>([&](auto done) {
      world.store->list_opt_outs({.client = world.client.id}, world.executor, std::move(done));
    });
    return found.opt_outs;
  }
  bool opt_out(const std::string& sender = kOurs) {
    model::OptOut given{.recipient = kTheirs, .sender = sender};
    return world.call<bool>([&](auto done) {
      world.store->add_opt_out(world.client.id, given, world.executor, std::move(done));
    });
  }
  bool opt_in(const std::string& sender = kOurs) {
    return world.call<bool>([&](auto done) {
      world.store->remove_opt_out(world.client.id, kTheirs, sender, world.executor,
                                  std::move(done));
    });
  }
  bool refused(ports::AcceptCommand command) {
    return std::holds_alternative<ports::OptedOut>(world.accept(std::move(command)));
  }
};
HG_IN_BOTH_MODES(ConversationsTest);

TEST_P(ConversationsTest, BothDirectionsMeetInOneThread) {
  const auto first = take_ours("1");
  ASSERT_EQ(first.kind, Kind::kStored);
  ASSERT_TRUE(first.conversation);
  const auto accepted = std::get<ports::Accepted>(world.accept(outgoing()));
  EXPECT_EQ(accepted.conversation, first.conversation);
  const auto second = take_ours("2", "again");
  EXPECT_EQ(second.conversation, first.conversation);
  EXPECT_LT(first.id, accepted.id);
  EXPECT_LT(accepted.id, second.id);

  const auto conversation = find(*first.conversation);
  ASSERT_TRUE(conversation);
  EXPECT_EQ(conversation->ours(), kOurs);
  EXPECT_EQ(conversation->theirs(), kTheirs);
  EXPECT_EQ(conversation->message_count, 3u);
  EXPECT_EQ(conversation->unread_count, 2u);
  EXPECT_EQ(conversation->last_message_at, second.id.created_at());
  const auto page = thread({.conversation = *first.conversation});
  ASSERT_TRUE(page);
  EXPECT_THAT(told(*page), ElementsAre("in: hello", "out: QUEUED", "in: again"));
  EXPECT_EQ(world.view(accepted.id).conversation, first.conversation);
}

TEST_P(ConversationsTest, AnOutgoingMessageJoinsOnlyWhereWanted) {
  const auto plain = std::get<ports::Accepted>(world.accept(outgoing(false)));
  EXPECT_FALSE(plain.conversation);
  EXPECT_THAT(list().conversations, IsEmpty());
  const auto joined = std::get<ports::Accepted>(world.accept(outgoing()));
  ASSERT_TRUE(joined.conversation);
  EXPECT_THAT(list().conversations, SizeIs(1));
  EXPECT_FALSE(world.view(plain.id).conversation);
}

TEST_P(ConversationsTest, AChannelIsAThreadOfItsOwn) {
  const auto sms = take_ours("1");
  auto picture = inbound("2");
  picture.owner = world.client.id;
  picture.channel = model::Channel::kMms;
  picture.content.media = {{.url = "https://example.com/cat.png", .content_type = "image/png"}};
  const auto mms = take(picture);
  EXPECT_NE(sms.conversation, mms.conversation);
  EXPECT_THAT(list({.channel = model::Channel::kMms}).conversations, SizeIs(1));
  const auto page = thread({.conversation = *mms.conversation});
  const auto& shown = std::get<model::InboundView>(page->messages.at(0));
  ASSERT_TRUE(shown.content);
  EXPECT_EQ(shown.content->media.at(0).url, "https://example.com/cat.png");
}

TEST_P(ConversationsTest, TheSameEventCountsOnce) {
  const auto first = take_ours("1");
  const auto again = take_ours("1", "another text");
  EXPECT_EQ(again.kind, Kind::kDuplicate);
  EXPECT_EQ(again.id, first.id);
  EXPECT_EQ(again.conversation, first.conversation);
  EXPECT_EQ(find(*first.conversation)->message_count, 1u);

  auto keyed = inbound("2");
  keyed.owner = world.client.id;
  keyed.dedup_key = "1";  // a key is no id
  EXPECT_EQ(take(keyed).kind, Kind::kStored);
  keyed.provider_message_id = "3";
  EXPECT_EQ(take(keyed).kind, Kind::kDuplicate) << "the key counts, not the id";
  auto elsewhere = inbound("1");
  elsewhere.owner = world.client.id;
  elsewhere.provider = "beta";
  EXPECT_EQ(take(elsewhere).kind, Kind::kStored) << "another provider's";
  auto nameless = inbound("");
  nameless.owner = world.client.id;
  EXPECT_EQ(take(nameless).kind, Kind::kStored);
  EXPECT_EQ(take(nameless).kind, Kind::kStored) << "nothing tells them apart, nothing is lost";
}

TEST_P(ConversationsTest, TwiceInOneReportIsOnce) {
  ports::ProviderReport given;
  for (int i = 0; i < 2; ++i) {
    given.inbound.push_back(inbound("1"));
    given.inbound.back().owner = world.client.id;
  }
  const auto result = report(std::move(given));
  ASSERT_THAT(result.inbound, SizeIs(2));
  EXPECT_EQ(result.inbound[0].kind, Kind::kStored);
  EXPECT_EQ(result.inbound[1].kind, Kind::kDuplicate);
}

TEST_P(ConversationsTest, WhoseItIs) {
  auto stray = inbound("1");
  const auto parked = take(stray);
  EXPECT_EQ(parked.kind, Kind::kParked);
  EXPECT_FALSE(parked.client);
  EXPECT_FALSE(parked.conversation);

  stray.provider_message_id = "2";
  stray.fallback = world.client.id;
  EXPECT_EQ(take(stray).client, world.client.id) << "the default client's";

  stray.provider_message_id = "3";
  stray.fallback.reset();
  EXPECT_EQ(take(stray).client, world.client.id) << "the pair's latest conversation";

  const auto other = world.call<std::optional<model::Client>>([&](auto done) {
    ports::DeclaredClient declared;
    declared.client.name = "other";
    world.store->add_client(declared, world.executor, std::move(done));
  });
  ASSERT_TRUE(other);
  stray.provider_message_id = "4";
  stray.owner = other->id;
  EXPECT_EQ(take(stray).client, other->id) << "who has the number, whoever talked before";
  stray.owner.reset();
  stray.provider_message_id = "5";
  EXPECT_EQ(take(stray).client, other->id) << "now the latest";
  EXPECT_THAT(list().conversations, SizeIs(1)) << "each client has a thread of its own";
}

// Whoever may make threads could otherwise have what is said to others.
TEST_P(ConversationsTest, AThreadInWhichNothingWasSaidOwnsNothing) {
  world.call<ports::CreateConversationResult>([&](auto done) {
    world.store->create_conversation({.client = world.client.id, .from = kOurs, .to = kTheirs},
                                     world.executor, std::move(done));
  });
  EXPECT_EQ(take(inbound("1")).kind, Kind::kParked);
}

TEST_P(ConversationsTest, WhatNobodyHasProvedIsOneClientsAlone) {
  auto message = inbound("1", "stop");
  message.owner = world.client.id;
  message.only_of = model::ClientId{999};
  EXPECT_EQ(take(message).kind, Kind::kParked);
  EXPECT_THAT(opt_outs(), IsEmpty());
  message.provider_message_id = "2";
  message.only_of = world.client.id;
  EXPECT_EQ(take(message).client, world.client.id);
  EXPECT_THAT(opt_outs(), SizeIs(1));
}

TEST_P(ConversationsTest, WhatNobodyHasProvedHidesNothing) {
  auto message = inbound("1");
  message.owner = world.client.id;
  message.only_of = model::ClientId{999};
  EXPECT_EQ(take(message).kind, Kind::kParked);
  message.only_of.reset();
  EXPECT_EQ(take(message).kind, Kind::kStored);
}

TEST_P(ConversationsTest, AStopToANumberThatIsNobodysHoldsForEverybody) {
  EXPECT_EQ(take(inbound("1", "stop")).kind, Kind::kParked);
  EXPECT_TRUE(refused(outgoing()));
  EXPECT_EQ(take(inbound("2", "start")).kind, Kind::kParked);
  EXPECT_FALSE(refused(outgoing()));
}

TEST_P(ConversationsTest, AThreadStaysWhileItsMessageWaits) {
  ports::AcceptCommand later = outgoing();
  later.message.send_at = world.clock.wall() + 60 * kDay;
  later.message.validity = 90 * kDay;
  const auto accepted = world.accept(std::move(later));
  const auto thread = std::get<ports::Accepted>(accepted).conversation;
  ASSERT_TRUE(thread);
  world.clock.advance(40 * kDay);
  world.erase();
  EXPECT_TRUE(find(*thread));
}

TEST_P(ConversationsTest, ReadUpToAMessage) {
  const auto first = take_ours("1");
  const auto second = take_ours("2");
  const auto third = take_ours("3");
  const model::ConversationId id = *first.conversation;
  EXPECT_EQ(read(id, second.id)->unread_count, 1u);
  EXPECT_THAT(told(*thread({.conversation = id})),
              ElementsAre("in, read: hello", "in, read: hello", "in: hello"));
  EXPECT_EQ(read(id, first.id)->unread_count, 1u) << "what was read stays read";
  EXPECT_EQ(read(id)->unread_count, 0u);
  take_ours("4");
  EXPECT_EQ(find(id)->unread_count, 1u);
  EXPECT_FALSE(read(third.id)) << "no conversation";
}

TEST_P(ConversationsTest, ChangesAndComingBackToLife) {
  const auto id = *take_ours("1").conversation;
  const auto changed = world.call<std::optional<model::Conversation>>([&](auto done) {
    world.store->update_conversation(world.client.id, id,
                                     {.status = model::ConversationStatus::kArchived,
                                      .title = "Ada",
                                      .metadata_json = R"({"a":"b"})"},
                                     world.executor, std::move(done));
  });
  ASSERT_TRUE(changed);
  EXPECT_EQ(changed->status, model::ConversationStatus::kArchived);
  EXPECT_EQ(changed->title, "Ada");
  EXPECT_EQ(changed->metadata_json, R"({"a":"b"})");
  EXPECT_THAT(list({.status = model::ConversationStatus::kActive}).conversations, IsEmpty());
  world.accept(outgoing());
  EXPECT_EQ(find(id)->status, model::ConversationStatus::kArchived);
  take_ours("2");
  EXPECT_EQ(find(id)->status, model::ConversationStatus::kActive) << "somebody writes to us";
  EXPECT_EQ(find(id)->title, "Ada");
}

TEST_P(ConversationsTest, ListsGoFromTheLatestAndPageByPage) {
  std::vector<model::ConversationId> ids;
  for (int i = 0; i < 5; ++i) {
    auto message = inbound(std::to_string(i));
    message.owner = world.client.id;
    message.from = "+1555000000" + std::to_string(i);
    ids.push_back(*take(message).conversation);
    world.clock.advance(std::chrono::milliseconds{5});
  }
  auto latest = inbound("again");
  latest.owner = world.client.id;
  latest.from = "+15550000001";
  take(latest);
  const auto first = list({.limit = 2});
  ASSERT_THAT(first.conversations, SizeIs(2));
  EXPECT_EQ(first.conversations[0].id, ids[1]);
  EXPECT_EQ(first.conversations[1].id, ids[4]);
  const auto second = list({.before_row = first.next_row, .limit = 2});
  ASSERT_THAT(second.conversations, SizeIs(2));
  EXPECT_EQ(second.conversations[0].id, ids[3]);
  EXPECT_EQ(second.conversations[1].id, ids[2]);
  const auto third = list({.before_row = second.next_row, .limit = 2});
  ASSERT_THAT(third.conversations, SizeIs(1));
  EXPECT_EQ(third.next_row, 0);
  EXPECT_THAT(list({.participant = "+15550000003"}).conversations, SizeIs(1));
  EXPECT_THAT(list({.participant = kOurs}).conversations, SizeIs(5));
  EXPECT_THAT(list({.contains = "0003"}).conversations, SizeIs(1));
  const auto counted = list({.skip = 3, .limit = 1, .with_total = true});
  EXPECT_EQ(counted.total, 5u);
  ASSERT_THAT(counted.conversations, SizeIs(1));
  EXPECT_EQ(counted.conversations[0].id, ids[2]);
}

TEST_P(ConversationsTest, ThreadsPageBothWays) {
  const auto id = *take_ours("0", "m0").conversation;
  for (int i = 1; i < 5; ++i) take_ours(std::to_string(i), "m" + std::to_string(i));
  const auto first = thread({.conversation = id, .limit = 3});
  EXPECT_THAT(told(*first), ElementsAre("in: m0", "in: m1", "in: m2"));
  const auto rest = thread({.conversation = id, .after_row = first->next_row, .limit = 3});
  EXPECT_THAT(told(*rest), ElementsAre("in: m3", "in: m4"));
  EXPECT_EQ(rest->next_row, 0);
  const auto newest = thread({.conversation = id, .newest_first = true, .limit = 2});
  EXPECT_THAT(told(*newest), ElementsAre("in: m4", "in: m3"));
  const auto older =
      thread({.conversation = id, .after_row = newest->next_row, .newest_first = true, .limit = 2});
  EXPECT_THAT(told(*older), ElementsAre("in: m2", "in: m1"));
}

TEST_P(ConversationsTest, CreatedByHandOnceAndRemoved) {
  const auto create = [&] {
    return world.call<ports::CreateConversationResult>([&](auto done) {
      world.store->create_conversation(
          {.client = world.client.id, .from = kOurs, .to = kTheirs, .title = "by hand"},
          world.executor, std::move(done));
    });
  };
  const auto made = create();
  EXPECT_TRUE(made.created);
  EXPECT_FALSE(made.conversation.last_message_at);
  EXPECT_EQ(made.conversation.title, "by hand");
  EXPECT_FALSE(create().created);
  EXPECT_EQ(take_ours("1").conversation, made.conversation.id);
  const bool removed = world.call<bool>([&](auto done) {
    world.store->remove_conversation(world.client.id, made.conversation.id, world.executor,
                                     std::move(done));
  });
  EXPECT_TRUE(removed);
  EXPECT_FALSE(find(made.conversation.id));
  EXPECT_FALSE(thread({.conversation = made.conversation.id}));
  EXPECT_NE(take_ours("2").conversation, made.conversation.id);
}

TEST_P(ConversationsTest, Statistics) {
  const auto id = *take_ours("1").conversation;
  const auto accepted = std::get<ports::Accepted>(world.accept(outgoing()));
  world.clock.advance(std::chrono::milliseconds{1'500});
  ASSERT_TRUE(world.begin(accepted.id));
  world.finish(world.outcome(accepted.id, model::Outcome::kSent, model::Status::kSent));
  const auto lost = std::get<ports::Accepted>(world.accept(outgoing()));
  ASSERT_TRUE(world.begin(lost.id));
  world.finish(world.outcome(lost.id, model::Outcome::kRejected, model::Status::kFailedPerm));
  world.cancel(std::get<ports::Accepted>(world.accept(outgoing())).id);
  const auto statistics = world.call<std::optional<ports::ConversationStatistics>>([&](auto done) {
    world.store->conversation_statistics(world.client.id, id, world.executor, std::move(done));
  });
  ASSERT_TRUE(statistics);
  EXPECT_EQ(statistics->inbound, 1u);
  EXPECT_EQ(statistics->outbound, 3u);
  EXPECT_EQ(statistics->failed, 2u);
  ASSERT_TRUE(statistics->send_seconds_average);
  EXPECT_NEAR(*statistics->send_seconds_average, 1.5, 0.001);
}

TEST_P(ConversationsTest, StopIsHeededUntilStart) {
  EXPECT_EQ(take_ours("1", "please stop").wish, model::OptOutWish::kNone);
  EXPECT_FALSE(refused(outgoing()));
  EXPECT_EQ(take_ours("2", " STOP\n").wish, model::OptOutWish::kStop);
  EXPECT_TRUE(refused(outgoing()));
  EXPECT_TRUE(refused(outgoing(false)));
  auto urgent = outgoing();
  urgent.message.lane = model::Lane::kUrgent;
  EXPECT_TRUE(refused(urgent));
  ASSERT_THAT(opt_outs(), SizeIs(1));
  EXPECT_EQ(opt_outs()[0].keyword, "STOP\n");
  EXPECT_EQ(opt_outs()[0].origin, model::OptOutOrigin::kKeyword);

  auto other_number = outgoing();
  other_number.message.from = "+15550003333";
  EXPECT_FALSE(refused(other_number)) << "nothing was said of another sender";
  EXPECT_EQ(take_ours("3", "Start").wish, model::OptOutWish::kStart);
  EXPECT_FALSE(refused(outgoing()));
  EXPECT_THAT(opt_outs(), IsEmpty());
}

TEST_P(ConversationsTest, WhatFailedIsNotSentAgainAfterAStop) {
  const model::MessageId id = world.failed(5);
  const model::OptOut given{.recipient = world.view(id).to, .sender = ""};
  world.call<bool>([&](auto done) {
    world.store->add_opt_out(world.client.id, given, world.executor, std::move(done));
  });
  EXPECT_TRUE(std::holds_alternative<ports::OptedOut>(world.requeue(id)));
  EXPECT_EQ(world.view(id).status, model::Status::kFailedPerm);
  EXPECT_EQ(world.balance().held_cents, 0);
}

TEST_P(ConversationsTest, AnOptOutFromEverySenderOutlivesStart) {
  EXPECT_TRUE(opt_out(""));
  EXPECT_FALSE(opt_out("")) << "it is there";
  EXPECT_TRUE(refused(outgoing()));
  take_ours("1", "start");
  EXPECT_TRUE(refused(outgoing()));
  EXPECT_FALSE(opt_in(kOurs));
  EXPECT_TRUE(opt_in(""));
  EXPECT_FALSE(refused(outgoing()));
}

TEST_P(ConversationsTest, ARefusalWritesAndHoldsNothing) {
  opt_out();
  auto paid = outgoing();
  paid.message.cost_cents = 100;
  paid.idempotency = key(1);
  EXPECT_TRUE(refused(paid));
  EXPECT_EQ(world.balance().held_cents, 0);
  EXPECT_THAT(list().conversations, IsEmpty());
  opt_in();
  EXPECT_FALSE(refused(paid)) << "the key was not used up";
  opt_out();
  EXPECT_TRUE(std::get<ports::Accepted>(world.accept(paid)).replayed) << "an answer is kept";
}

TEST_P(ConversationsTest, BatchesItemByItem) {
  opt_out();
  ports::AcceptBatchCommand batch{.client = world.client.id, .items = {}, .idempotency = key(9)};
  batch.items.emplace_back(outgoing().message);
  auto free = outgoing();
  free.message.to = "+15550009999";
  batch.items.emplace_back(free.message);
  const auto send = [&] {
    return world.call<ports::AcceptBatchResult>(
        [&](auto done) { world.store->accept_batch(batch, world.executor, std::move(done)); });
  };
  const auto first = std::get<ports::BatchAnswer>(send());
  EXPECT_TRUE(std::holds_alternative<ports::OptedOut>(first.items.at(0)));
  EXPECT_TRUE(std::get<ports::Accepted>(first.items.at(1)).conversation.has_value());
  const auto again = std::get<ports::BatchAnswer>(send());
  EXPECT_TRUE(again.replayed);
  EXPECT_TRUE(std::holds_alternative<ports::OptedOut>(again.items.at(0)));
}

TEST_P(ConversationsTest, ReceiptsOfTheSameReportAreApplied) {
  const auto sent = world.sent("p-1");
  ports::ProviderReport given;
  given.receipts.push_back(world.receipt_of("p-1", model::ReceiptState::kDelivered));
  given.inbound.push_back(inbound("1"));
  const auto result = report(std::move(given));
  EXPECT_THAT(result.receipts, ElementsAre(ports::ReceiptOutcome::kApplied));
  EXPECT_EQ(world.view(sent).status, model::Status::kDelivered);
}

TEST_P(ConversationsTest, TheClientIsCalledBack) {
  ports::NewCallbackEndpoint endpoint;
  endpoint.client = world.client.id;
  endpoint.url = "https://app.example/hooks";
  endpoint.events = static_cast<model::CallbackEvents>(model::CallbackEvent::kReceived);
  endpoint.secret = std::string(32, 's');
  const auto made = world.call<ports::CreateCallbackResult>(
      [&](auto done) { world.store->create_callback(endpoint, world.executor, std::move(done)); });
  const auto id = std::get<model::CallbackEndpoint>(made).id;
  const auto taken = take_ours("1");
  take_ours("1");
  const auto page = world.call<ports::CallbackPage>([&](auto done) {
    world.store->callbacks_due(id.row(), world.clock.wall(), 10, world.executor, std::move(done));
  });
  ASSERT_THAT(page.jobs, SizeIs(1)) << "a duplicate is told of once";
  EXPECT_NE(page.jobs[0].body.find("message.received"), std::string::npos);
  EXPECT_NE(page.jobs[0].body.find(taken.id.to_string()), std::string::npos);
}

TEST_P(ConversationsTest, FollowsTheRetentionOfBodies) {
  const auto taken = take_ours("1", "secret words");
  const auto find_inbound = [&] {
    return world.call<std::optional<model::InboundView>>([&](auto done) {
      world.store->find_inbound(world.client.id, taken.id, world.executor, std::move(done));
    });
  };
  world.clock.advance(30 * kDay - std::chrono::milliseconds{1});
  world.erase();
  EXPECT_EQ(find_inbound()->text, "secret words");
  EXPECT_THAT(list().conversations, SizeIs(1));
  world.clock.advance(std::chrono::milliseconds{1});
  world.erase();
  ASSERT_TRUE(find_inbound());
  EXPECT_EQ(find_inbound()->text, "");
  EXPECT_EQ(find_inbound()->from, "");
  EXPECT_FALSE(find_inbound()->conversation);
  EXPECT_THAT(list().conversations, IsEmpty());
  EXPECT_EQ(take_ours("1").kind, Kind::kDuplicate);
  world.clock.advance(370 * kDay);
  world.erase();
  EXPECT_FALSE(find_inbound());
}

TEST_P(ConversationsTest, EverythingIsThereAfterARestart) {
  const auto taken = take_ours("1", "stop");
  world.reopen();
  EXPECT_EQ(find(*taken.conversation)->unread_count, 1u);
  EXPECT_TRUE(refused(outgoing()));
  const auto next = take_ours("2");
  EXPECT_EQ(next.conversation, taken.conversation);
  EXPECT_GT(next.id, taken.id);
}

TEST_P(ConversationsTest, OthersSeeNothing) {
  const auto id = *take_ours("1").conversation;
  const auto stranger = static_cast<model::ClientId>(77);
  const auto found = world.call<std::optional<model::Conversation>>([&](auto done) {
    world.store->find_conversation(stranger, id, world.executor, std::move(done));
  });
  EXPECT_FALSE(found);
  const auto page = world.call<std::optional<ports::ThreadPage>>([&](auto done) {
    world.store->list_thread({.client = stranger, .conversation = id}, world.executor,
                             std::move(done));
  });
  EXPECT_FALSE(page);
}

TEST(Conversations, AFullDiskTakesNothingOfAReport) {
  std::atomic<std::uint64_t> free_bytes{1'000};
  World world(Threading::kInline, [](SqliteOptions& options) { options.min_free_bytes = 1'000; },
              {.free_bytes = [&] { return std::optional(free_bytes.load()); }});
  const auto sent = world.sent("p-1");
  free_bytes = 0;
  world.clock.advance(std::chrono::minutes{1});
  ports::ProviderReport given;
  given.receipts.push_back(world.receipt_of("p-1", model::ReceiptState::kDelivered));
  given.inbound.push_back({.provider = "alpha", .from = kTheirs, .to = kOurs, .text = "x"});
  const auto take = [&] {
    return world.call<ports::ReportResult>(
        [&](auto done) { world.store->take_report(given, world.executor, std::move(done)); });
  };
  EXPECT_FALSE(take().taken);
  EXPECT_EQ(world.view(sent).status, model::Status::kSent);
  free_bytes = 1'000;
  world.clock.advance(std::chrono::minutes{1});
  EXPECT_TRUE(take().taken);
  EXPECT_EQ(world.view(sent).status, model::Status::kDelivered);
}

}  // namespace
}  // namespace heliograph::store
