/*
 * Makes one key and writes it to two files, as it is and under a passphrase, at the least cost that
 * there is: for tests that must know the secrets of a locked file, or load it many times.
 * usage: twin ID PLAIN LOCKED PASSPHRASE-FILE
 */
#include <stdio.h>

#include "lib/crypto/key.h"

int main(int argc, char **argv) {
    struct lm_key key;
    struct lm_passphrase passphrase;
    struct lm_error error = {0};
    struct lm_key_saving saving = {.cost = {.passes = 1, .memory_bytes = 8192}};
    if (argc != 5)
        return 2;
    if (lm_crypto_start(&error) < 0 || lm_key_generate(argv[1], &key, &error) < 0 ||
        lm_key_save(argv[2], &key, &saving, &error) < 0 ||
        lm_passphrase_load(argv[4], &passphrase, &error) < 0) {
        (void)fprintf(stderr, "twin: %s\n", error.detail);
        return 1;
    }
    saving.passphrase = &passphrase;
    int result = lm_key_save(argv[3], &key, &saving, &error);
    lm_passphrase_free(&passphrase);
    lm_key_free(&key);
    return result < 0;
}
