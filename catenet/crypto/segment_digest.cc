// SPDX-License-Identifier: Apache-2.0
// OpenSSL's contexts are made once per host and begun anew for each segment: making one takes longer than hashing a
// segment does.
#include "catenet/crypto/segment_digest.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "catenet/base/check.h"

namespace catenet::crypto {
namespace {

using Pieces = std::span<const std::span<const std::byte>>;
using Output = transport::SegmentDigest::Output;

unsigned char* raw(Output& out) { return reinterpret_cast<unsigned char*>(out.data()); }
const unsigned char* raw(std::span<const std::byte> bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

class Md5 {
 public:
  Md5() : context_(EVP_MD_CTX_new()) { check(context_ != nullptr, "OpenSSL has memory"); }
  ~Md5() { EVP_MD_CTX_free(context_); }
  Md5(const Md5&) = delete;
  Md5& operator=(const Md5&) = delete;

  Output compute(Pieces pieces) {
    Output out{};
    check(EVP_DigestInit_ex(context_, EVP_md5(), nullptr) == 1, "OpenSSL has MD5");
    for (const auto piece : pieces) {
      check(EVP_DigestUpdate(context_, piece.data(), piece.size()) == 1, "MD5 takes bytes");
    }
    check(EVP_DigestFinal_ex(context_, raw(out), nullptr) == 1, "MD5 gives its digest");
    return out;
  }

 private:
  EVP_MD_CTX* context_;
};

class Mac {
 public:
  /// `what`: the parameter that names the function inside `name`.
  Mac(const char* name, const char* parameter, const char* what) {
    EVP_MAC* mac = EVP_MAC_fetch(nullptr, name, nullptr);
    check(mac != nullptr, "OpenSSL has HMAC and CMAC");
    context_ = EVP_MAC_CTX_new(mac);
    EVP_MAC_free(mac);
    const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(parameter, const_cast<char*>(what), 0),
                                     OSSL_PARAM_construct_end()};
    check(context_ != nullptr && EVP_MAC_CTX_set_params(context_, parameters) == 1, "OpenSSL has SHA-1 and AES");
  }
  ~Mac() { EVP_MAC_CTX_free(context_); }
  Mac(const Mac&) = delete;
  Mac& operator=(const Mac&) = delete;

  Output compute(std::span<const std::byte> key, Pieces pieces) {
    static constexpr unsigned char kNone[1] = {};  // OpenSSL takes a null key for "the same as before"
    Output out{};
    check(EVP_MAC_init(context_, key.empty() ? kNone : raw(key), key.size(), nullptr) == 1, "a MAC takes its key");
    for (const auto piece : pieces) {
      check(EVP_MAC_update(context_, raw(piece), piece.size()) == 1, "a MAC takes bytes");
    }
    std::size_t size = 0;
    check(EVP_MAC_final(context_, raw(out), &size, out.size()) == 1, "a MAC is given");
    return out;
  }

 private:
  EVP_MAC_CTX* context_ = nullptr;
};

class OpenSslDigest final : public transport::SegmentDigest {
 public:
  [[nodiscard]] Output compute(Algorithm algorithm, std::span<const std::byte> key, Pieces pieces) override {
    switch (algorithm) {
      case Algorithm::md5:
        return md5_.compute(pieces);
      case Algorithm::hmac_sha1:
        return hmac_.compute(key, pieces);
      case Algorithm::aes_128_cmac:
        break;
    }
    return cmac_.compute(key, pieces);
  }

 private:
  Md5 md5_;
  Mac hmac_{"HMAC", OSSL_MAC_PARAM_DIGEST, "SHA1"};
  Mac cmac_{"CMAC", OSSL_MAC_PARAM_CIPHER, "AES-128-CBC"};
};

}  // namespace

std::unique_ptr<transport::SegmentDigest> make_segment_digest() { return std::make_unique<OpenSslDigest>(); }

}  // namespace catenet::crypto
