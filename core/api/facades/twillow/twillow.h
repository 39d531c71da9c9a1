// The facade twillow: the HTTP interface of the Twillow SMS gateway, /api/sms/* and /taskiq-status.
//
// Nothing but translation: each path reads Twillow's request, calls the operation that the native
// API calls too, and words the answer as Twillow did, errors included. docs/compatibility.md has
// the promises, docs/api.md the differences.
#pragma once

namespace heliograph::api {

class Routes;

// All of it; `routes` must have a facades.client. Providers of the channel sms get a path of their
// own, in the order of the configuration.
void add_twillow(Routes& routes);

namespace twillow {

// Each adds the paths of one file.
void add_send(Routes& routes);
void add_health(Routes& routes);
void add_distribution(Routes& routes);
void add_requests(Routes& routes);
void add_queue_status(Routes& routes);

}  // namespace twillow
}  // namespace heliograph::api
