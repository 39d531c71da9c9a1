// ResolverThreads: looks names up on threads of its own, for clients whose names others choose.
//
// Asio resolves all names of a loop on one thread, where a name whose servers do not answer holds
// up every other one: the providers' too. Here it holds up one of some threads, however many ask
// for it, and only while somebody does; and half of the threads are for names that were found when
// they were last looked up, so that whoever names a hundred dead ones does not hold those up. They
// start when they are needed. Thread: the loop's.
// Internal to core/http (Asio).
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

  // [a thread of its own] The addresses of a name, with any port.
  using LookUp =
      std::function<Endpoints(const std::string& host, boost::system::error_code& error)>;
  static Endpoints look_up(const std::string& host,
                           boost::system::error_code& error);  // getaddrinfo

  ResolverThreads(boost::asio::io_context& loop, std::size_t threads_max, LookUp how = look_up);
  // Waits for nobody: a lookup under way ends later, unheard.
  ~ResolverThreads();
  ResolverThreads(const ResolverThreads&) = delete;
  ResolverThreads& operator=(const ResolverThreads&) = delete;

  using Id = std::uint64_t;  // never 0

  // `done` is called on the loop, or destroyed uncalled by cancel() or with this object.
  Id resolve(std::string host, std::uint16_t port, Done done);
  // A name that nobody waits for any more is not looked up. Nothing happens for an id that is done.
  void cancel(Id id);

 private:
  struct State;
  struct Waiting {
    std::string host;
    std::uint16_t port = 0;
    std::uint64_t lookup = 0;  // which of the name's
    Done done;
  };
  // What a lookup is for stays on the loop: it may hold sockets, which die there.
  using Pending = std::unordered_map<Id, Waiting>;
  static void work(const std::shared_ptr<State>& state);

  std::shared_ptr<State> state_;  // shared with the threads
  std::shared_ptr<Pending> pending_ = std::make_shared<Pending>();
  Id last_id_ = 0;
};

}  // namespace heliograph::http
