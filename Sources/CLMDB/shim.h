// LMDB's own header, as installed by the system (Debian: liblmdb-dev).
#include <lmdb.h>

// Not part of Swift's Glibc: what kind of file system a path is on.
#ifdef __linux__
#include <sys/vfs.h>
#endif
