// Resolver: the address of a host's name, without ever blocking the loop.
//
// hiredis looks names up with a blocking getaddrinfo() inside its connect, so it is only ever given
// addresses. An address and "localhost" (127.0.0.1) are answered at once; for any other name a
// short-lived thread asks the system and ends. A look-up that hangs is simply not waited for: its
// thread finds the door closed. [loop] and [ctl].
#pragma once

#include <functional>
#include <memory>
#include <string>

#include <heliograph/host.hpp>

namespace heliograph::plugins::redis {

class Resolver {
 public:
  // `address` is empty when there is none, and `error` says why.
  using Done = std::function<void(std::string address, std::string error)>;

  explicit Resolver(sdk::Host host) : host_(host) {}
  ~Resolver() { forget(); }
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // `done` is called once, inside this call or later on the strand; never after forget().
  void find(const std::string& name, Done done);
  void forget();

 private:
  struct Lookup;
  sdk::Host host_;
  std::shared_ptr<Lookup> lookup_;
};

// The address as text when no look-up is needed, else empty.
std::string address_without_lookup(const std::string& name);

}  // namespace heliograph::plugins::redis
