// LMDB's own header, as installed by the system (Debian: liblmdb-dev).
#include <lmdb.h>
