/// Non-cryptographic hashing, prefetch and short texts, inlined into Swift callers.
///
/// XXH3 is for look-up tables, fingerprints and block checksums. It proves nothing against an adversary: where
/// someone may choose the bytes, key it with a secret seed or use a cryptographic hash.
#ifndef RAPPORT_CHASH_H
#define RAPPORT_CHASH_H

#include <stddef.h>
#include <stdint.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

/// 128 bits of XXH3; `lo` is what `rpt_hash64` would be good for on its own, but is not the same value.
typedef struct rpt_hash128_t {
  uint64_t lo;
  uint64_t hi;
} rpt_hash128_t;

/// XXH3, 64 bits. `bytes` may be null when `count` is 0.
static inline uint64_t rpt_hash64(const void *bytes, size_t count, uint64_t seed) {
  return XXH3_64bits_withSeed(bytes, count, seed);
}

/// XXH3, 128 bits. `bytes` may be null when `count` is 0.
static inline rpt_hash128_t rpt_hash128(const void *bytes, size_t count, uint64_t seed) {
  XXH128_hash_t hash = XXH3_128bits_withSeed(bytes, count, seed);
  rpt_hash128_t result = {hash.low64, hash.high64};
  return result;
}

/// A mask for the eight bytes from `8 * word` on, as loaded in the order of this machine, of a text of `count` bytes: it
/// keeps those that belong to the text. At most 24 bytes, word 0 to 2.
static inline uint64_t rpt_text_mask(size_t count, size_t word) {
  static const uint8_t window[48] = {
      255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
      255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
  };
  uint64_t mask;
  __builtin_memcpy(&mask, window + 24 - count + 8 * word, sizeof mask);
  return mask;
}

/// Asks for the cache line of `address`, for reading, in all cache levels. Any address is allowed: it never faults.
static inline void rpt_prefetch(const void *address) { __builtin_prefetch(address, 0, 3); }

#endif
