// OpenSSL's libcrypto, as installed by the system (Debian: libssl-dev): digests, and random bytes.
//
// SHA-256 goes through the functions that OpenSSL 3 calls deprecated: they are there for as long as version 3 is, and
// for an event and a node of the tree the EVP ones take 40 % more time, all of it around the hashing.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

/// Writes the 32 bytes of a text's SHA-256. `bytes` may be null when `count` is 0.
static inline void rpt_sha256(const void *bytes, size_t count, void *hash) {
  SHA256_CTX context;
  SHA256_Init(&context);
  SHA256_Update(&context, bytes, count);
  SHA256_Final((unsigned char *)hash, &context);
}
