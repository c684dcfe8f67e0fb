#include "CTraps.h"

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <unistd.h>

#ifdef __linux__
// There from a thread's beginning: asking for it must not allocate.
__attribute__((tls_model("initial-exec")))
#endif
static _Thread_local const rpt_place_t *volatile here;

static const char *program;
static char *const *arguments;
static char *place_argument;
static uint64_t place_bytes;
static struct sigaction before_ill, before_trap;
static atomic_flag is_told = ATOMIC_FLAG_INIT;
static atomic_bool is_installed;

void rpt_set_place(const rpt_place_t *place) { here = place; }

// MARK: Writing

/// A text that grows in a given room.
struct text {
  char *bytes;
  uint64_t count, room;
};

static void append(struct text *text, const char *more) {
  while (*more && text->count < text->room) text->bytes[text->count++] = *more++;
}

static void append_number(struct text *text, uint64_t number) {
  char digits[21], *first = digits + 20;
  *first = 0;
  do *--first = (char)('0' + number % 10);
  while (number /= 10);
  append(text, first);
}

// MARK: The place

/// Position of the row that was asked for last; 0 if that cannot be told.
static uint64_t position(const rpt_place_t *place) {
  uint32_t index = place->row, stretch = 0;
  if (index == RPT_UNKNOWN) return 0;
  if (place->slots)
    for (index = 0; index < place->count && place->slots[index] != place->row;) index++;
  if (index >= place->count) return 0;
  while (stretch < place->stretch_count && place->stretches[stretch].end <= index) stretch++;
  if (stretch >= place->stretch_count) return 0;
  const rpt_stretch_t *block = &place->stretches[stretch];
  uint64_t row = place->rows ? place->rows[index] : (uint64_t)place->first_row + index, stored = 0;
  switch (block->width) {
  case 0: break;
  case 1: stored = ((const uint8_t *)block->ranks)[row]; break;
  case 2: stored = ((const uint16_t *)block->ranks)[row]; break;
  case 4: stored = ((const uint32_t *)block->ranks)[row]; break;
  case 8: stored = ((const uint64_t *)block->ranks)[row]; break;
  default: return 0;
  }
  return block->first_position + (uint64_t)block->base + (uint64_t)block->unit * stored;
}

static uint32_t customer(const rpt_place_t *place) {
  return place->customers && place->row != RPT_UNKNOWN ? place->customers[place->row] : place->customer;
}

static void tell(const rpt_place_t *place) {
  char bytes[256];
  struct text line = {bytes, 0, sizeof bytes - 1};
  uint64_t at = position(place);
  append(&line, "rapport: ");
  append(&line, place->projection);
  append(&line, " broke on the history of ");
  if (customer(place)) {
    append(&line, "customer number ");
    append_number(&line, customer(place));
  } else {
    append(&line, "the firm");
  }
  if (at) {
    append(&line, ", at position ");
    append_number(&line, at);
  }
  bytes[line.count++] = '\n';
  if (write(STDERR_FILENO, bytes, line.count) < 0) return;
}

/// Returns only if the program cannot be started.
static void become(const rpt_place_t *place) {
  struct text text = {place_argument, 0, place_bytes - 1};
  append(&text, place->projection);
  append(&text, ":");
  append_number(&text, customer(place));
  append(&text, ":");
  append_number(&text, position(place));
  place_argument[text.count] = 0;
  // What a thread blocks its successor would block, too.
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  extern char **environ;
  execve(program, arguments, environ);
}

// MARK: The handler

static void trapped(int signal) {
  const rpt_place_t *place = here;
  if (place) {
    here = NULL;
    // Another thread is at it, and then this process ends.
    while (atomic_flag_test_and_set(&is_told)) pause();
    if (program) become(place);
    tell(place);
  }
  // The signal comes once more when this returns, also if it was sent from elsewhere, and does what it did before.
  sigaction(signal, signal == SIGILL ? &before_ill : &before_trap, NULL);
  raise(signal);
}

void rpt_on_traps(const char *new_program, char *const *new_arguments, char *place, uint64_t bytes) {
  arguments = new_arguments;
  place_argument = place;
  place_bytes = bytes;
  program = new_program;
  if (atomic_exchange(&is_installed, 1)) return;
  struct sigaction action = {.sa_handler = trapped};
  sigemptyset(&action.sa_mask);
  sigaction(SIGILL, &action, &before_ill);
  sigaction(SIGTRAP, &action, &before_trap);
}
