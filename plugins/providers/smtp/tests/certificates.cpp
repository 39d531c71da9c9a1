#include "plugins/providers/smtp/tests/certificates.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <stdexcept>

namespace heliograph::plugins::smtp {

namespace {

void must(bool ok) {
  if (!ok) throw std::runtime_error("a test certificate cannot be made");
}

void add_extension(X509* certificate, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  must(extension != nullptr && X509_add_ext(certificate, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

}  // namespace

void Identity::Free::operator()(X509* certificate) const { X509_free(certificate); }
void Identity::Free::operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }

Identity::TemporaryFile::~TemporaryFile() {
  if (!path.empty()) std::remove(path.c_str());
}

Identity::Identity(const std::string& subject_alternative_name)
    : key_(EVP_EC_gen("P-256")), certificate_(X509_new()) {
  X509* const made = certificate_.get();
  must(key_ != nullptr && made != nullptr && X509_set_version(made, X509_VERSION_3) == 1);
  ASN1_INTEGER_set(X509_get_serialNumber(made), 1);
  X509_gmtime_adj(X509_getm_notBefore(made), -3600);
  X509_gmtime_adj(X509_getm_notAfter(made), 3600);
  X509_set_pubkey(made, key_.get());
  X509_NAME* const name = X509_get_subject_name(made);
  const auto* const common_name = reinterpret_cast<const unsigned char*>("fake server");
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, common_name, -1, -1, 0);
  X509_set_issuer_name(made, name);
  add_extension(made, NID_subject_alt_name, subject_alternative_name);
  add_extension(made, NID_basic_constraints, "critical,CA:TRUE");
  must(X509_sign(made, key_.get(), EVP_sha256()) != 0);

  file_.path = "/tmp/heliograph-smtp-test-XXXXXX";
  const int fd = mkstemp(file_.path.data());
  must(fd >= 0);
  std::FILE* const file = fdopen(fd, "w");
  must(PEM_write_X509(file, made) == 1);
  std::fclose(file);
}

}  // namespace heliograph::plugins::smtp
