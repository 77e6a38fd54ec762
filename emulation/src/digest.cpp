#include "digest.hpp"

#include <openssl/evp.h>

#include <array>

namespace mooring::emulation {

void Digest::Free::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }

Digest::Digest() : context_(EVP_MD_CTX_new()) { EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr); }

void Digest::add(std::string_view bytes) { EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()); }

std::string Digest::hex() const {
  const Digest copy;
  EVP_MD_CTX_copy_ex(copy.context_.get(), context_.get());
  std::array<unsigned char, EVP_MAX_MD_SIZE> raw = {};
  unsigned size = 0;
  EVP_DigestFinal_ex(copy.context_.get(), raw.data(), &size);
  std::string text;
  for (unsigned i = 0; i < size; ++i) {
    text += "0123456789abcdef"[raw.at(i) >> 4];
    text += "0123456789abcdef"[raw.at(i) & 0xf];
  }
  return text;
}

}  // namespace mooring::emulation
