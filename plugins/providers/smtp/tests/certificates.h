// Test support: a certificate of one's own, made in memory.
#pragma once

#include <openssl/types.h>

#include <memory>
#include <string>

namespace heliograph::plugins::smtp {

// A self-signed certificate for 127.0.0.1, or for another name.
class Identity {
 public:
  explicit Identity(const std::string& subject_alternative_name = "IP:127.0.0.1");

  [[nodiscard]] X509* certificate() const { return certificate_.get(); }
  [[nodiscard]] EVP_PKEY* key() const { return key_.get(); }
  // A PEM file with the certificate, removed with this object.
  [[nodiscard]] const std::string& file() const { return file_.path; }

 private:
  struct Free {
    void operator()(X509* certificate) const;
    void operator()(EVP_PKEY* key) const;
  };
  struct TemporaryFile {
    std::string path;
    ~TemporaryFile();
  };
  std::unique_ptr<EVP_PKEY, Free> key_;
  std::unique_ptr<X509, Free> certificate_;
  TemporaryFile file_;
};

}  // namespace heliograph::plugins::smtp
