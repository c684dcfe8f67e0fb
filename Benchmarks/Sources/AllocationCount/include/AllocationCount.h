/// How often this process has asked for memory: a figure that is the same on every machine.
#ifndef ALLOCATION_COUNT_H
#define ALLOCATION_COUNT_H

/// Calls of malloc, calloc, realloc and their like so far; always 0 without glibc.
long allocation_count(void);

#endif
