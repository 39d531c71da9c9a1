// IngressRouter: ports::Ingress over the providers of a host: finds the one a request names and
// takes it to the dispatch loop.
#pragma once

#include <map>
#include <string>

#include "core/ports/ingress.h"

namespace heliograph::plugin {

class ProviderHandle;

class IngressRouter final : public ports::Ingress {
 public:
  // [control thread], before requests come.
  void add(const std::string& provider, ProviderHandle& handle) { handles_[provider] = &handle; }
  void handle(ports::IngressRequest request, ports::Executor& where,
              ports::Done<ports::IngressAnswer> done) override;

 private:
  std::map<std::string, ProviderHandle*, std::less<>> handles_;
};

}  // namespace heliograph::plugin
