/// Strict JSON, one document a line, a whole chunk of lines per call.
///
/// Goals: accept exactly RFC 8259 with three further limits (line length, nesting depth, no duplicate keys in an
/// object); describe the *source text* of what was accepted, so that numbers keep their digits and strings their
/// escapes; cross the language boundary once per chunk.
/// Non-goals: values. Nothing is converted, unescaped or copied.
///
/// simdjson's stage 1 checks UTF-8 and strings and finds the position of every token; a walk over that index checks the
/// whole grammar while it emits the tokens. A second judge can be asked: simdjson's DOM parser, which then must agree.
/// It costs a third more time and has never found anything, so it sits in the tests, over JSONTestSuite and mutations
/// of real lines. The two differ on purpose in one point: simdjson refuses integers beyond 64 bits and numbers that
/// overflow a double, both legal JSON; when a number is all that simdjson has against a line, the walk decides alone.
#ifndef RAPPORT_CSIMDJSON_H
#define RAPPORT_CSIMDJSON_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Bytes that must be readable beyond the end of every line. Their content has no influence on the result.
enum { RPT_JSON_PADDING = 64 };

/// The longest line any scanner can be created for: token counts have 24 bits.
enum { RPT_JSON_LINE_BYTES_LIMIT = 1 << 24 };

/// The deepest nesting any scanner can be created for.
enum { RPT_JSON_DEPTH_LIMIT = 1024 };

enum {
  RPT_JSON_OBJECT = 0,
  RPT_JSON_ARRAY = 1,
  RPT_JSON_STRING = 2,
  RPT_JSON_NUMBER = 3,
  RPT_JSON_TRUE = 4,
  RPT_JSON_FALSE = 5,
  RPT_JSON_NULL = 6,
};

enum {
  /// A string with at least one backslash: its raw text differs from what it means.
  RPT_JSON_HAS_ESCAPE = 1,
  /// A container with white space between its tokens: its raw text is not minimal.
  RPT_JSON_HAS_SPACE = 2,
};

/// One token, 16 bytes. Members of an object are a key token (a string) and the tokens of its value, in turn.
///
///     {"a":[1,2]}   0 object count 1 next 5 │ 1 string a │ 2 array count 2 next 5 │ 3 number │ 4 number
typedef struct rpt_json_token {
  /// Offset in the buffer of the first byte of the raw text: of a string, the byte after the opening quote.
  uint32_t start;
  /// Offset in the buffer after the raw text: of a string, that of the closing quote.
  uint32_t end;
  /// Index in the token array after this token and all its descendants.
  uint32_t next;
  /// RPT_JSON_OBJECT … RPT_JSON_NULL.
  uint32_t raw_kind : 4;
  /// RPT_JSON_HAS_…
  uint32_t flags : 4;
  /// Members of an object, elements of an array, else 0.
  uint32_t count : 24;
} rpt_json_token;

enum {
  RPT_JSON_OK = 0,
  /// Nothing, or nothing but white space.
  RPT_JSON_BLANK = 1,
  /// Longer than the scanner allows.
  RPT_JSON_TOO_LARGE = 2,
  RPT_JSON_INVALID_UTF8 = 3,
  /// A control character inside a string.
  RPT_JSON_CONTROL_CHARACTER = 4,
  /// A string without its closing quote; offset of the opening one.
  RPT_JSON_UNCLOSED_STRING = 5,
  /// A backslash followed by something that is no escape.
  RPT_JSON_INVALID_ESCAPE = 6,
  /// Half of a surrogate pair: a \u escape that stands for no character.
  RPT_JSON_LONE_SURROGATE = 7,
  RPT_JSON_INVALID_NUMBER = 8,
  /// Something that begins like true, false or null.
  RPT_JSON_INVALID_LITERAL = 9,
  /// A token in the wrong place.
  RPT_JSON_UNEXPECTED = 10,
  /// The line ends inside a value.
  RPT_JSON_TRUNCATED = 11,
  RPT_JSON_TOO_DEEP = 12,
  /// offset and length: the second of the two keys, between its quotes.
  RPT_JSON_DUPLICATE_KEY = 13,
  RPT_JSON_OUT_OF_MEMORY = 14,
  /// The two judges disagree. Never seen; the line is refused.
  RPT_JSON_DISAGREEMENT = 15,
};

typedef struct rpt_json_line {
  uint32_t offset;
  uint32_t length;
} rpt_json_line;

typedef struct rpt_json_result {
  /// RPT_JSON_OK …
  uint32_t status;
  /// Of an error: where it is, in bytes from the start of the line.
  uint32_t offset;
  /// Of an error: how many bytes are to blame, where that is known, else 0.
  uint32_t length;
  /// Index of the line's root token.
  uint32_t first_token;
  /// 0 unless the status is RPT_JSON_OK.
  uint32_t token_count;
  /// Not 0 if no string can mean a control character: there is no backslash, no DEL, and no first byte of a C1 one.
  uint32_t is_plain;
} rpt_json_result;

/// Owned by the scanner and valid until its next call.
typedef struct rpt_json_output {
  const rpt_json_result *results;
  size_t result_count;
  const rpt_json_token *tokens;
  size_t token_count;
} rpt_json_output;

typedef struct rpt_json_scanner rpt_json_scanner;

enum {
  /// simdjson's DOM parser and the walk must both accept.
  RPT_JSON_DOM_AND_WALK = 0,
  /// Stage 1 of simdjson (UTF-8, strings, index) and the walk only.
  RPT_JSON_WALK_ONLY = 1,
};

/// Null when memory is short or a limit is exceeded. A scanner is used by one thread at a time.
rpt_json_scanner *rpt_json_create(size_t line_bytes_max, uint32_t depth_max, uint32_t mode);

void rpt_json_destroy(rpt_json_scanner *scanner);

/// Judges every line on its own, in O(bytes) and for objects with more than 16 keys O(keys log keys).
///
/// The buffer must stay readable RPT_JSON_PADDING bytes beyond each line, and must hold less than 4 GiB.
/// When there is no memory for the results, the result count is 0.
rpt_json_output rpt_json_scan(
    rpt_json_scanner *scanner, const uint8_t *buffer, const rpt_json_line *lines, size_t line_count);

#ifdef __cplusplus
}
#endif

#endif
