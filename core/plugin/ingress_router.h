// IngressRouter: ports::Ingress over the providers of a host: finds the one a request names and
// takes it to the dispatch loop.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "core/ports/ingress.h"

namespace heliograph::plugin {

class ProviderHandle;

class IngressRouter final : public ports::Ingress {
 public:
  // By the provider's name. Handles outlive the router's last request.
  using Handles = std::map<std::string, ProviderHandle*, std::less<>>;

  // [any] Requests from now on go by these. One that a handle has taken before ends there.
  void set(Handles handles);
  void handle(ports::IngressRequest request, ports::Executor& where,
              ports::Done<ports::IngressAnswer> done) override;

 private:
  std::shared_ptr<const Handles> handles() const;

  mutable std::mutex mutex_;
  std::shared_ptr<const Handles> handles_ = std::make_shared<Handles>();
};

}  // namespace heliograph::plugin
