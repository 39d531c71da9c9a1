#include "plugins/providers/smtp/trust.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <new>

#include <heliograph/text.hpp>

namespace heliograph::plugins::smtp {

void Trust::Free::operator()(X509_STORE* store) const noexcept { X509_STORE_free(store); }

Trust::Trust(const std::string& ca_file) : store_(X509_STORE_new()) {
  if (store_ == nullptr) throw std::bad_alloc();
  // An own file may hold a server's very certificate, or one between it and its root.
  X509_STORE_set_flags(store_.get(), X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_PARTIAL_CHAIN);
  const int loaded = ca_file.empty() ? X509_STORE_set_default_paths(store_.get())
                                     : X509_STORE_load_file(store_.get(), ca_file.c_str());
  ERR_clear_error();
  if (loaded != 1) {
    throw sdk::Failure(HG_E_CONFIG, "ca_file: cannot read certificates from " + ca_file);
  }
}

void Trust::give_to(SSL_CTX* context) const { SSL_CTX_set1_cert_store(context, store_.get()); }

}  // namespace heliograph::plugins::smtp
