// `heliograph client ...` and `heliograph db ...`: on the database itself when nobody holds it,
// else through the gateway.
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/app/admin_operations.h"
#include "core/app/admin_socket.h"
#include "core/app/commands.h"
#include "core/app/configuration.h"
#include "core/app/exit_codes.h"
#include "core/app/part_options.h"
#include "core/app/system_clock.h"
#include "core/app/system_random.h"
#include "core/app/working.h"

namespace heliograph::app {
namespace {

using Json = nlohmann::json;

constexpr std::chrono::minutes kGatewayTimeout{10};  // a backup of a large database takes its time

struct ToRequest {
  Json operator()(const ClientAddCommand& c) const {
    Json request = {{"operation", "client.add"},
                    {"name", c.name},
                    {"credit_cents", c.credit_cents},
                    {"scopes", c.scopes},
                    {"billing", c.billing}};
    if (c.price_per_part_cents) request["price_per_part_cents"] = *c.price_per_part_cents;
    return request;
  }
  Json operator()(const ClientListCommand&) const { return {{"operation", "client.list"}}; }
  Json operator()(const ClientCreditCommand& c) const {
    return {{"operation", "client.credit"}, {"name", c.name}, {"cents", c.cents}, {"note", c.note}};
  }
  Json operator()(const ClientKeyCommand& c) const {
    return {{"operation", "client.key"}, {"name", c.name}, {"scopes", c.scopes}};
  }
  Json operator()(const DbMigrateCommand&) const { return {{"operation", "db.migrate"}}; }
  Json operator()(const DbCheckCommand&) const { return {{"operation", "db.check"}}; }
  Json operator()(const DbBackupCommand& c) const {
    return {{"operation", "db.backup"}, {"target", c.target}};
  }
};

class NoEvents final : public ports::StoreEvents {
 public:
  void on_waiting(std::vector<model::WorkItem>) override {}
  void on_fatal(const std::string& what) override {
    std::fprintf(stderr, "heliograph: %s\n", what.c_str());
    std::_Exit(kExitFatalCommit);
  }
};

Json run_here(const config::Config& config, const Json& request) {
  SystemClock clock;
  SystemRandom random;
  NoEvents events;
  const auto store = store::SqliteStore::open(store_options(config), clock, random);
  store->start(events);
  auto answer = run_admin_operation(request, *store);
  store->stop();
  return answer;
}

Json run_anywhere(const config::Config& config, const Json& request) {
  try {
    return run_here(config, request);
  } catch (const store::StoreLocked& locked) {
    auto answer = ask_gateway(admin_socket_path(config.store.path), request, kGatewayTimeout);
    if (!answer)
      throw store::StoreLocked(
          fmt::format("{}; and it does not answer on its admin socket", locked.what()));
    return std::move(*answer);
  }
}

void print_clients(const Json& clients) {
  fmt::print("{:<24} {:>12} {:>12} {:>12} {:>5}\n", "NAME", "AVAILABLE", "HELD", "CAPTURED",
             "KEYS");
  for (const auto& client : clients) {
    fmt::print("{:<24} {:>12} {:>12} {:>12} {:>5}\n", client.value("name", ""),
               client.value("available_cents", 0ll), client.value("held_cents", 0ll),
               client.value("captured_cents", 0ll), client.value("keys", 0ll));
  }
}

int print_problems(const Json& problems) {
  if (problems.empty()) {
    fmt::print("The database is sound: integrity, references and every balance.\n");
    return kExitOk;
  }
  for (const auto& problem : problems) fmt::print("{}\n", problem.get<std::string>());
  return kExitRuntime;
}

int print_answer(const Json& answer) {
  if (answer.contains("problems")) return print_problems(answer["problems"]);
  if (answer.contains("clients")) {
    print_clients(answer["clients"]);
  } else if (answer.contains("key")) {
    fmt::print("Client {}\nAPI key (shown this once): {}\n", answer.value("name", ""),
               answer.value("key", ""));
  } else if (answer.contains("available_cents")) {
    fmt::print("{} has {} cents available\n", answer.value("name", ""),
               answer.value("available_cents", 0ll));
  } else if (answer.contains("target")) {
    fmt::print("Copied to {}\n", answer.value("target", ""));
  } else {
    fmt::print("The schema is current.\n");
  }
  return kExitOk;
}

// The gateway's working folder may be another than ours.
void make_target_absolute(Json& request) {
  if (!request.contains("target")) return;
  request["target"] = std::filesystem::absolute(request["target"].get<std::string>()).string();
}

}  // namespace

int run_database_command(const DatabaseCommand& command) {
  const auto config = load_configuration(command.config, command.demo);
  auto request = std::visit(ToRequest{}, command.action);
  make_target_absolute(request);
  const Json answer = [&] {
    const Working working(request.at("operation").get<std::string>(), request.value("target", ""));
    return run_anywhere(config, request);
  }();
  if (answer.contains("error")) {
    fmt::print(stderr, "heliograph: {}\n", answer["error"].get<std::string>());
    return kExitRuntime;
  }
  if (command.json) {
    fmt::print("{}\n", answer.dump(2));
    const bool problems = answer.contains("problems") && !answer["problems"].empty();
    return problems ? kExitRuntime : kExitOk;
  }
  return print_answer(answer);
}

}  // namespace heliograph::app
