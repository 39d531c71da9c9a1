// Clients, their keys, their credit, and what operators leave about providers.
#include <gmock/gmock.h>

#include <fmt/format.h>

#include "tests/unit/store/world.h"

namespace heliograph::store {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

class ClientsTest : public StoreTest {
 protected:
  std::optional<model::Principal> find_key(std::uint8_t byte) {
    using Answer = std::optional<model::Principal>;
    return world.call<Answer>([&](ports::Done<Answer> done) {
      world.store->find_key(key_hash(byte), world.executor, std::move(done));
    });
  }
  bool add_key(const std::string& name, std::uint8_t byte) {
    return world.call<bool>([&](ports::Done<bool> done) {
      world.store->add_key(name, key_hash(byte), model::kScopeRead, world.executor,
                           std::move(done));
    });
  }
  bool revoke(std::uint8_t byte) {
    return world.call<bool>([&](ports::Done<bool> done) {
      world.store->revoke_key(key_hash(byte), world.executor, std::move(done));
    });
  }
  std::optional<model::Client> add(const ports::DeclaredClient& client) {
    using Answer = std::optional<model::Client>;
    return world.call<Answer>([&](ports::Done<Answer> done) {
      world.store->add_client(client, world.executor, std::move(done));
    });
  }
  std::optional<model::Balance> grant(const std::string& name, std::int64_t cents) {
    using Answer = std::optional<model::Balance>;
    return world.call<Answer>([&](ports::Done<Answer> done) {
      world.store->grant_credit(name, cents, "test", world.executor, std::move(done));
    });
  }
  std::vector<ports::ClientSummary> list() {
    using Answer = std::vector<ports::ClientSummary>;
    return world.call<Answer>([&](ports::Done<Answer> done) {
      world.store->list_clients(world.executor, std::move(done));
    });
  }
  static ports::DeclaredClient named(const std::string& name) {
    ports::DeclaredClient declared;
    declared.client.name = name;
    return declared;
  }
  // Declaring is for the time before the writer runs.
  template <class Work>
  void before_start(Work work) {
    world.close(true);
    world.open();
    work();
    world.start();
  }
};
HG_IN_BOTH_MODES(ClientsTest);

TEST_P(ClientsTest, EverySettingIsKept) {
  ports::DeclaredClient declared = named("full");
  declared.client.billing = false;
  declared.client.price_per_part_cents = 7;
  declared.client.rate = 12.5;
  declared.client.burst = 40;
  declared.client.in_doubt = model::InDoubt::kAtMostOnce;
  declared.client.default_region = "BD";
  declared.client.callback_url = "https://example.org/cb";
  declared.key = key_hash(9);
  declared.scopes = model::kScopeSend | model::kScopeAdmin;
  declared.credit_cents = 50;
  const auto added = add(declared);
  ASSERT_TRUE(added);
  const auto principal = find_key(9);
  ASSERT_TRUE(principal);
  EXPECT_TRUE(principal->may(model::kScopeAdmin));
  EXPECT_FALSE(principal->may(model::kScopeRead));
  const model::Client& client = principal->client;
  EXPECT_EQ(client.id, added->id);
  EXPECT_EQ(client.public_id, added->public_id);
  EXPECT_EQ(client.public_id.size(), 36u);
  EXPECT_EQ(client.name, "full");
  EXPECT_FALSE(client.billing);
  EXPECT_EQ(client.price_per_part_cents, 7);
  EXPECT_EQ(client.rate, 12.5);
  EXPECT_EQ(client.burst, 40);
  EXPECT_EQ(client.in_doubt, model::InDoubt::kAtMostOnce);
  EXPECT_EQ(client.default_region, "BD");
  EXPECT_EQ(client.callback_url, "https://example.org/cb");
}

TEST_P(ClientsTest, ANameAndAKeyAreTakenOnce) {
  ports::DeclaredClient first = named("first");
  first.key = key_hash(1);
  ASSERT_TRUE(add(first));
  EXPECT_FALSE(add(named("first")));
  ports::DeclaredClient second = named("second");
  second.key = key_hash(1);
  EXPECT_FALSE(add(second));
  EXPECT_EQ(list().size(), 2u);
}

TEST_P(ClientsTest, TwoKeysAtATimeForRotation) {
  EXPECT_TRUE(add_key("acme", 1));
  EXPECT_TRUE(add_key("acme", 2));
  EXPECT_FALSE(add_key("acme", 3));
  EXPECT_TRUE(find_key(1));
  EXPECT_TRUE(find_key(2));
  EXPECT_TRUE(revoke(1));
  EXPECT_FALSE(revoke(1));
  EXPECT_FALSE(find_key(1));
  EXPECT_TRUE(add_key("acme", 3));
  EXPECT_FALSE(add_key("acme", 1));  // a revoked key never comes back
  EXPECT_FALSE(add_key("nobody", 4));
  EXPECT_EQ(list().front().active_keys, 2u);
}

TEST_P(ClientsTest, TheVersionGrowsWithEveryChange) {
  const std::uint64_t before = world.store->keys_version();
  world.accept_ok();
  EXPECT_EQ(world.store->keys_version(), before);
  add_key("acme", 1);
  const std::uint64_t added = world.store->keys_version();
  EXPECT_GT(added, before);
  EXPECT_FALSE(add_key("nobody", 2));
  EXPECT_EQ(world.store->keys_version(), added);
  revoke(1);
  EXPECT_GT(world.store->keys_version(), added);
}

TEST_P(ClientsTest, DeclaringAgainUpdatesButGrantsNothing) {
  before_start([&] {
    ports::DeclaredClient declared = named("acme");
    declared.client.default_region = "DE";
    declared.key = key_hash(1);
    declared.credit_cents = 1'000;
    const model::Client again = world.store->declare_client(declared);
    EXPECT_EQ(again.id, world.client.id);
    EXPECT_EQ(again.public_id, world.client.public_id);
  });
  EXPECT_EQ(world.balance().granted_cents, 1'000);
  EXPECT_EQ(find_key(1)->client.default_region, "DE");
}

TEST_P(ClientsTest, ADeclaredKeyReplacesTheDeclaredOneOnly) {
  EXPECT_TRUE(add_key("acme", 7));
  before_start([&] {
    ports::DeclaredClient declared = named("acme");
    declared.key = key_hash(1);
    world.store->declare_client(declared);
    declared.key = key_hash(2);
    declared.scopes = model::kScopeAdmin;
    world.store->declare_client(declared);
  });
  EXPECT_FALSE(find_key(1));
  EXPECT_TRUE(find_key(2)->may(model::kScopeAdmin));
  EXPECT_TRUE(find_key(7));
  before_start([&] {
    ports::DeclaredClient declared = named("acme");
    declared.key = key_hash(1);  // back to the first one
    world.store->declare_client(declared);
  });
  EXPECT_TRUE(find_key(1));
  EXPECT_FALSE(find_key(2));
}

TEST_P(ClientsTest, AKeyOfSomebodyElseCannotBeDeclared) {
  before_start([&] {
    ports::DeclaredClient other = named("other");
    other.key = key_hash(1);
    world.store->declare_client(other);
    ports::DeclaredClient declared = named("acme");
    declared.key = key_hash(1);
    EXPECT_THAT([&] { world.store->declare_client(declared); },
                ThrowsMessage<std::runtime_error>(
                    HasSubstr("client \"acme\": its key is another client's already")));
  });
  EXPECT_EQ(find_key(1)->client.name, "other");
}

TEST_P(ClientsTest, ARevokedKeyCannotBeDeclared) {
  add_key("acme", 1);
  revoke(1);
  before_start([&] {
    ports::DeclaredClient declared = named("acme");
    declared.key = key_hash(1);
    EXPECT_THAT([&] { world.store->declare_client(declared); },
                ThrowsMessage<std::runtime_error>(HasSubstr("has been revoked")));
  });
  EXPECT_FALSE(find_key(1));
}

TEST_P(ClientsTest, CreditIsGrantedAndTakenAway) {
  EXPECT_EQ(grant("acme", 500)->available_cents, 1'500);
  world.accept_ok(world.message(300));
  EXPECT_FALSE(grant("acme", -1'201));
  const auto left = grant("acme", -1'200);
  ASSERT_TRUE(left);
  EXPECT_EQ(left->available_cents, 0);
  EXPECT_EQ(left->granted_cents, 300);
  EXPECT_EQ(left->held_cents, 300);
  EXPECT_FALSE(grant("nobody", 5));
  EXPECT_FALSE(grant("acme", INT64_MAX));
  EXPECT_EQ(world.balance().granted_cents, 300);
}

TEST_P(ClientsTest, ListsGoByName) {
  add(named("zoo"));
  add(named("Abel"));
  std::vector<std::string> names;
  for (const auto& summary : list()) names.push_back(summary.client.name);
  EXPECT_THAT(names, testing::ElementsAre("Abel", "acme", "zoo"));
  EXPECT_EQ(list()[1].balance.available_cents, 1'000);
}

TEST_P(ClientsTest, ProvidersKeepTheirNumbersAndStates) {
  const bool saved = world.call<bool>([&](ports::Done<bool> done) {
    world.store->save_provider_state(
        {.key = world.beta, .name = "beta", .enabled = false, .health = "open since noon"},
        world.executor, std::move(done));
  });
  EXPECT_TRUE(saved);
  const model::ProviderKey alpha = world.alpha;
  world.reopen();
  EXPECT_EQ(world.alpha, alpha);
  EXPECT_EQ(world.store->intern_provider("alpha"), alpha);
  EXPECT_EQ(world.store->provider_name(alpha), "alpha");
  EXPECT_EQ(world.store->provider_name(model::ProviderKey{99}), "");
  const auto states = world.store->provider_states();
  ASSERT_EQ(states.size(), 2u);
  EXPECT_TRUE(states[0].enabled);
  EXPECT_EQ(states[1].name, "beta");
  EXPECT_FALSE(states[1].enabled);
  EXPECT_EQ(states[1].health, "open since noon");
  const bool unknown = world.call<bool>([&](ports::Done<bool> done) {
    world.store->save_provider_state({.key = model::ProviderKey{99}, .name = "", .health = ""},
                                     world.executor, std::move(done));
  });
  EXPECT_FALSE(unknown);
}

TEST_P(ClientsTest, ClassesKeepTheirNumbers) {
  const auto pinned = world.store->intern_class(model::Channel::kEmail, world.beta);
  EXPECT_NE(pinned, world.any_sms);
  EXPECT_EQ(world.store->intern_class(model::Channel::kEmail, world.beta), pinned);
  const model::ClassId any_sms = world.any_sms;
  world.reopen();
  EXPECT_EQ(world.any_sms, any_sms);
  EXPECT_EQ(world.store->intern_class(model::Channel::kEmail, world.beta), pinned);
  EXPECT_EQ(world.store->classes().size(), 2u);
}

}  // namespace
}  // namespace heliograph::store
