// The facade messaging: the HTTP interface of the Messaging service, /api/v1/*, its older paths
// below /api/, /health and /ready.
//
// Nothing but translation, as in the facade twillow. Requests are counted by address and path, and
// every answer tells how many are left. docs/compatibility.md has the promises, docs/api.md the
// differences.
#pragma once

namespace heliograph::api {

class Routes;

// All of it; `routes` must have a facades.client.
void add_messaging(Routes& routes);

namespace messaging {

// Each adds the paths of one file.
void add_send(Routes& routes);
void add_messages(Routes& routes);
void add_conversations(Routes& routes);
void add_webhooks(Routes& routes);
void add_health(Routes& routes);

}  // namespace messaging
}  // namespace heliograph::api
