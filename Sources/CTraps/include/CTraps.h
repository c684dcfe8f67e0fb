/// What a thread was folding when the processor stopped it.
///
/// Swift traps on overflow and broken preconditions. A trap can be neither caught nor undone, but told: by a signal
/// handler, which may call next to nothing. So all that it tells is kept in plain memory beforehand, and it is in C: it
/// allocates nothing, takes no lock, and calls only what POSIX says is safe there.
#ifndef RAPPORT_CTRAPS_H
#define RAPPORT_CTRAPS_H

#include <stdint.h>

/// Rows of one block, and by row of the block their ranks: a packed column (see `Section`).
typedef struct rpt_stretch_t {
  /// Where the rows of this block end among all that were selected.
  uint32_t end;
  /// Bytes of a stored rank: 0 where all are `base`; RPT_UNKNOWN if they cannot be told.
  uint32_t width;
  const void *ranks;
  int64_t base;
  int64_t unit;
  uint64_t first_position;
} rpt_stretch_t;

static const uint32_t RPT_UNKNOWN = UINT32_MAX;

/// What a thread folds. It is read only when that thread traps.
typedef struct rpt_place_t {
  /// Number of the person; 0 is the firm.
  uint32_t customer;
  /// The row that was asked for last, of a chunk of histories or of a tile of a stream; RPT_UNKNOWN is none.
  uint32_t row;
  /// Name of the projection.
  const char *projection;
  /// By row the number of the customer; null where `customer` says it.
  const uint32_t *customers;
  /// By index of the selection the row; null where they are the same.
  const uint32_t *slots;
  /// By index of the selection the row of its block; null where they follow `first_row`.
  const uint32_t *rows;
  uint32_t first_row;
  /// How many were selected.
  uint32_t count;
  const rpt_stretch_t *stretches;
  uint32_t stretch_count;
} rpt_place_t;

/// Notes what the calling thread folds; null is nothing. It stays the caller's.
void rpt_set_place(const rpt_place_t *place);

/// From now on a trap (SIGILL, SIGTRAP) of a thread that folds is told, once.
///
/// Without a program: as a line on standard error, and then the signal does what it did before, to whatever thread it
/// came. With one this process becomes it: `arguments`, which end with null and stay as they are for good, have one
/// more before that, of `place_bytes` bytes, that the place is written to as PROJECTION:CUSTOMER:POSITION in numbers, 0
/// for what is not known.
void rpt_on_traps(const char *program, char *const *arguments, char *place, uint64_t place_bytes);

#endif
