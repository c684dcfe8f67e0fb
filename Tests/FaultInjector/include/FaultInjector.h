/// A library that the crash tests load into the real `rapport` by LD_PRELOAD. It stands between the program and libc, sees
/// every call that changes a file below one directory, and either records it or lets it fail.
///
/// It has no functions to call; it is told what to do by environment variables:
///
/// | variable | what |
/// |---|---|
/// | `RAPPORT_INJECTOR_ROOT` | the directory: an absolute path without links; without it the library does nothing |
/// | `RAPPORT_INJECTOR_TRACE` | append every call that succeeded to this file |
/// | `RAPPORT_INJECTOR_CALL` | the number, from 1, of the call that fails |
/// | `RAPPORT_INJECTOR_ERROR` | how it fails: `ENOSPC`, `EIO`, `EINTR`, or `SHORT`: half of a write is done (any other call succeeds) |
/// | `RAPPORT_INJECTOR_LASTS` | `1`: all calls after it fail, too, like a disk that stays full |
/// | `RAPPORT_INJECTOR_LOG` | append a line for every call that was made to fail: its number, name and path |
///
/// Calls are numbered in the order in which they come. Writes to standard output count as calls below the directory:
/// they carry the acknowledgements.
///
/// A record of the trace, integers little-endian:
///
/// | offset | size | field |
/// |---|---|---|
/// | 0 | 4 | kind, one letter: `W`rite, `T`runcate, `F`lush, failed flush `X`, `C`reate, create a `D`irectory, `R`ename, `U`nlink, `A`cknowledge |
/// | 4 | 4 | 1 if the bytes of this write were flushed with it |
/// | 8 | 8 | where the write begins, or the new size |
/// | 16 | 4 | bytes of the path |
/// | 20 | 4 | bytes of data: what was written; of a rename the new path |
/// | 24 | | the path below the directory, then the data |
