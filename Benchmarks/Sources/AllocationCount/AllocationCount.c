#include "AllocationCount.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>

static atomic_long count;

long allocation_count(void) { return atomic_load(&count); }

#ifdef __GLIBC__

// glibc's own, under the names that it keeps for those who put something before them.
void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);

static void called(void) { atomic_fetch_add_explicit(&count, 1, memory_order_relaxed); }

void *malloc(size_t size) {
  called();
  return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
  called();
  return __libc_calloc(number, size);
}

void *realloc(void *start, size_t size) {
  called();
  return __libc_realloc(start, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
  called();
  return __libc_memalign(alignment, size);
}

int posix_memalign(void **start, size_t alignment, size_t size) {
  called();
  void *found = __libc_memalign(alignment, size);
  if (!found) return ENOMEM;
  *start = found;
  return 0;
}

#endif
