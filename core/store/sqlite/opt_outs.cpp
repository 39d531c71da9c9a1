#include "core/store/sqlite/opt_outs.h"

#include <fmt/format.h>

#include <iterator>

#include "core/store/sqlite/connection.h"

namespace heliograph::store {

OptOuts::OptOuts(Connection& connection)
    : insert_(connection,
              "INSERT OR IGNORE INTO opt_outs (client, recipient, sender, origin, keyword, at)"
              " VALUES (?1, ?2, ?3, ?4, ?5, ?6)"),
      remove_(connection,
              "DELETE FROM opt_outs WHERE client = ?1 AND recipient = ?2 AND sender = ?3"),
      read_(connection, "SELECT client, recipient, sender FROM opt_outs") {
  changed_ = true;
  reload();
}

void OptOuts::reload() {
  if (!changed_) return;
  view_.clear();
  Rows rows = read_.query();
  while (rows.next()) {
    const auto client = rows.get<model::ClientId>();
    const auto recipient = rows.get<std::string>();
    view_.insert(key_of(client, rows.get<std::string>(), recipient));
  }
  changed_ = false;
}

// Neither part can hold a blank line's end: addresses are printable.
const std::string& OptOuts::key_of(model::ClientId client, std::string_view sender,
                                   std::string_view recipient) {
  key_.clear();
  fmt::format_to(std::back_inserter(key_), "{}\n{}\n{}", static_cast<std::int64_t>(client), sender,
                 recipient);
  return key_;
}

bool OptOuts::refuses(model::ClientId client, std::string_view sender, std::string_view recipient) {
  if (view_.empty()) return false;
  const std::string to = model::thread_address(recipient);
  return view_.contains(key_of(client, model::thread_address(sender), to)) ||
         view_.contains(key_of(client, {}, to));
}

bool OptOuts::add(model::ClientId client, const model::OptOut& opt_out, model::TimePoint now) {
  const std::string recipient = model::thread_address(opt_out.recipient);
  const std::string sender = model::thread_address(opt_out.sender);
  const int added = insert_.run(client, recipient, sender, opt_out.origin, opt_out.keyword, now);
  if (added == 0) return false;
  view_.insert(key_of(client, sender, recipient));
  changed_ = true;
  return true;
}

bool OptOuts::remove(model::ClientId client, std::string_view sender, std::string_view recipient) {
  const std::string to = model::thread_address(recipient);
  const std::string from = model::thread_address(sender);
  if (remove_.run(client, to, from) == 0) return false;
  view_.erase(key_of(client, from, to));
  changed_ = true;
  return true;
}

}  // namespace heliograph::store
