#include "CTraps.h"

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>

static _Thread_local void *here;
static void (*_Atomic on_trap)(void *);
static struct sigaction before_ill, before_trap;

void rpt_set_place(void *place) { here = place; }

static void trapped(int signal) {
  void *place = here;
  void (*handler)(void *) = atomic_load(&on_trap);
  here = NULL;
  if (handler && place) handler(place);
  // The instruction is executed again when this returns, and then whoever was asked before us is.
  sigaction(signal, signal == SIGILL ? &before_ill : &before_trap, NULL);
}

void rpt_on_traps(void (*handler)(void *place)) {
  if (atomic_exchange(&on_trap, handler)) return;
  struct sigaction action = {.sa_handler = trapped};
  sigemptyset(&action.sa_mask);
  sigaction(SIGILL, &action, &before_ill);
  sigaction(SIGTRAP, &action, &before_trap);
}
