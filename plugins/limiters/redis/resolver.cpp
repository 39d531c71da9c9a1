#include "plugins/limiters/redis/resolver.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>

#include <array>
#include <mutex>
#include <thread>
#include <utility>

namespace heliograph::plugins::redis {

namespace {

std::string address_of(const std::string& name, std::string& error) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int status = getaddrinfo(name.c_str(), nullptr, &hints, &found);
  if (status != 0) {
    error = gai_strerror(status);
    return {};
  }
  std::array<char, NI_MAXHOST> text{};
  getnameinfo(found->ai_addr, found->ai_addrlen, text.data(), text.size(), nullptr, 0,
              NI_NUMERICHOST);
  freeaddrinfo(found);
  return text.data();
}

}  // namespace

// Shared with the thread, which may outlive the instance.
struct Resolver::Lookup {
  std::mutex mutex;
  bool forgotten = false;
  Done done;
};

std::string address_without_lookup(const std::string& name) {
  if (name == "localhost") return "127.0.0.1";
  in6_addr address{};
  const bool numeric = inet_pton(AF_INET, name.c_str(), &address) == 1 ||
                       inet_pton(AF_INET6, name.c_str(), &address) == 1;
  return numeric ? name : std::string();
}

void Resolver::find(const std::string& name, Done done) {
  forget();
  if (std::string address = address_without_lookup(name); !address.empty()) {
    return done(std::move(address), {});
  }
  lookup_ = std::make_shared<Lookup>();
  lookup_->done = std::move(done);
  std::thread([host = host_, lookup = lookup_, name] {
    std::string error;
    std::string address = address_of(name, error);
    const std::lock_guard lock(lookup->mutex);
    if (lookup->forgotten) return;
    host.post([lookup, address = std::move(address), error = std::move(error)] {
      // On the strand, as forget() is. The callee may begin another look-up.
      const Done answer = std::exchange(lookup->done, nullptr);
      if (answer) answer(address, error);
    });
  }).detach();
}

void Resolver::forget() {
  if (!lookup_) return;
  const std::lock_guard lock(lookup_->mutex);
  lookup_->forgotten = true;
  lookup_->done = nullptr;
}

}  // namespace heliograph::plugins::redis
