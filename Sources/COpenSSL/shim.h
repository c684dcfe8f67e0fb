// OpenSSL's libcrypto, as installed by the system (Debian: libssl-dev): digests, and random bytes.
#include <openssl/evp.h>
#include <openssl/rand.h>
