// Opening and closing: permissions, lock, migrations, damage, backup.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <fstream>

#include "core/store/sqlite/backup.h"
#include "core/store/sqlite/connection.h"
#include "core/store/sqlite/integrity.h"
#include "core/store/sqlite/migrations.h"
#include "tests/unit/store/world.h"

namespace heliograph::store {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

class OpenTest : public testing::Test {
 protected:
  OpenTest() {
    options.path = folder.path("data/test.db");
    options.min_free_bytes = 0;
  }
  std::unique_ptr<SqliteStore> open() { return SqliteStore::open(options, clock, random); }
  static unsigned mode_of(const std::string& path) {
    struct stat info{};
    EXPECT_EQ(stat(path.c_str(), &info), 0);
    return info.st_mode & 0777u;
  }
  // A healthy database with some messages, closed.
  void make_database(int messages) {
    World world(Threading::kInline);
    for (int i = 0; i < messages; ++i) world.accept_ok();
    world.close(true);
    std::filesystem::create_directories(folder.path("data"));
    std::filesystem::copy_file(world.path(), options.path);
  }
  void write_file(const std::string& content) {
    std::filesystem::create_directories(folder.path("data"));
    std::ofstream(options.path, std::ios::binary) << content;
  }

  TestFolder folder;
  ManualClock clock;
  SeededRandom random;
  SqliteOptions options;
};

TEST_F(OpenTest, NobodyElseMayReadIt) {
  const auto store = open();
  EXPECT_EQ(mode_of(folder.path("data")), 0700u);
  EXPECT_EQ(mode_of(options.path), 0600u);
  EXPECT_EQ(mode_of(options.path + "-wal"), 0600u);
  EXPECT_EQ(mode_of(options.path + ".lock"), 0600u);
}

TEST_F(OpenTest, ASecondStoreIsRefused) {
  auto first = open();
  EXPECT_THAT([&] { open(); },
              ThrowsMessage<StoreLocked>(
                  AllOf(HasSubstr(fmt::format("process {}", getpid())), HasSubstr(options.path))));
  first.reset();
  EXPECT_NO_THROW(open());
}

TEST_F(OpenTest, ASecondProcessIsRefused) {
  const auto store = open();
  std::array<int, 2> pipe_ends{};
  ASSERT_EQ(pipe(pipe_ends.data()), 0);
  const pid_t child = fork();
  if (child == 0) {
    // An exec'ed process would hold no copy of the lock's descriptor either.
    std::string said = "opened";
    try {
      open();
    } catch (const StoreLocked& error) {
      said = error.what();
    } catch (const std::exception&) {
      said = "failed otherwise";
    }
    const ssize_t written = write(pipe_ends[1], said.data(), said.size());
    _exit(written > 0 ? 0 : 1);
  }
  close(pipe_ends[1]);
  std::array<char, 512> said{};
  const ssize_t size = read(pipe_ends[0], said.data(), said.size());
  close(pipe_ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  ASSERT_GT(size, 0);
  EXPECT_THAT(std::string(said.data(), static_cast<std::size_t>(size)),
              HasSubstr(fmt::format("in use by process {}", getpid())));
}

TEST_F(OpenTest, WhatIsNoDatabaseIsRefusedAndLeftAlone) {
  const std::string text(5'000, 'x');
  write_file(text);
  EXPECT_THAT([&] { open(); },
              ThrowsMessage<StoreUnusable>(HasSubstr("the file is not a SQLite database")));
  EXPECT_EQ(std::filesystem::file_size(options.path), text.size());
}

TEST_F(OpenTest, SomebodyElsesDatabaseIsRefused) {
  write_file("");
  {
    Connection connection(options.path, ConnectionMode::kWriter);
    connection.exec("CREATE TABLE theirs (x)");
  }
  EXPECT_THAT([&] { open(); }, ThrowsMessage<StoreUnusable>(HasSubstr("not one of Heliograph")));
}

TEST_F(OpenTest, ANewerSchemaIsRefused) {
  make_database(1);
  {
    Connection connection(options.path, ConnectionMode::kWriter);
    connection.exec("PRAGMA user_version = 99");
  }
  EXPECT_THAT([&] { open(); }, ThrowsMessage<StoreUnusable>(AllOf(HasSubstr("schema is version 99"),
                                                                  HasSubstr("use the newer one"))));
}

TEST_F(OpenTest, ATruncatedFileIsRefused) {
  make_database(500);
  std::filesystem::resize_file(options.path, std::filesystem::file_size(options.path) / 2);
  EXPECT_THAT([&] { open(); }, ThrowsMessage<StoreUnusable>(HasSubstr("restore a backup")));
}

TEST_F(OpenTest, AFolderThatCannotBeMadeIsNamed) {
  write_file("");
  options.path = folder.path("data/test.db/below/test.db");
  EXPECT_THROW(open(), StoreUnusable);
}

TEST_F(OpenTest, ADatabaseInMemoryNeedsInlineMode) {
  options.path = ":memory:";
  EXPECT_THROW(open(), StoreUnusable);
  options.threading = Threading::kInline;
  EXPECT_NO_THROW(open());
}

// Overwrites a leaf of a table in the middle of the file, where no start would look by itself: it
// reads indexes. A page's first byte is its kind, 13 for these (SQLite file format, 1.6).
void damage(const std::string& path) {
  const auto pages = static_cast<std::streamoff>(std::filesystem::file_size(path)) / 4096;
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  std::streamoff page = pages / 2;
  do {
    file.seekg(++page * 4096);
  } while (file.get() != 13);
  file.seekp(page * 4096);
  file << std::string(4'096, '\xA5');
}

TEST_F(OpenTest, DamageIsFoundAfterAnUncleanStop) {
  make_database(2'000);
  {
    Connection connection(options.path, ConnectionMode::kWriter);
    connection.exec("UPDATE meta SET value = 0 WHERE name = 'clean'");
  }
  damage(options.path);
  EXPECT_THAT([&] { open(); }, ThrowsMessage<StoreUnusable>(AllOf(HasSubstr("it is damaged"),
                                                                  HasSubstr("restore a backup"))));
}

TEST_F(OpenTest, ALookThatTakesTooLongDoesNotHoldUpTheStart) {
  make_database(2'000);
  {
    Connection connection(options.path, ConnectionMode::kWriter);
    connection.exec("UPDATE meta SET value = 0 WHERE name = 'clean'");
  }
  const OpenedDatabase opened = open_database(options.path, std::chrono::milliseconds{0});
  EXPECT_FALSE(opened.was_clean);
  EXPECT_TRUE(opened.check_was_cut);
  EXPECT_EQ(opened.connection->query_integer("SELECT count(*) FROM messages"), 2'000);
}

TEST_F(OpenTest, OnlyAnOrderlyStopIsClean) {
  const auto clean = [&] {
    Connection connection(options.path, ConnectionMode::kReader);
    return connection.query_integer("SELECT value FROM meta WHERE name = 'clean'");
  };
  RecordingEvents events;
  auto store = open();
  store->start(events);
  EXPECT_EQ(clean(), 0);
  store->stop();
  // The log is in the database: a copy of the file alone is complete.
  EXPECT_EQ(std::filesystem::file_size(options.path + "-wal"), 0u);
  store.reset();
  {
    Connection connection(options.path, ConnectionMode::kWriter);
    EXPECT_EQ(connection.query_integer("SELECT value FROM meta WHERE name = 'clean'"), 1);
  }
  options.threading = Threading::kInline;
  store = open();
  store.reset();  // a crash
  {
    Connection connection(options.path, ConnectionMode::kWriter);
    EXPECT_EQ(connection.query_integer("SELECT value FROM meta WHERE name = 'clean'"), 0);
  }
}

TEST_F(OpenTest, CheckFindsDamage) {
  make_database(2'000);
  damage(options.path);
  options.threading = Threading::kInline;
  const auto store = open();  // the last stop was clean, so nobody looks
  EXPECT_FALSE(store->check().empty());
}

TEST(MigrationsTest, RunInOrderAndOnce) {
  Connection connection(":memory:", ConnectionMode::kMemory);
  const std::array first = {Migration{1, "CREATE TABLE a (x);"}};
  EXPECT_EQ(migrate(connection, first), 0);
  EXPECT_EQ(migrate(connection, first), 1);
  const std::array both = {first[0], Migration{2,
                                               "ALTER TABLE a ADD COLUMN y; "
                                               "INSERT INTO a VALUES (1, 2);"}};
  EXPECT_EQ(migrate(connection, both), 1);
  EXPECT_EQ(migrate(connection, both), 2);
  EXPECT_EQ(connection.query_integer("SELECT count(*) FROM a"), 1);
  EXPECT_THROW(migrate(connection, first), StoreUnusable);
}

TEST(MigrationsTest, AFailedStepLeavesNothing) {
  Connection connection(":memory:", ConnectionMode::kMemory);
  const std::array steps = {Migration{1, "CREATE TABLE a (x);"},
                            Migration{2, "CREATE TABLE b (x); CREATE TABLE a (x);"}};
  EXPECT_THROW(migrate(connection, steps), DatabaseError);
  EXPECT_EQ(connection.query_integer("PRAGMA user_version"), 1);
  EXPECT_EQ(connection.query_integer("SELECT count(*) FROM sqlite_schema WHERE name = 'b'"), 0);
  EXPECT_FALSE(connection.in_transaction());
}

TEST(ConnectionTest, TheSettingsThatMatterAreSet) {
  World world(Threading::kInline);
  Connection& writer = [&]() -> Connection& {
    world.close(true);
    static std::unique_ptr<Connection> connection;
    connection = std::make_unique<Connection>(world.path(), ConnectionMode::kWriter);
    return *connection;
  }();
  EXPECT_EQ(writer.query_integer("PRAGMA synchronous"), 2);
  EXPECT_EQ(writer.query_integer("PRAGMA foreign_keys"), 1);
  EXPECT_EQ(writer.query_integer("PRAGMA trusted_schema"), 0);
  EXPECT_EQ(writer.query_integer("PRAGMA temp_store"), 2);
  EXPECT_EQ(writer.query_integer("PRAGMA mmap_size"), 0);
  EXPECT_EQ(writer.query_integer("PRAGMA secure_delete"), 0);
  Statement mode(writer, "PRAGMA journal_mode");
  Rows rows = mode.query();
  ASSERT_TRUE(rows.next());
  EXPECT_EQ(rows.get<std::string>(), "wal");
  Connection reader(world.path(), ConnectionMode::kReader);
  EXPECT_THROW(reader.exec("DELETE FROM meta"), DatabaseError);
}

class BackupTest : public StoreTest {};
HG_IN_BOTH_MODES(BackupTest);

TEST_P(BackupTest, IsAWholeDatabase) {
  std::vector<model::MessageId> ids;
  for (int i = 0; i < 50; ++i) ids.push_back(world.accept_ok(world.message(5)));
  const std::string target = world.folder.path("copy.db");
  world.store->backup(target);
  world.accept_ok();  // the store works on
  EXPECT_FALSE(std::filesystem::exists(target + "-wal"));
  struct stat info{};
  ASSERT_EQ(stat(target.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777u, 0600u);
  world.close(true);
  world.options.path = target;
  world.open();
  world.start();
  EXPECT_TRUE(world.store->check().empty());
  EXPECT_EQ(world.store->depth().waiting, 50u);
  EXPECT_TRUE(world.find(ids.back()));
}

TEST_P(BackupTest, IsRefusedOnceTheGatewayStops) {
  world.accept_ok();
  world.store->end_inspections();
  const std::string target = world.folder.path("copy.db");
  EXPECT_THAT([&] { world.store->backup(target); },
              ThrowsMessage<std::runtime_error>(HasSubstr("the gateway is stopping")));
  EXPECT_FALSE(std::filesystem::exists(target));
  EXPECT_THAT([&] { world.store->check(); },
              ThrowsMessage<std::runtime_error>(HasSubstr("the gateway is stopping")));
  world.close(true);
  world.open();  // for the test's last look
  world.start();
}

// Some pieces long, and written to all the while.
class LargeBackupTest : public testing::Test {
 protected:
  LargeBackupTest() {
    writer.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, body BLOB)");
    writer.exec(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 70)"
        " INSERT INTO t (body) SELECT zeroblob(1000000) FROM n");
  }
  bool write_beside() {
    ++asked;
    writer.exec("INSERT INTO t (body) VALUES (zeroblob(10))");
    return true;
  }
  TestFolder folder;
  std::string target = folder.path("copy.db");
  Connection writer{folder.path("large.db"), ConnectionMode::kWriter};
  Connection source{folder.path("large.db"), ConnectionMode::kReader};
  int asked = 0;
};

TEST_F(LargeBackupTest, IsOfOneMomentAndDoesNotBeginAnew) {
  copy_database(source, target, [this] { return write_beside(); });
  EXPECT_EQ(asked, 4);  // 70 MB in pieces of 16 MiB
  Connection copy(target, ConnectionMode::kReader);
  EXPECT_EQ(copy.query_integer("SELECT count(*) FROM t"), 70);
  EXPECT_EQ(writer.query_integer("SELECT count(*) FROM t"), 74);
}

TEST_F(LargeBackupTest, EndsWhenToldAndLeavesNothing) {
  EXPECT_THAT([this] { copy_database(source, target, [this] { return ++asked < 2; }); },
              ThrowsMessage<std::runtime_error>(HasSubstr("the gateway is stopping")));
  EXPECT_EQ(asked, 2);
  EXPECT_FALSE(std::filesystem::exists(target));
}

TEST_P(BackupTest, NeverOverwrites) {
  const std::string target = world.folder.path("there");
  std::ofstream(target) << "mine";
  EXPECT_THAT([&] { world.store->backup(target); },
              ThrowsMessage<std::runtime_error>(HasSubstr("it exists already")));
  EXPECT_EQ(std::filesystem::file_size(target), 4u);
  EXPECT_THAT([&] { world.store->backup(world.folder.path("no/such/folder")); },
              ThrowsMessage<std::runtime_error>(HasSubstr("no backup to")));
}

}  // namespace
}  // namespace heliograph::store
