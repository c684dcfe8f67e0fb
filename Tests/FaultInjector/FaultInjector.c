// What the header describes. Calls that it passes on go to the kernel directly, past libc, so that nothing comes back here.

#include "FaultInjector.h"

#ifdef __linux__
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

// What a child of the program does is not recorded: only the first process has the variables' blessing.
static pid_t owner;
static char root[PATH_MAX];
static size_t rootLength;
static int traceFile = -1;
static int logFile = -1;
static long failing;
static int failure;
static int failsShort;
static int failureLasts;
static long callCount;

// Calls are recorded in the order in which they happen: one at a time.
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

// MARK: Which files

#define FILES_MAX 4096

struct File {
  // Below the root; empty for a descriptor that is none of ours.
  char path[NAME_MAX * 4];
  int isTracked;
  int isFlushing;
};
static struct File files[FILES_MAX];


// Open without going through ourselves.
static int openPlainly(const char *path) {
  return (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

__attribute__((constructor)) static void start(void) {
  const char *directory = getenv("RAPPORT_INJECTOR_ROOT");
  if (!directory || strlen(directory) >= sizeof root) return;
  strcpy(root, directory);
  rootLength = strlen(root);
  owner = getpid();
  const char *path = getenv("RAPPORT_INJECTOR_TRACE");
  if (path) traceFile = openPlainly(path);
  path = getenv("RAPPORT_INJECTOR_LOG");
  if (path) logFile = openPlainly(path);
  const char *call = getenv("RAPPORT_INJECTOR_CALL");
  if (call) failing = atol(call);
  const char *error = getenv("RAPPORT_INJECTOR_ERROR");
  if (error) {
    failure = !strcmp(error, "ENOSPC") ? ENOSPC : !strcmp(error, "EINTR") ? EINTR : EIO;
    failsShort = !strcmp(error, "SHORT");
  }
  failureLasts = getenv("RAPPORT_INJECTOR_LASTS") != NULL;
  strcpy(files[1].path, "standard output");
  files[1].isTracked = 1;
}

static int isActive(void) { return rootLength > 0 && getpid() == owner; }

// The path below the root, with links and dots of its folder resolved; 0 if it is elsewhere. The root itself is ".".
static int locate(int folder, const char *path, char *found, size_t size) {
  char whole[PATH_MAX], resolved[PATH_MAX];
  if (path[0] == '/' || folder == AT_FDCWD) {
    if (snprintf(whole, sizeof whole, "%s", path) >= (int)sizeof whole) return 0;
  } else {
    char link[64], base[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
    ssize_t count = readlink(link, base, sizeof base - 1);
    if (count < 0) return 0;
    base[count] = 0;
    if (snprintf(whole, sizeof whole, "%s/%s", base, path) >= (int)sizeof whole) return 0;
  }
  int saved = errno;
  // A name that is not there yet has a folder that is.
  if (!realpath(whole, resolved)) {
    char *slash = strrchr(whole, '/');
    const char *name = slash ? slash + 1 : whole;
    char parent[PATH_MAX];
    snprintf(parent, sizeof parent, "%.*s", slash ? (int)(slash - whole) : 1, slash ? whole : ".");
    char base[PATH_MAX];
    if (!realpath(parent[0] ? parent : "/", base)) { errno = saved; return 0; }
    if (snprintf(resolved, sizeof resolved, "%s/%s", base, name) >= (int)sizeof resolved) return 0;
  }
  errno = saved;
  if (strncmp(resolved, root, rootLength) != 0) return 0;
  if (resolved[rootLength] == 0) { snprintf(found, size, "."); return 1; }
  if (resolved[rootLength] != '/') return 0;
  return snprintf(found, size, "%s", resolved + rootLength + 1) < (int)size;
}

static struct File *tracked(int descriptor) {
  if (!isActive() || descriptor < 0 || descriptor >= FILES_MAX || !files[descriptor].isTracked) return NULL;
  return &files[descriptor];
}

// MARK: Recording

struct Record {
  uint32_t kind, isFlushed;
  uint64_t offset;
  uint32_t pathBytes, dataBytes;
};

static void put(const void *bytes, size_t count) {
  const char *next = bytes;
  while (count > 0) {
    long written = syscall(SYS_write, traceFile, next, count);
    if (written <= 0) abort();
    next += written;
    count -= (size_t)written;
  }
}

static void record(char kind, const char *path, uint64_t offset, const void *data, size_t count, int isFlushed) {
  if (traceFile < 0) return;
  int saved = errno;
  struct Record head = {(uint32_t)kind, (uint32_t)isFlushed, offset, (uint32_t)strlen(path), (uint32_t)count};
  put(&head, sizeof head);
  put(path, head.pathBytes);
  put(data, count);
  errno = saved;
}

// MARK: Failing

enum Outcome { goesOn, fails, isShort };

// Counts a call and says what becomes of it.
static enum Outcome judge(const char *call, const char *path, int isWrite) {
  long number = ++callCount;
  if (failing == 0 || number < failing || (number > failing && !failureLasts)) return goesOn;
  if (failsShort && !isWrite) return goesOn;
  if (logFile >= 0) {
    char line[PATH_MAX];
    int count = snprintf(line, sizeof line, "%ld %s %s\n", number, call, path);
    syscall(SYS_write, logFile, line, (size_t)count);
  }
  if (failsShort) return isShort;
  errno = failure;
  return fails;
}

#define BEGIN pthread_mutex_lock(&turn)
#define END pthread_mutex_unlock(&turn)

// MARK: Opening and closing

static int openTracked(int folder, const char *path, int flags, mode_t mode) {
  char found[NAME_MAX * 4];
  int isOurs = isActive() && locate(folder, path, found, sizeof found);
  if (!isOurs) return (int)syscall(SYS_openat, folder, path, flags, mode);
  BEGIN;
  int isNew = 0;
  if (flags & O_CREAT) {
    struct stat status;
    int saved = errno;
    isNew = fstatat(folder, path, &status, AT_SYMLINK_NOFOLLOW) != 0;
    errno = saved;
    // Opening what is there changes nothing.
    if (isNew && judge("open", found, 0) == fails) { END; return -1; }
  }
  int descriptor = (int)syscall(SYS_openat, folder, path, flags, mode);
  if (descriptor >= 0) {
    if (isNew) record('C', found, 0, NULL, 0, 0);
    else if (flags & O_TRUNC) record('T', found, 0, NULL, 0, 0);
    if (descriptor < FILES_MAX) {
      strcpy(files[descriptor].path, found);
      files[descriptor].isTracked = 1;
      files[descriptor].isFlushing = (flags & O_DSYNC) != 0;
    }
  }
  END;
  return descriptor;
}

#define MODE(flags) \
  mode_t mode = 0; \
  if (flags & (O_CREAT | O_TMPFILE)) { va_list list; va_start(list, flags); mode = va_arg(list, mode_t); va_end(list); }

int open(const char *path, int flags, ...) { MODE(flags) return openTracked(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE(flags) return openTracked(AT_FDCWD, path, flags, mode); }
int openat(int folder, const char *path, int flags, ...) { MODE(flags) return openTracked(folder, path, flags, mode); }
int openat64(int folder, const char *path, int flags, ...) { MODE(flags) return openTracked(folder, path, flags, mode); }
int creat(const char *path, mode_t mode) { return openTracked(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode); }

int close(int descriptor) {
  if (tracked(descriptor)) {
    BEGIN;
    files[descriptor].isTracked = 0;
    END;
  }
  return (int)syscall(SYS_close, descriptor);
}

int fcntl(int descriptor, int command, ...) {
  va_list list;
  va_start(list, command);
  void *argument = va_arg(list, void *);
  va_end(list);
  long result = syscall(SYS_fcntl, descriptor, command, argument);
  struct File *file = tracked(descriptor);
  if (file && (command == F_DUPFD || command == F_DUPFD_CLOEXEC) && result >= 0 && result < FILES_MAX) {
    files[result] = *file;
  }
  return (int)result;
}
int fcntl64(int descriptor, int command, ...) {
  va_list list;
  va_start(list, command);
  void *argument = va_arg(list, void *);
  va_end(list);
  return fcntl(descriptor, command, argument);
}

// MARK: Writing

static size_t total(const struct iovec *pieces, int count) {
  size_t bytes = 0;
  for (int index = 0; index < count; index++) bytes += pieces[index].iov_len;
  return bytes;
}

// Writes pieces at an offset, or, where it is negative, wherever the descriptor stands.
static ssize_t writePieces(const char *call, int descriptor, const struct iovec *pieces, int count, off_t offset) {
  struct File *file = tracked(descriptor);
  if (!file) {
    return offset < 0 ? syscall(SYS_writev, descriptor, pieces, count)
                      : syscall(SYS_pwritev, descriptor, pieces, count, offset, 0);
  }
  BEGIN;
  enum Outcome outcome = judge(call, file->path, 1);
  if (outcome == fails) { END; return -1; }
  // In one piece, so that it can be cut short and recorded.
  size_t bytes = total(pieces, count), filled = 0;
  char *whole = malloc(bytes + 1);
  if (!whole) abort();
  for (int index = 0; index < count; index++) {
    memcpy(whole + filled, pieces[index].iov_base, pieces[index].iov_len);
    filled += pieces[index].iov_len;
  }
  off_t place = offset;
  if (offset < 0 && descriptor != 1) {
    int isAppending = fcntl(descriptor, F_GETFL) & O_APPEND;
    place = lseek(descriptor, 0, isAppending ? SEEK_END : SEEK_CUR);
  }
  if (outcome == isShort) bytes /= 2;
  ssize_t written = offset < 0 ? syscall(SYS_write, descriptor, whole, bytes)
                               : syscall(SYS_pwrite64, descriptor, whole, bytes, offset);
  // None, too: calls are numbered by the trace.
  if (written >= 0) {
    record(descriptor == 1 ? 'A' : 'W', file->path, (uint64_t)place, whole, (size_t)written, file->isFlushing);
  }
  free(whole);
  END;
  return written;
}

ssize_t write(int descriptor, const void *bytes, size_t count) {
  struct iovec piece = {(void *)bytes, count};
  return writePieces("write", descriptor, &piece, 1, -1);
}
ssize_t pwrite(int descriptor, const void *bytes, size_t count, off_t offset) {
  struct iovec piece = {(void *)bytes, count};
  return writePieces("pwrite", descriptor, &piece, 1, offset);
}
ssize_t pwrite64(int descriptor, const void *bytes, size_t count, off64_t offset) {
  struct iovec piece = {(void *)bytes, count};
  return writePieces("pwrite", descriptor, &piece, 1, offset);
}
ssize_t writev(int descriptor, const struct iovec *pieces, int count) {
  return writePieces("writev", descriptor, pieces, count, -1);
}
ssize_t pwritev(int descriptor, const struct iovec *pieces, int count, off_t offset) {
  return writePieces("pwritev", descriptor, pieces, count, offset);
}
ssize_t pwritev64(int descriptor, const struct iovec *pieces, int count, off64_t offset) {
  return writePieces("pwritev", descriptor, pieces, count, offset);
}

static int truncateTracked(int descriptor, off_t size) {
  struct File *file = tracked(descriptor);
  if (!file) return (int)syscall(SYS_ftruncate, descriptor, size);
  BEGIN;
  int status = judge("ftruncate", file->path, 0) == fails ? -1 : (int)syscall(SYS_ftruncate, descriptor, size);
  if (status == 0) record('T', file->path, (uint64_t)size, NULL, 0, 0);
  END;
  return status;
}
int ftruncate(int descriptor, off_t size) { return truncateTracked(descriptor, size); }
int ftruncate64(int descriptor, off64_t size) { return truncateTracked(descriptor, size); }

// MARK: Flushing

static int flush(const char *call, long number, int descriptor) {
  struct File *file = tracked(descriptor);
  if (!file) return (int)syscall(number, descriptor);
  BEGIN;
  int status = judge(call, file->path, 0) == fails ? -1 : (int)syscall(number, descriptor);
  record(status == 0 ? 'F' : 'X', file->path, 0, NULL, 0, 0);
  END;
  return status;
}
int fsync(int descriptor) { return flush("fsync", SYS_fsync, descriptor); }
int fdatasync(int descriptor) { return flush("fdatasync", SYS_fdatasync, descriptor); }

// MARK: Names

static int renameTracked(int fromFolder, const char *from, int toFolder, const char *to) {
  char old[NAME_MAX * 4], new[NAME_MAX * 4];
  int isOurs = isActive() && locate(fromFolder, from, old, sizeof old) && locate(toFolder, to, new, sizeof new);
  if (!isOurs) return (int)syscall(SYS_renameat2, fromFolder, from, toFolder, to, 0);
  BEGIN;
  int status = judge("rename", old, 0) == fails ? -1 : (int)syscall(SYS_renameat2, fromFolder, from, toFolder, to, 0);
  if (status == 0) {
    record('R', old, 0, new, strlen(new), 0);
    for (int index = 0; index < FILES_MAX; index++) {
      if (files[index].isTracked && !strcmp(files[index].path, old)) strcpy(files[index].path, new);
    }
  }
  END;
  return status;
}
int rename(const char *from, const char *to) { return renameTracked(AT_FDCWD, from, AT_FDCWD, to); }
int renameat(int fromFolder, const char *from, int toFolder, const char *to) {
  return renameTracked(fromFolder, from, toFolder, to);
}

static int unlinkTracked(int folder, const char *path, int flags) {
  char found[NAME_MAX * 4];
  struct stat status;
  int saved = errno;
  int isOurs = isActive() && fstatat(folder, path, &status, AT_SYMLINK_NOFOLLOW) == 0
               && locate(folder, path, found, sizeof found);
  errno = saved;
  if (!isOurs) return (int)syscall(SYS_unlinkat, folder, path, flags);
  BEGIN;
  int result = judge("unlink", found, 0) == fails ? -1 : (int)syscall(SYS_unlinkat, folder, path, flags);
  if (result == 0) record('U', found, 0, NULL, 0, 0);
  END;
  return result;
}
int unlink(const char *path) { return unlinkTracked(AT_FDCWD, path, 0); }
int unlinkat(int folder, const char *path, int flags) { return unlinkTracked(folder, path, flags); }

static int makeFolder(int folder, const char *path, mode_t mode) {
  char found[NAME_MAX * 4];
  struct stat status;
  int saved = errno;
  int isOurs = isActive() && fstatat(folder, path, &status, 0) != 0 && locate(folder, path, found, sizeof found);
  errno = saved;
  if (!isOurs) return (int)syscall(SYS_mkdirat, folder, path, mode);
  BEGIN;
  int result = judge("mkdir", found, 0) == fails ? -1 : (int)syscall(SYS_mkdirat, folder, path, mode);
  if (result == 0) record('D', found, 0, NULL, 0, 0);
  END;
  return result;
}
int mkdir(const char *path, mode_t mode) { return makeFolder(AT_FDCWD, path, mode); }
int mkdirat(int folder, const char *path, mode_t mode) { return makeFolder(folder, path, mode); }

#endif
