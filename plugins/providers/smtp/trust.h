// The certificates we trust, read once.
//
// libcurl reads its bundle for every connection: some 150 certificates, tens of milliseconds on the
// gateway's loop. This store is read when the instance starts and shared by its connections.
#pragma once

#include <openssl/types.h>

#include <memory>
#include <string>

namespace heliograph::plugins::smtp {

class Trust {
 public:
  // Of a PEM file, or of the system when the path is empty. Throws sdk::Failure. [ctl]: reads
  // files.
  explicit Trust(const std::string& ca_file);

  // Makes a connection's context verify against this store.
  void give_to(SSL_CTX* context) const;

 private:
  struct Free {
    void operator()(X509_STORE* store) const noexcept;
  };
  std::unique_ptr<X509_STORE, Free> store_;
};

}  // namespace heliograph::plugins::smtp
