#include "core/plugin/ingress_router.h"

#include <utility>

#include "core/plugin/provider_handle.h"

namespace heliograph::plugin {

void IngressRouter::handle(ports::IngressRequest request, ports::Executor& where,
                           ports::Done<ports::IngressAnswer> done) {
  auto reply = [&where, done = std::move(done)](ports::IngressAnswer answer) mutable {
    where.post([done = std::move(done), answer = std::move(answer)]() mutable {
      done(std::move(answer));
    });
  };
  const auto found = handles_.find(request.provider);
  if (found == handles_.end() || !found->second->ingress().open()) {
    return reply({.status = 404, .headers = {}, .body = {}});  // core/api words it
  }
  found->second->ingress().submit(std::move(request), std::move(reply));
}

}  // namespace heliograph::plugin
