#include "CSimdjson.h"
#include "Text.hpp"

#include <simdjson.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>

static_assert(sizeof(rpt_json_token) == 16, "tokens are sized for the cache");
static_assert(RPT_JSON_PADDING >= simdjson::SIMDJSON_PADDING, "simdjson reads this far beyond a line");

namespace {

/// Up to this many keys go through a small hash table on the stack, which not even chosen keys can make slow; more
/// are sorted.
constexpr uint32_t keys_hashed_max = 16;
constexpr uint32_t key_slots = 64;

/// simdjson's first capacity: its tape and buffers take about 14 bytes per byte of this.
constexpr size_t capacity_initial = 64 * 1024;

/// An array that grows without initialising what it gained; realloc moves pages, not bytes, when it is large.
template <typename T> struct Buffer {
  T *items = nullptr;
  size_t capacity = 0;

  Buffer() = default;
  Buffer(const Buffer &) = delete;
  Buffer &operator=(const Buffer &) = delete;
  ~Buffer() { std::free(items); }

  bool reserve(size_t needed) {
    if (needed <= capacity) return true;
    size_t grown = std::max(needed, capacity * 2);
    void *moved = std::realloc(static_cast<void *>(items), grown * sizeof(T));
    if (!moved) return false;
    items = static_cast<T *>(moved);
    capacity = grown;
    return true;
  }
};

/// An open container.
struct Frame {
  uint32_t token;
  uint32_t count;
};

/// A key as it is compared: unescaped.
struct Key {
  uint64_t hash;
  const uint8_t *bytes;
  uint32_t length;
  uint32_t token;
};

struct Verdict {
  uint32_t status;
  uint32_t offset;
  uint32_t length;
};

/// Says where a line is wrong that simdjson's stage 1 refused: bad UTF-8, else the first control character in a
/// string or the string that does not end. Slow, byte by byte, and only for refused lines.
Verdict locate_stage1_error(const uint8_t *text, uint32_t length) {
  size_t invalid = first_invalid_utf8(text, length);
  if (invalid < length) return {RPT_JSON_INVALID_UTF8, uint32_t(invalid), 1};
  bool inside = false;
  uint32_t opened = 0;
  for (uint32_t i = 0; i < length; i++) {
    uint8_t c = text[i];
    if (!inside) {
      // Stage 1 takes a backslash for an escape even outside strings; there it is an error in itself.
      if (c == '\\') return {RPT_JSON_UNEXPECTED, i, 1};
      if (c == '"') {
        inside = true;
        opened = i;
      }
    } else if (c == '"') {
      inside = false;
    } else if (c == '\\' && i + 1 < length && text[i + 1] >= 0x20) {
      i++;
    } else if (c < 0x20) {
      return {RPT_JSON_CONTROL_CHARACTER, i, 1};
    }
  }
  if (inside) return {RPT_JSON_UNCLOSED_STRING, opened, length - opened};
  return {RPT_JSON_UNEXPECTED, 0, 0};
}

} // namespace

struct rpt_json_scanner {
  std::unique_ptr<simdjson::internal::dom_parser_implementation> parser;
  simdjson::dom::document document;
  size_t capacity = 0;
  size_t line_bytes_max;
  uint32_t depth_max;
  uint32_t mode;

  Buffer<rpt_json_token> tokens;
  uint32_t token_count = 0;
  Buffer<rpt_json_result> results;
  std::unique_ptr<Frame[]> frames;
  Buffer<Key> keys;
  Buffer<uint8_t> key_bytes;

  bool ensure_capacity(size_t length);
  Verdict scan_line(const uint8_t *buffer, rpt_json_line line, bool plain);
  Verdict walk(const uint8_t *buffer, rpt_json_line line, bool plain);
  bool find_duplicate(const uint8_t *buffer, uint32_t object, uint32_t member_count, uint32_t *duplicate);
  bool find_duplicate_slowly(const uint8_t *buffer, uint32_t object, uint32_t member_count, uint32_t *duplicate);
};

/// Doubles, so that ever longer lines do not reallocate each time.
bool rpt_json_scanner::ensure_capacity(size_t length) {
  if (length <= capacity) return true;
  size_t grown = std::min(std::max({length, capacity * 2, capacity_initial}), std::max(line_bytes_max, size_t(1)));
  // The walk is strict about depth; simdjson counts differently (an empty container is no level), so it gets slack.
  size_t depth = size_t(depth_max) + 2;
  simdjson::error_code error;
  if (parser) {
    error = parser->allocate(grown, depth);
  } else {
    error = simdjson::get_active_implementation()->create_dom_parser_implementation(grown, depth, parser);
  }
  if (!error && mode == RPT_JSON_DOM_AND_WALK) error = document.allocate(grown);
  capacity = error ? 0 : grown;
  return !error;
}

Verdict rpt_json_scanner::scan_line(const uint8_t *buffer, rpt_json_line line, bool plain) {
  const uint8_t *text = buffer + line.offset;
  if (line.length > line_bytes_max) return {RPT_JSON_TOO_LARGE, uint32_t(line_bytes_max), 0};
  uint32_t blank = 0;
  while (blank < line.length && is_space(text[blank])) blank++;
  if (blank == line.length) return {RPT_JSON_BLANK, 0, 0};
  if (!ensure_capacity(line.length)) return {RPT_JSON_OUT_OF_MEMORY, 0, 0};

  if (parser->stage1(text, line.length, simdjson::stage1_mode::regular)) {
    return locate_stage1_error(text, line.length);
  }
  if (!tokens.reserve(size_t(token_count) + parser->n_structural_indexes)) return {RPT_JSON_OUT_OF_MEMORY, 0, 0};
  if (mode == RPT_JSON_WALK_ONLY) return walk(buffer, line, plain);

  // Stage 2 reads the index of stage 1 and leaves it as it is.
  simdjson::error_code error = parser->stage2(document);
  Verdict verdict = walk(buffer, line, plain);
  // In 3.0.1 this also means "too large"; later versions have BIGINT_ERROR beside it, to be added here then.
  bool only_a_number = error == simdjson::NUMBER_ERROR;
  if (error && !only_a_number && verdict.status == RPT_JSON_OK) return {RPT_JSON_DISAGREEMENT, 0, 0};
  return verdict;
}

/// Checks the whole grammar over the stage-1 index and emits the tokens.
///
/// The index holds the offset of every structural character, of every opening quote, and of every other byte that
/// follows white space, a structural character or a closing quote and is none of them. So between the end of a token
/// and the next index entry there can only be white space, or the rest of a malformed scalar: the scalars check that.
/// Nothing at or beyond the end of the line is ever looked at.
Verdict rpt_json_scanner::walk(const uint8_t *buffer, rpt_json_line line, bool plain) {
  const uint8_t *const text = buffer + line.offset;
  const uint32_t base = line.offset;
  const uint32_t length = line.length;
  const uint32_t n = parser->n_structural_indexes;
  uint32_t *const index = parser->structural_indexes.get();
  index[n] = length; // a sentinel; simdjson keeps space for three
  const bool any_escape = !plain && std::memchr(text, '\\', length) != nullptr;

  rpt_json_token *const out = tokens.items;
  Frame *const stack = frames.get();
  const uint32_t first = token_count;
  uint32_t t = first;     // the next token
  uint32_t i = 0;         // the next index entry
  uint32_t end = 0;       // end of the last token, within the line
  uint32_t last_gap = 0;  // the last token start that had white space before it
  uint32_t depth = 0;
  uint32_t duplicate = UINT32_MAX;
  bool in_object = false;
  uint32_t p;

#define NEXT()                                                                                                        \
  do {                                                                                                                \
    if (i == n) return {RPT_JSON_TRUNCATED, length, 0};                                                               \
    p = index[i++];                                                                                                   \
    if (p != end) last_gap = p;                                                                                       \
  } while (0)

#define STRING()                                                                                                      \
  do {                                                                                                                \
    uint32_t close = index[i];                                                                                        \
    while (close > p + 1 && is_space(text[close - 1])) close--;                                                       \
    if (close < p + 2 || text[close - 1] != '"') return {RPT_JSON_UNCLOSED_STRING, p, length - p};                    \
    uint32_t flags = 0;                                                                                               \
    if (any_escape && std::memchr(text + p + 1, '\\', close - p - 2)) {                                               \
      flags = RPT_JSON_HAS_ESCAPE;                                                                                    \
      const uint8_t *bad = nullptr;                                                                                   \
      uint32_t status = check_escapes(text + p + 1, text + close - 1, &bad);                                          \
      if (status) return {status, uint32_t(bad - text), 2};                                                           \
    }                                                                                                                 \
    out[t] = {base + p + 1, base + close - 1, t + 1, RPT_JSON_STRING, flags, 0};                                      \
    t++;                                                                                                              \
    end = close;                                                                                                      \
  } while (0)

  NEXT();

value:
  switch (text[p]) {
  case '"':
    STRING();
    goto after_value;

  case '{':
  case '[': {
    if (depth == depth_max) return {RPT_JSON_TOO_DEEP, p, 1};
    in_object = text[p] == '{';
    out[t] = {base + p, 0, 0, uint32_t(in_object ? RPT_JSON_OBJECT : RPT_JSON_ARRAY), 0, 0};
    stack[depth++] = {t, 0};
    t++;
    end = p + 1;
    NEXT();
    if (text[p] == (in_object ? '}' : ']')) goto close;
    stack[depth - 1].count = 1;
    if (in_object) goto key;
    goto value;
  }

  case '-':
  case '0': case '1': case '2': case '3': case '4': case '5': case '6': case '7': case '8': case '9': {
    const uint32_t limit = index[i];
    uint32_t q = p;
    if (text[q] == '-') q++;
    if (q == limit || !is_digit(text[q])) return {RPT_JSON_INVALID_NUMBER, p, q - p};
    if (text[q] == '0') q++;
    else while (q < limit && is_digit(text[q])) q++;
    if (q < limit && text[q] == '.') {
      q++;
      if (q == limit || !is_digit(text[q])) return {RPT_JSON_INVALID_NUMBER, p, q - p};
      while (q < limit && is_digit(text[q])) q++;
    }
    if (q < limit && (text[q] | 0x20) == 'e') {
      q++;
      if (q < limit && (text[q] == '+' || text[q] == '-')) q++;
      if (q == limit || !is_digit(text[q])) return {RPT_JSON_INVALID_NUMBER, p, q - p};
      while (q < limit && is_digit(text[q])) q++;
    }
    if (q < limit && !is_space(text[q])) return {RPT_JSON_INVALID_NUMBER, p, q - p};
    out[t] = {base + p, base + q, t + 1, RPT_JSON_NUMBER, 0, 0};
    t++;
    end = q;
    goto after_value;
  }

  case 't':
  case 'f':
  case 'n': {
    const uint32_t limit = index[i];
    const uint8_t c = text[p];
    const char *word = c == 't' ? "true" : c == 'f' ? "false" : "null";
    const uint32_t word_length = c == 'f' ? 5 : 4;
    if (limit - p < word_length || std::memcmp(text + p, word, word_length) != 0
        || (limit - p > word_length && !is_space(text[p + word_length]))) {
      return {RPT_JSON_INVALID_LITERAL, p, 0};
    }
    const uint32_t kind = c == 't' ? RPT_JSON_TRUE : c == 'f' ? RPT_JSON_FALSE : RPT_JSON_NULL;
    out[t] = {base + p, base + p + word_length, t + 1, kind, 0, 0};
    t++;
    end = p + word_length;
    goto after_value;
  }

  default:
    return {RPT_JSON_UNEXPECTED, p, 1};
  }

key:
  if (text[p] != '"') return {RPT_JSON_UNEXPECTED, p, 1};
  // Most members are `"key":value` without white space or escapes, most values strings with another member behind them:
  // their structural characters are looked at together. Whatever is not so goes the long way, from where this began.
  if (!any_escape && n - i >= 4) {
    const uint32_t colon = index[i];
    const uint32_t start = colon + 1;
    if (text[colon] == ':' && index[i + 1] == start && text[colon - 1] == '"' && colon >= p + 2) {
      out[t] = {base + p + 1, base + colon - 1, t + 1, RPT_JSON_STRING, 0, 0};
      t++;
      const uint32_t comma = index[i + 2];
      if (text[start] == '"' && text[comma] == ',' && index[i + 3] == comma + 1 && text[comma - 1] == '"'
          && comma >= start + 2) {
        out[t] = {base + start + 1, base + comma - 1, t + 1, RPT_JSON_STRING, 0, 0};
        t++;
        stack[depth - 1].count++;
        i += 4;
        p = end = comma + 1;
        goto key;
      }
      i += 2;
      p = end = start;
      goto value;
    }
  }
  STRING();
  NEXT();
  if (text[p] != ':') return {RPT_JSON_UNEXPECTED, p, 1};
  end = p + 1;
  NEXT();
  goto value;

after_value:
  if (depth == 0) {
    if (i != n) return {RPT_JSON_UNEXPECTED, index[i], 1};
    token_count = t;
    if (duplicate != UINT32_MAX) {
      token_count = first;
      return {RPT_JSON_DUPLICATE_KEY, out[duplicate].start - base, out[duplicate].end - out[duplicate].start};
    }
    return {RPT_JSON_OK, 0, 0};
  }
  NEXT();
  if (text[p] == ',') {
    end = p + 1;
    stack[depth - 1].count++;
    NEXT();
    if (in_object) goto key;
    goto value;
  }
  if (text[p] != (in_object ? '}' : ']')) return {RPT_JSON_UNEXPECTED, p, 1};

close: {
  depth--;
  const Frame frame = stack[depth];
  rpt_json_token &container = out[frame.token];
  end = p + 1;
  container.end = base + end;
  container.next = t;
  container.count = frame.count;
  container.flags = last_gap > container.start - base ? RPT_JSON_HAS_SPACE : 0;
  if (in_object && frame.count > 1 && !find_duplicate(buffer, frame.token, frame.count, &duplicate)) {
    return {RPT_JSON_OUT_OF_MEMORY, 0, 0};
  }
  if (depth > 0) in_object = out[stack[depth - 1].token].raw_kind == RPT_JSON_OBJECT;
  goto after_value;
}

#undef STRING
#undef NEXT
}

/// Lowers `duplicate` to the first key token of the object that repeats an earlier one. False: no memory.
bool rpt_json_scanner::find_duplicate(
    const uint8_t *buffer, uint32_t object, uint32_t member_count, uint32_t *duplicate) {
  if (member_count > keys_hashed_max) return find_duplicate_slowly(buffer, object, member_count, duplicate);
  const rpt_json_token *const all = tokens.items;
  uint8_t slots[key_slots] = {0}; // 1 + the number of the key that hashes there
  uint32_t signatures[keys_hashed_max];
  uint32_t members[keys_hashed_max];
  uint32_t key = object + 1;
  for (uint32_t k = 0; k < member_count; k++) {
    const rpt_json_token &token = all[key];
    if (token.flags) return find_duplicate_slowly(buffer, object, member_count, duplicate);
    const uint32_t length = token.end - token.start;
    const uint32_t sign = signature(buffer + token.start, length);
    uint32_t slot = sign % key_slots;
    for (; slots[slot]; slot = (slot + 1) % key_slots) {
      const uint32_t earlier = slots[slot] - 1u;
      if (signatures[earlier] != sign) continue;
      const rpt_json_token &other = all[members[earlier]];
      if (other.end - other.start == length
          && std::memcmp(buffer + token.start, buffer + other.start, length) == 0) {
        *duplicate = std::min(*duplicate, key);
        return true;
      }
    }
    slots[slot] = uint8_t(k + 1);
    signatures[k] = sign;
    members[k] = key;
    key = all[key + 1].next;
  }
  return true;
}

/// The same for keys with escapes, which are unescaped first, and for many keys, which are sorted.
bool rpt_json_scanner::find_duplicate_slowly(
    const uint8_t *buffer, uint32_t object, uint32_t member_count, uint32_t *duplicate) {
  const rpt_json_token *const all = tokens.items;
  if (!keys.reserve(member_count)) return false;
  size_t escaped_bytes = 0;
  uint32_t key = object + 1;
  for (uint32_t k = 0; k < member_count; k++, key = all[key + 1].next) {
    if (all[key].flags) escaped_bytes += all[key].end - all[key].start;
  }
  if (!key_bytes.reserve(escaped_bytes + 1)) return false;

  uint8_t *unescaped = key_bytes.items;
  key = object + 1;
  for (uint32_t k = 0; k < member_count; k++, key = all[key + 1].next) {
    const rpt_json_token &token = all[key];
    const uint8_t *bytes = buffer + token.start;
    uint32_t length = token.end - token.start;
    if (token.flags) {
      uint8_t *end = unescape(bytes, bytes + length, unescaped);
      bytes = unescaped;
      length = uint32_t(end - unescaped);
      unescaped = end;
    }
    keys.items[k] = {hash_bytes(bytes, length), bytes, length, key};
  }
  std::sort(keys.items, keys.items + member_count, [](const Key &a, const Key &b) {
    if (a.hash != b.hash) return a.hash < b.hash;
    if (a.length != b.length) return a.length < b.length;
    int order = std::memcmp(a.bytes, b.bytes, a.length);
    return order != 0 ? order < 0 : a.token < b.token;
  });
  for (uint32_t k = 1; k < member_count; k++) {
    const Key &a = keys.items[k - 1];
    const Key &b = keys.items[k];
    if (a.hash == b.hash && a.length == b.length && std::memcmp(a.bytes, b.bytes, a.length) == 0) {
      *duplicate = std::min(*duplicate, b.token);
    }
  }
  return true;
}

rpt_json_scanner *rpt_json_create(size_t line_bytes_max, uint32_t depth_max, uint32_t mode) {
  if (line_bytes_max > RPT_JSON_LINE_BYTES_LIMIT || depth_max > RPT_JSON_DEPTH_LIMIT) return nullptr;
  if (mode > RPT_JSON_WALK_ONLY) return nullptr;
  std::unique_ptr<rpt_json_scanner> scanner(new (std::nothrow) rpt_json_scanner());
  if (!scanner) return nullptr;
  scanner->line_bytes_max = line_bytes_max;
  scanner->depth_max = depth_max;
  scanner->mode = mode;
  scanner->frames.reset(new (std::nothrow) Frame[depth_max + 1]);
  if (!scanner->frames) return nullptr;
  return scanner.release();
}

void rpt_json_destroy(rpt_json_scanner *scanner) { delete scanner; }

rpt_json_output rpt_json_scan(
    rpt_json_scanner *scanner, const uint8_t *buffer, const rpt_json_line *lines, size_t line_count) {
  scanner->token_count = 0;
  if (!scanner->results.reserve(line_count)) return {nullptr, 0, nullptr, 0};
  for (size_t k = 0; k < line_count; k++) {
    const uint32_t first = scanner->token_count;
    bool plain = is_plain(buffer + lines[k].offset, lines[k].length);
    const Verdict verdict = scanner->scan_line(buffer, lines[k], plain);
    scanner->results.items[k] = {
        verdict.status, verdict.offset, verdict.length, first, scanner->token_count - first, plain};
  }
  return {scanner->results.items, line_count, scanner->tokens.items, scanner->token_count};
}
