// FacadeDoor: who may use a facade. The systems that the facades stand in for ask for no key, so
// what comes in is decided by where it comes from, and all of it runs as one declared client.
//
// Nobody but a program on this machine gets in by default; and never a web page that a browser on
// this machine happens to show: not under another host name (DNS rebinding), not from another
// origin, and not with a body that a form could send. Immutable; thread-safe.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "core/api/api.h"
#include "core/api/cors.h"
#include "core/api/peer_policy.h"
#include "core/http/message.h"
#include "core/model/client.h"

namespace heliograph::api {

// How a facade behaves at the door: in whose words it refuses, and what it lets in.
struct FacadeManners {
  http::Response (*words)(unsigned status, std::string_view detail) = nullptr;
  bool any_content_type = false;  // a resource that takes forms reads the type itself
  // Its answer to more requests than an address may make; nullptr: they are not counted.
  http::Response (*too_many)() = nullptr;
  // The resource verifies a signature: whoever has the secret may come from anywhere.
  bool is_signed = false;
};

struct FacadeRefusal {
  unsigned status = 403;  // or 415
  std::string_view detail;
};

class FacadeDoor {
 public:
  // `peers` and `cors` outlive it.
  FacadeDoor(const FacadeSettings& settings, const PeerPolicy& peers, const Cors& cors);

  // nullopt: come in. There must be a facades.client.
  std::optional<FacadeRefusal> refusal(const http::Request& request,
                                       const FacadeManners& manners) const;
  // facades.client with the scopes to send and to read; nullptr: none is declared.
  std::shared_ptr<const model::Principal> principal() const { return principal_; }

 private:
  bool is_remote(const http::Request& request) const;
  bool is_foreign_page(const http::Request& request) const;

  const bool allow_remote_;
  const PeerPolicy& peers_;
  const Cors& cors_;
  std::shared_ptr<const model::Principal> principal_;
};

}  // namespace heliograph::api
