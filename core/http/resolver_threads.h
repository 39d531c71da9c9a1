// ResolverThreads: looks names up on threads of its own, for clients whose names others choose.
//
// Asio resolves all names of a loop on one thread, where a name whose servers do not answer holds
// up every other one: the providers' too. Here it holds up one of a few threads. They start when
// they are needed. Thread: the loop's. Internal to core/http (Asio).
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace heliograph::http {

class ResolverThreads {
 public:
  using Endpoints = std::vector<boost::asio::ip::tcp::endpoint>;
  using Done = std::function<void(boost::system::error_code, Endpoints)>;

  ResolverThreads(boost::asio::io_context& loop, std::size_t threads_max);
  // Waits for nobody: a lookup under way ends later, unheard.
  ~ResolverThreads();
  ResolverThreads(const ResolverThreads&) = delete;
  ResolverThreads& operator=(const ResolverThreads&) = delete;

  // `done` is called on the loop, or destroyed uncalled with this object.
  void resolve(std::string host, std::uint16_t port, Done done);

 private:
  struct State;
  // What a lookup is for stays on the loop: it may hold sockets, which die there.
  using Pending = std::unordered_map<std::uint64_t, Done>;
  static void work(const std::shared_ptr<State>& state);

  std::shared_ptr<State> state_;  // shared with the threads
  std::shared_ptr<Pending> pending_ = std::make_shared<Pending>();
  std::uint64_t last_id_ = 0;
};

}  // namespace heliograph::http
