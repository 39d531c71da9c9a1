#include "tests/unit/http/scripted_peer.h"

#include <utility>

namespace heliograph::http::testing {

ScriptedPeer::ScriptedPeer(std::vector<Script> scripts) {
  acceptor_ = std::thread([this, scripts = std::move(scripts)] {
    for (const Script& script : scripts) {
      auto connection = listener_.accept();
      if (!connection) return;
      ++accepted_;
      threads_.emplace_back([script](RawSocket socket) { script(socket); }, std::move(*connection));
    }
  });
}

ScriptedPeer::~ScriptedPeer() {
  acceptor_.join();
  for (std::thread& thread : threads_) thread.join();
}

std::string read_request(RawSocket& connection) {
  std::string& buffer = connection.buffer();
  std::size_t head = 0;
  while ((head = buffer.find("\r\n\r\n")) == std::string::npos) {
    if (connection.read_more() != RawSocket::ReadEnd::kData) return "";
  }
  std::size_t size = head + 4;
  const std::size_t length = buffer.find("Content-Length: ");
  if (length < head) size += std::stoul(buffer.substr(length + 16));
  while (buffer.size() < size) {
    if (connection.read_more() != RawSocket::ReadEnd::kData) return "";
  }
  std::string request = buffer.substr(0, size);
  buffer.erase(0, size);
  return request;
}

void wait_for_end(RawSocket& connection) {
  while (connection.read_more() == RawSocket::ReadEnd::kData) connection.buffer().clear();
}

void serve_all(RawSocket& connection) {
  for (int number = 1; !read_request(connection).empty(); ++number) {
    if (!connection.send(ok(std::to_string(number)))) return;
  }
}

ScriptedPeer::Script say(const std::string& bytes) {
  return [bytes](RawSocket& connection) {
    read_request(connection);
    connection.send(bytes);
    wait_for_end(connection);
  };
}

ScriptedPeer::Script say_and_close(const std::string& bytes) {
  return [bytes](RawSocket& connection) {
    read_request(connection);
    connection.send(bytes);
  };
}

std::string ok(const std::string& body, const std::string& fields) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + fields +
         "\r\n" + body;
}

}  // namespace heliograph::http::testing
