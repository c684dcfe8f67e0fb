/// What a thread was at when the processor stopped it: Swift traps on overflow and broken preconditions, and a trap can
/// be neither caught nor undone, but told.
#ifndef RAPPORT_CTRAPS_H
#define RAPPORT_CTRAPS_H

/// Notes what the calling thread is at; null is nothing that anybody wants to know of.
void rpt_set_place(void *place);

/// Has `handler` called when a thread traps (SIGILL, SIGTRAP) that is at something: on that thread, with its place. When
/// it returns, or the thread is at nothing, the signal does what it did before.
void rpt_on_traps(void (*handler)(void *place));

#endif
