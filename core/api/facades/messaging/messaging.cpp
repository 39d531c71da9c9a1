#include "core/api/facades/messaging/messaging.h"

#include "core/api/endpoint.h"

namespace heliograph::api {

void add_messaging(Routes& routes) {
  messaging::add_send(routes);
  messaging::add_messages(routes);
  messaging::add_conversations(routes);
  messaging::add_webhooks(routes);
  messaging::add_health(routes);
}

}  // namespace heliograph::api
