// TLS settings of both directions (OpenSSL 3): version 1.2 or newer, forward secrecy and AEAD
// ciphers only, no tickets, no renegotiation, no compression. Contexts are shared by all
// connections of a thread or of a pool. Internal to core/http (Asio).
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <string>

namespace heliograph::http {

// Of a listener. With `client_ca` a certificate that it signed is demanded from every client.
// Throws std::runtime_error naming the file at fault.
boost::asio::ssl::context make_server_tls(const std::string& cert, const std::string& key,
                                          const std::string& client_ca);

// What a listener's files held when they were read.
struct ListenerTls {
  boost::asio::ssl::context context;
  std::string digest;  // of all of them: the same bytes, the same digest
};
// Throws like make_server_tls().
std::shared_ptr<ListenerTls> read_listener_tls(const std::string& cert, const std::string& key,
                                               const std::string& client_ca);

// Of the outgoing client: the peer's chain is always verified, against `ca_file` or, where that is
// empty, the system's authorities. The host name is the connection's to set. Throws as above.
boost::asio::ssl::context make_client_tls(const std::string& ca_file);

}  // namespace heliograph::http
