// Certificates made for one test run: an authority, and what it signs. Throws std::runtime_error.
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <filesystem>
#include <string>

namespace heliograph::http::testing {

struct CertificateFiles {
  std::string cert;
  std::string key;
};

class Authority {
 public:
  explicit Authority(const std::string& name);
  ~Authority();
  Authority(const Authority&) = delete;
  Authority& operator=(const Authority&) = delete;

  const std::string& ca_file() const { return files_.cert; }
  // `names` as OpenSSL writes them: "DNS:localhost,IP:127.0.0.1".
  CertificateFiles issue(const std::string& common_name, const std::string& names) const;

 private:
  std::filesystem::path folder_;
  EVP_PKEY* key_ = nullptr;
  X509* certificate_ = nullptr;
  CertificateFiles files_;
};

}  // namespace heliograph::http::testing
