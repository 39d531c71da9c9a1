#include "core/plugin/ingress_router.h"

#include <utility>

#include "core/plugin/provider_handle.h"

namespace heliograph::plugin {

void IngressRouter::set(Handles handles) {
  auto next = std::make_shared<const Handles>(std::move(handles));
  const std::lock_guard lock(mutex_);
  handles_ = std::move(next);
}

std::shared_ptr<const IngressRouter::Handles> IngressRouter::handles() const {
  const std::lock_guard lock(mutex_);
  return handles_;
}

void IngressRouter::handle(ports::IngressRequest request, ports::Executor& where,
                           ports::Done<ports::IngressAnswer> done) {
  auto reply = [&where, done = std::move(done)](ports::IngressAnswer answer) mutable {
    where.post([done = std::move(done), answer = std::move(answer)]() mutable {
      done(std::move(answer));
    });
  };
  const auto known = handles();
  const auto found = known->find(request.provider);
  if (found == known->end() || !found->second->ingress().open()) {
    return reply({.status = 404, .headers = {}, .body = {}});  // core/api words it
  }
  found->second->ingress().submit(std::move(request), std::move(reply));
}

}  // namespace heliograph::plugin
