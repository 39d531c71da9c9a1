#include "core/api/facades/twillow/twillow.h"

#include "core/api/endpoint.h"

namespace heliograph::api {

void add_twillow(Routes& routes) {
  twillow::add_send(routes);
  twillow::add_health(routes);
  twillow::add_distribution(routes);
  twillow::add_requests(routes);
  twillow::add_queue_status(routes);
}

}  // namespace heliograph::api
