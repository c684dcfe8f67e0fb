// What bytes of JSON text mean by themselves: characters, escapes, UTF-8 sequences, keys as they are compared. Knows
// nothing of tokens.
#pragma once

#include "CSimdjson.h"

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace {

inline bool is_space(uint8_t c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
inline bool is_digit(uint8_t c) { return uint8_t(c - '0') < 10; }

inline uint64_t load64(const uint8_t *p) {
  uint64_t value;
  std::memcpy(&value, p, sizeof value);
  return value;
}

/// Mixes length, first and last eight bytes. Reads up to 8 bytes beyond a short key: the padding allows it.
inline uint32_t signature(const uint8_t *p, uint32_t length) {
  uint64_t mixed;
  if (length >= 8) {
    uint64_t last = load64(p + length - 8);
    mixed = load64(p) ^ ((last << 29) | (last >> 35));
  } else {
    mixed = load64(p) & ((uint64_t(1) << (8 * length)) - 1);
  }
  mixed = (mixed ^ length) * 0x9E3779B97F4A7C15u;
  return uint32_t(mixed >> 32);
}

/// Groups equal keys when sorting. Collisions cost a comparison of bytes, nothing else, so it needs no secret.
inline uint64_t hash_bytes(const uint8_t *p, size_t length) {
  uint64_t hash = length * 0x9E3779B97F4A7C15u;
  size_t i = 0;
  for (; i + 8 <= length; i += 8) {
    hash = (hash ^ load64(p + i)) * 0xD6E8FEB86659FD93u;
    hash ^= hash >> 32;
  }
  for (; i < length; i++) hash = (hash ^ p[i]) * 0x100000001B3u;
  return (hash ^ (hash >> 29)) * 0x9E3779B97F4A7C15u;
}

/// Sixteen bytes that are looked at together.
typedef uint8_t Bytes __attribute__((vector_size(16)));

/// Whether there is no backslash, no DEL and no first byte of a C1 control character (C2 80 … C2 9F).
inline bool is_plain(const uint8_t *p, uint32_t length) {
  if (length < sizeof(Bytes)) {
    bool found = false;
    for (uint32_t i = 0; i < length; i++) found |= p[i] == '\\' || p[i] == 0x7F || p[i] == 0xC2;
    return !found;
  }
  Bytes found = {};
  const auto look = [&found](const uint8_t *q) {
    Bytes bytes;
    std::memcpy(&bytes, q, sizeof bytes);
    found |= (Bytes)(bytes == '\\') | (Bytes)(bytes == 0x7F) | (Bytes)(bytes == 0xC2);
  };
  for (uint32_t i = 0; i + sizeof(Bytes) <= length; i += sizeof(Bytes)) look(p + i);
  look(p + length - sizeof(Bytes)); // overlaps those before
  return (load64(reinterpret_cast<const uint8_t *>(&found)) | load64(reinterpret_cast<const uint8_t *>(&found) + 8)) == 0;
}

/// The value of four hexadecimal digits, or a negative number.
int32_t hex4(const uint8_t *p) {
  int32_t value = 0;
  for (int i = 0; i < 4; i++) {
    uint8_t c = p[i];
    uint8_t letter = uint8_t((c | 0x20) - 'a');
    if (is_digit(c)) value = value * 16 + (c - '0');
    else if (letter < 6) value = value * 16 + letter + 10;
    else return -1;
  }
  return value;
}

inline bool is_high_surrogate(int32_t unit) { return unit >= 0xD800 && unit < 0xDC00; }
inline bool is_low_surrogate(int32_t unit) { return unit >= 0xDC00 && unit < 0xE000; }

/// Checks every escape of a string's raw text; returns RPT_JSON_OK or sets `bad` to the offending backslash.
uint32_t check_escapes(const uint8_t *p, const uint8_t *end, const uint8_t **bad) {
  while ((p = static_cast<const uint8_t *>(std::memchr(p, '\\', size_t(end - p))))) {
    *bad = p;
    if (end - p < 2) return RPT_JSON_INVALID_ESCAPE;
    switch (p[1]) {
    case '"': case '\\': case '/': case 'b': case 'f': case 'n': case 'r': case 't':
      p += 2;
      continue;
    case 'u':
      break;
    default:
      return RPT_JSON_INVALID_ESCAPE;
    }
    int32_t unit = end - p < 6 ? -1 : hex4(p + 2);
    if (unit < 0) return RPT_JSON_INVALID_ESCAPE;
    p += 6;
    if (is_low_surrogate(unit)) return RPT_JSON_LONE_SURROGATE;
    if (!is_high_surrogate(unit)) continue;
    if (end - p < 6 || p[0] != '\\' || p[1] != 'u') return RPT_JSON_LONE_SURROGATE;
    unit = hex4(p + 2);
    if (unit < 0) {
      *bad = p;
      return RPT_JSON_INVALID_ESCAPE;
    }
    if (!is_low_surrogate(unit)) return RPT_JSON_LONE_SURROGATE;
    p += 6;
  }
  return RPT_JSON_OK;
}

/// Writes what checked raw text means; the result is never longer than the text. Returns the end of the output.
uint8_t *unescape(const uint8_t *p, const uint8_t *end, uint8_t *out) {
  while (p < end) {
    if (*p != '\\') {
      *out++ = *p++;
      continue;
    }
    uint8_t c = p[1];
    p += 2;
    switch (c) {
    case 'b': *out++ = '\b'; continue;
    case 'f': *out++ = '\f'; continue;
    case 'n': *out++ = '\n'; continue;
    case 'r': *out++ = '\r'; continue;
    case 't': *out++ = '\t'; continue;
    case 'u': break;
    default: *out++ = c; continue;
    }
    uint32_t scalar = uint32_t(hex4(p));
    p += 4;
    if (is_high_surrogate(int32_t(scalar))) {
      scalar = 0x10000 + ((scalar - 0xD800) << 10) + (uint32_t(hex4(p + 2)) - 0xDC00);
      p += 6;
    }
    if (scalar < 0x80) {
      *out++ = uint8_t(scalar);
    } else if (scalar < 0x800) {
      *out++ = uint8_t(0xC0 | (scalar >> 6));
      *out++ = uint8_t(0x80 | (scalar & 0x3F));
    } else if (scalar < 0x10000) {
      *out++ = uint8_t(0xE0 | (scalar >> 12));
      *out++ = uint8_t(0x80 | ((scalar >> 6) & 0x3F));
      *out++ = uint8_t(0x80 | (scalar & 0x3F));
    } else {
      *out++ = uint8_t(0xF0 | (scalar >> 18));
      *out++ = uint8_t(0x80 | ((scalar >> 12) & 0x3F));
      *out++ = uint8_t(0x80 | ((scalar >> 6) & 0x3F));
      *out++ = uint8_t(0x80 | (scalar & 0x3F));
    }
  }
  return out;
}

/// Offset of the first byte that begins no well-formed UTF-8 sequence (Unicode, table 3-7), or `length`.
size_t first_invalid_utf8(const uint8_t *p, size_t length) {
  size_t i = 0;
  while (i < length) {
    uint8_t c = p[i];
    if (c < 0x80) {
      i++;
      continue;
    }
    size_t trail = c >= 0xC2 && c <= 0xDF ? 1 : c >= 0xE0 && c <= 0xEF ? 2 : c >= 0xF0 && c <= 0xF4 ? 3 : 0;
    if (trail == 0 || length - i <= trail) return i;
    uint8_t low = c == 0xE0 ? 0xA0 : c == 0xF0 ? 0x90 : 0x80;
    uint8_t high = c == 0xED ? 0x9F : c == 0xF4 ? 0x8F : 0xBF;
    if (p[i + 1] < low || p[i + 1] > high) return i;
    for (size_t k = 2; k <= trail; k++)
      if ((p[i + k] & 0xC0) != 0x80) return i;
    i += trail + 1;
  }
  return length;
}

} // namespace
