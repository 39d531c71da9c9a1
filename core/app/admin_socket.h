// The admin socket: `<database>.sock`, through which the command line asks the gateway that holds
// the database.
//
// One request and one answer a connection, each a JSON object on a line. Mode 0600: whoever may
// open it may do everything. It is served by a thread of its own, one connection at a time, since
// its operations may block (a backup).
#pragma once

#include <chrono>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "core/ports/log.h"
#include "core/store/sqlite_store.h"

namespace heliograph::app {

std::string admin_socket_path(const std::string& database_path);

class AdminSocket {
 public:
  // Replaces a socket file left behind; the caller holds the database's lock, so nobody else serves
  // it.
  AdminSocket(std::string path, store::SqliteStore& store, ports::Log& log);
  ~AdminSocket();  // stops
  AdminSocket(const AdminSocket&) = delete;
  AdminSocket& operator=(const AdminSocket&) = delete;

  void start();  // throws std::runtime_error when the path cannot be bound
  void stop();   // ends the store's inspections: whoever has asked for one is told

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// Asks the gateway behind `path`; nullopt when nobody answers there. Blocking, at most `timeout`.
std::optional<nlohmann::json> ask_gateway(const std::string& path, const nlohmann::json& request,
                                          std::chrono::seconds timeout);

}  // namespace heliograph::app
