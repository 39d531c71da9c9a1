#include "tests/unit/http/certificates.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include <cstdio>
#include <memory>
#include <stdexcept>

namespace heliograph::http::testing {
namespace {

void must(bool done, const char* what) {
  if (!done) throw std::runtime_error(std::string("OpenSSL: ") + what);
}

std::filesystem::path make_folder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "heliograph-tls-XXXXXX").string();
  must(::mkdtemp(pattern.data()) != nullptr, "no temporary folder");
  return pattern;
}

void add_extension(X509* certificate, X509* issuer, int id, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str());
  must(extension != nullptr, "extension");
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

X509* make_certificate(EVP_PKEY* key, const std::string& common_name) {
  static long serial = 0;
  X509* certificate = X509_new();
  X509_set_version(certificate, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 24L * 3600);
  X509_set_pubkey(certificate, key);
  const auto* name = reinterpret_cast<const unsigned char*>(common_name.c_str());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8, name, -1, -1,
                             0);
  return certificate;
}

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

CertificateFiles save(const std::filesystem::path& folder, const std::string& name, X509* cert,
                      EVP_PKEY* key) {
  CertificateFiles files{(folder / (name + ".crt")).string(), (folder / (name + ".key")).string()};
  const File cert_file(std::fopen(files.cert.c_str(), "w"), &std::fclose);
  must(cert_file && PEM_write_X509(cert_file.get(), cert) == 1, "certificate file");
  const File key_file(std::fopen(files.key.c_str(), "w"), &std::fclose);
  must(key_file && PEM_write_PrivateKey(key_file.get(), key, nullptr, nullptr, 0, nullptr, nullptr),
       "key file");
  return files;
}

}  // namespace

Authority::Authority(const std::string& name) : folder_(make_folder()) {
  key_ = EVP_EC_gen("P-256");
  must(key_ != nullptr, "key");
  certificate_ = make_certificate(key_, name);
  X509_set_issuer_name(certificate_, X509_get_subject_name(certificate_));
  add_extension(certificate_, certificate_, NID_basic_constraints, "critical,CA:TRUE");
  must(X509_sign(certificate_, key_, EVP_sha256()) > 0, "signature");
  files_ = save(folder_, "ca", certificate_, key_);
}

Authority::~Authority() {
  X509_free(certificate_);
  EVP_PKEY_free(key_);
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

CertificateFiles Authority::issue(const std::string& common_name, const std::string& names) const {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  must(key != nullptr, "key");
  X509* certificate = make_certificate(key, common_name);
  X509_set_issuer_name(certificate, X509_get_subject_name(certificate_));
  add_extension(certificate, certificate_, NID_subject_alt_name, names);
  must(X509_sign(certificate, key_, EVP_sha256()) > 0, "signature");
  CertificateFiles files = save(folder_, common_name, certificate, key);
  X509_free(certificate);
  EVP_PKEY_free(key);
  return files;
}

}  // namespace heliograph::http::testing
