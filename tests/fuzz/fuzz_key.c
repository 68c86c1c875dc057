/*
 * Any bytes as a key file, under a passphrase or not, and as a root: what loads is a key whose
 * parts fit each other, what does not is refused as what it is, and no file makes a passphrase cost
 * more than is allowed. The seeds are under the passphrase "p" at the least cost that there is.
 */
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/crypto/key.h"
#include "lib/registry/registry.h"
#include "tests/fuzz/fuzz.h"

/* The least that libsodium takes, so that it is not Argon2id that is measured here. */
static const struct lm_lock_cost cheap = {.passes = 1, .memory_bytes = 8192};

static void file_of(const uint8_t *data, size_t size, char path[32]) {
    int fd = memfd_create("fuzz", 0);
    HOLDS(fd >= 0);
    HOLDS(fchmod(fd, 0600) == 0);
    HOLDS(write(fd, data, size) == (ssize_t)size);
    (void)snprintf(path, 32, "/proc/self/fd/%d", fd);
}

static void close_file(const char *path) {
    (void)close(atoi(path + strlen("/proc/self/fd/")));
}

/* A file that asks for real work is left alone: it would take seconds, as it may. */
static bool is_dear(const uint8_t *data, size_t size) {
    static const char memory[] = "\"memory_bytes\":8192,";
    static const char passes[] = "\"passes\":1,";
    return memmem(data, size, "locked", 6) && !(memmem(data, size, memory, strlen(memory)) &&
                                                memmem(data, size, passes, strlen(passes)));
}

static void check_key(const struct lm_key *key) {
    uint8_t public_key[32];
    HOLDS(strlen(key->id) > 0 && strlen(key->kid) == 43 && strlen(key->seal_kid) == 43);
    HOLDS(crypto_scalarmult_base(public_key, key->seal_secret) == 0);
    HOLDS(memcmp(public_key, key->seal_public, 32) == 0);
    HOLDS(crypto_sign_ed25519_sk_to_pk(public_key, key->sign_secret) == 0);
    HOLDS(memcmp(public_key, key->sign_public, 32) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct lm_passphrase passphrase;
    char path[32];
    struct lm_key key = {0};
    struct lm_root root;
    struct lm_error error;
    if (!passphrase.bytes) {
        HOLDS(lm_crypto_start(&error) == 0);
        HOLDS(lm_passphrase_new(&passphrase, &error) == 0);
        passphrase.bytes[0] = 'p';
        passphrase.size = 1;
    }
    file_of(data, size, path);
    if (lm_key_load(path, NULL, &key, &error) == 0) {
        check_key(&key);
        lm_key_free(&key);
    } else {
        HOLDS(error.reason == LM_BAD_KEY || error.reason == LM_LOCKED);
    }
    if (!is_dear(data, size)) {
        if (lm_key_load(path, &passphrase, &key, &error) == 0) {
            check_key(&key);
            lm_key_free(&key);
        } else {
            HOLDS(error.reason == LM_BAD_KEY || error.reason == LM_BAD_PASSPHRASE);
        }
    }
    /* The same bytes where a root is looked for. */
    if (lm_root_load(path, &root, &error) == 0)
        HOLDS(root.public_known && strlen(root.kid) == 43);
    else
        HOLDS(error.reason == LM_BAD_KEY);
    close_file(path);

    HOLDS(lm_lock_cost_allowed(&cheap));
    struct lm_lock_cost cost = {0};
    if (size >= sizeof cost) {
        memcpy(&cost, data, sizeof cost);
        if (lm_lock_cost_allowed(&cost))
            HOLDS(cost.passes > 0 && cost.memory_bytes > 0 &&
                  cost.passes * cost.memory_bytes / cost.memory_bytes == cost.passes &&
                  cost.passes * cost.memory_bytes <= (uint64_t)4 << 30);
    }
    return 0;
}
