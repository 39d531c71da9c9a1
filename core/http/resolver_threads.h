// ResolverThreads: looks names up on threads of its own, for clients whose names others choose.
//
// Asio resolves all names of a loop on one thread, where a name whose servers do not answer holds
// up every other one: the providers' too. Here it holds up one of a few threads. They start when
// they are needed. Thread: the loop's. Internal to core/http (Asio).
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
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

  // `done` is called on the loop, or destroyed uncalled once this object is gone.
  void resolve(std::string host, std::uint16_t port, Done done);

 private:
  struct State;
  static void work(const std::shared_ptr<State>& state);

  std::shared_ptr<State> state_;  // shared with the threads
};

}  // namespace heliograph::http
