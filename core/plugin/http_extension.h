// hg.http-client/1 for one instance: requests of the plugin handed to a client of its own, the
// answers brought back to its strand.
//
// A request made from a [ctl] call is checked there and sent from the loop; should the client
// refuse it then, the plugin hears so by its callback.
#pragma once

#include <heliograph/abi/ext/http_client.h>

#include <atomic>
#include <memory>
#include <string>
#include <unordered_map>

#include "core/base/unique_function.h"
#include "core/plugin/call_scope.h"
#include "core/ports/http_client.h"

namespace heliograph::plugin {

class Instance;

class HttpExtension {
 public:
  explicit HttpExtension(Instance& instance) : instance_(instance) {}

  // [any] What get_extension() returns; notes that the plugin uses it.
  const hg_http_client* table();
  bool used() const { return used_.load(); }
  // [control thread] Makes the client of an instance that uses it. Throws what the factory throws.
  void prepare();
  // [control thread or loop] Asks the client to cancel everything; the callbacks still come.
  void cancel_all();
  // [control thread] After the last callback. The client ends on the loop.
  void close();

  // On the strand, as the functions of the extension say.
  hg_status request(const hg_http_request* request, hg_http_fn done, void* arg, std::uint64_t tag,
                    hg_id* id, const CallContext& inside);
  hg_status cancel(hg_id id, bool on_loop);

 private:
  struct Call {
    hg_http_fn done;
    void* arg;
    std::uint64_t tag;
    hg_op sending = 0;                    // the send() it was made inside; 0: none
    ports::HttpClient::Id client_id = 0;  // 0: not yet sent
    bool cancelled = false;
  };
  hg_status send_now(hg_id id, ports::OutgoingRequest request);
  void send_later(hg_id id, ports::OutgoingRequest request);
  void cancel_on_loop(hg_id id);
  void finish(hg_id id, ports::OutgoingResponse response);

  Instance& instance_;
  std::atomic<bool> used_{false};
  std::shared_ptr<ports::HttpClient> client_;
  std::unordered_map<hg_id, Call> calls_;  // on the strand
  hg_id last_id_ = 0;
};

}  // namespace heliograph::plugin
