#include "core/api/facades/facade_door.h"

#include "core/api/json_body.h"
#include "core/base/text.h"

namespace heliograph::api {
namespace {

std::shared_ptr<const model::Principal> principal_of(const FacadeSettings& settings) {
  if (!settings.client) return nullptr;
  model::Principal principal;
  principal.client = *settings.client;
  principal.scopes = model::kScopeSend | model::kScopeRead;
  return std::make_shared<const model::Principal>(std::move(principal));
}

bool changes_something(http::Method method) {
  using enum http::Method;
  return method != kGet && method != kHead && method != kOptions;
}

}  // namespace

FacadeDoor::FacadeDoor(const FacadeSettings& settings, const PeerPolicy& peers, const Cors& cors)
    : allow_remote_(settings.allow_remote),
      peers_(peers),
      cors_(cors),
      principal_(principal_of(settings)) {}

// What a proxy passes on comes from wherever the proxy is reached.
bool FacadeDoor::is_remote(const http::Request& request) const {
  return !request.peer_is_loopback || PeerPolicy::is_forwarded(request);
}

// Browsers name the page's origin with everything that could change something (Fetch, 3.2).
bool FacadeDoor::is_foreign_page(const http::Request& request) const {
  const auto origin = request.header("origin");
  if (!origin || cors_.allows(*origin)) return false;
  const auto scheme_end = origin->find("://");
  if (scheme_end == std::string_view::npos) return true;  // "null"
  const auto host = request.header("host").value_or("");
  return !base::equals_ignore_case(origin->substr(scheme_end + 3), host);
}

std::optional<FacadeRefusal> FacadeDoor::refusal(const http::Request& request,
                                                 const FacadeManners& manners) const {
  if (PeerPolicy::is_forwarded(request) && !peers_.is_trusted_proxy(request)) {
    return FacadeRefusal{403, "Forwarded requests are taken from trusted proxies only."};
  }
  if (!allow_remote_ && is_remote(request)) {
    return FacadeRefusal{403, "This interface answers programs on its own machine only."};
  }
  if (!peers_.is_for_us(request)) {
    return FacadeRefusal{403, "This Host is not one that the gateway answers to."};
  }
  if (!changes_something(request.method)) return std::nullopt;
  if (is_foreign_page(request)) {
    return FacadeRefusal{403, "Pages of this origin may not use the gateway."};
  }
  const bool has_content = !request.body.empty() || request.header("content-type").has_value();
  if (has_content && !manners.any_content_type && !is_json(request)) {
    return FacadeRefusal{415, "Content-Type must be application/json."};
  }
  return std::nullopt;
}

}  // namespace heliograph::api
