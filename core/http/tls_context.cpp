#include "core/http/tls_context.h"

#include <openssl/crypto.h>
#include <openssl/ssl.h>

#include <boost/system/error_code.hpp>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "core/http/digest.h"

namespace heliograph::http {
namespace {

namespace ssl = boost::asio::ssl;
using Error = boost::system::error_code;

// TLS 1.3 has AEAD suites only; this is the list for 1.2 (RFC 9325, 4.2).
constexpr const char* kCiphers12 = "ECDHE+AESGCM:ECDHE+CHACHA20";

void harden(ssl::context& context) {
  SSL_CTX* native = context.native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_options(native, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET |
                                  SSL_OP_CIPHER_SERVER_PREFERENCE);
  // Idle connections then keep no 34 KiB of record buffers each.
  SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
  if (SSL_CTX_set_cipher_list(native, kCiphers12) != 1) {
    throw std::runtime_error("OpenSSL knows none of the ciphers " + std::string(kCiphers12));
  }
}

void demand(const Error& error, const std::string& what, const std::string& file) {
  if (error) throw std::runtime_error(what + " \"" + file + "\": " + error.message());
}

}  // namespace

ssl::context make_server_tls(const std::string& cert, const std::string& key,
                             const std::string& client_ca) {
  ssl::context context(ssl::context::tls_server);
  harden(context);
  Error error;
  context.use_certificate_chain_file(cert, error);
  demand(error, "cannot use the certificate", cert);
  context.use_private_key_file(key, ssl::context::pem, error);
  demand(error, "cannot use the key", key);
  if (SSL_CTX_check_private_key(context.native_handle()) != 1) {
    throw std::runtime_error("the key \"" + key + "\" does not belong to the certificate \"" +
                             cert + "\"");
  }
  if (!client_ca.empty()) {
    context.load_verify_file(client_ca, error);
    demand(error, "cannot use the client CA", client_ca);
    SSL_CTX_set_client_CA_list(context.native_handle(), SSL_load_client_CA_file(client_ca.c_str()));
    context.set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert);
    // Without tickets and cache every connection shows its certificate anew.
    SSL_CTX_set_session_cache_mode(context.native_handle(), SSL_SESS_CACHE_OFF);
  }
  return context;
}

std::shared_ptr<ListenerTls> read_listener_tls(const std::string& cert, const std::string& key,
                                               const std::string& client_ca) {
  std::string bytes;
  for (const std::string& path : {cert, key, client_ca}) {
    std::ifstream file(path, std::ios::binary);  // one that is missing is told below
    bytes += std::string(std::istreambuf_iterator<char>(file), {});
    bytes += '\0';
  }
  const auto digest = sha256(bytes);
  OPENSSL_cleanse(bytes.data(), bytes.size());
  return std::make_shared<ListenerTls>(make_server_tls(cert, key, client_ca),
                                       std::string(digest.begin(), digest.end()));
}

ssl::context make_client_tls(const std::string& ca_file) {
  ssl::context context(ssl::context::tls_client);
  harden(context);
  context.set_verify_mode(ssl::verify_peer);
  Error error;
  if (ca_file.empty()) {
    context.set_default_verify_paths(error);
    demand(error, "cannot use the system's certificate authorities in", "the default paths");
  } else {
    context.load_verify_file(ca_file, error);
    demand(error, "cannot use the CA file", ca_file);
  }
  return context;
}

}  // namespace heliograph::http
