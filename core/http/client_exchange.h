// Exchange: one request of the outgoing client, from request() to `done`. Plain data; the pool owns
// it and uses its memory again. Internal to core/http.
#pragma once

#include <boost/intrusive/list.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/ports/http_client.h"

namespace heliograph::http {

class ClientConnection;
struct Origin;

struct Exchange : boost::intrusive::list_base_hook<> {
  ports::HttpClient::Id id = 0;  // 0: free
  Origin* origin = nullptr;
  ClientConnection* connection = nullptr;  // that carries it; nullptr while it waits for one
  std::string wire;                        // the request's bytes
  bool to_head = false;
  bool safe_to_resend = false;
  bool no_reuse = false;
  bool needs_new_connection = false;  // asked for, or because a reused one was closed under it
  bool replaced = false;              // the one replacement below kWritten is used up
  std::size_t body_max = 0;
  ports::MonoTime deadline{};
  ports::MonoTime begin_by = ports::MonoTime::max();
  ports::MonoTime started{};
  // What an earlier try may have done stays true whatever becomes of the next.
  ports::HttpProgress progress_of_first = ports::HttpProgress::kNotConnected;
  ports::OutgoingResponse response;
  base::UniqueFunction<void(ports::OutgoingResponse)> done;
};

using ExchangeList = boost::intrusive::list<Exchange>;

// The exchanges of one pool by id. An id is a serial number above the place in the table, so that a
// late cancel() finds its own exchange or none.
class ExchangeTable {
 public:
  static constexpr std::size_t kSizeMax = (std::size_t{1} << 24) - 1;

  Exchange& take();                                // with a new id, everything else as new
  void give_back(Exchange& exchange);              // in no list any more
  Exchange* find(ports::HttpClient::Id id) const;  // nullptr: none that is open
  std::size_t open() const { return open_; }
  const std::vector<std::unique_ptr<Exchange>>& all() const { return all_; }  // id 0: free
  void clear();  // destroys them all, with what their `done`s hold

 private:
  std::vector<std::unique_ptr<Exchange>> all_;
  std::vector<std::uint32_t> free_;
  std::size_t open_ = 0;
  std::uint64_t last_serial_ = 0;
};

}  // namespace heliograph::http
