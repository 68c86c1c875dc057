#include "lib/crypto/passphrase.h"

#include <sodium.h>
#include <string.h>

#include "lib/crypto/guarded.h"

/* A file may go on behind its first line. */
#define FILE_SIZE_MAX 8192

int lm_passphrase_new(struct lm_passphrase *passphrase, struct lm_error *error) {
    *passphrase = (struct lm_passphrase){.bytes = sodium_malloc(LM_PASSPHRASE_SIZE_MAX)};
    return passphrase->bytes ? 0 : lm_fail_memory(error);
}

void lm_passphrase_free(struct lm_passphrase *passphrase) {
    sodium_free(passphrase->bytes);
    *passphrase = (struct lm_passphrase){0};
}

static int take_line(const char *path, const char *text, size_t size,
                     struct lm_passphrase *passphrase, struct lm_error *error) {
    const char *feed = memchr(text, '\n', size);
    size_t length = feed ? (size_t)(feed - text) : size;
    if (length > 0 && text[length - 1] == '\r')
        length--;
    if (length == 0)
        return lm_fail(error, LM_BAD_KEY, "%.100s: its first line, the passphrase, is empty", path);
    if (length > LM_PASSPHRASE_SIZE_MAX)
        return lm_fail(error, LM_BAD_KEY, "%.100s: the passphrase is longer than %d bytes", path,
                       LM_PASSPHRASE_SIZE_MAX);
    if (memchr(text, '\0', length))
        return lm_fail(error, LM_BAD_KEY, "%.100s: the passphrase holds a NUL byte", path);
    if (lm_passphrase_new(passphrase, error) < 0)
        return -1;
    memcpy(passphrase->bytes, text, length);
    passphrase->size = length;
    return 0;
}

int lm_passphrase_load(const char *path, struct lm_passphrase *passphrase, struct lm_error *error) {
    const struct lm_guarded_file file = {
        .path = path, .what = "passphrase file", .private_only = true, .size_max = FILE_SIZE_MAX};
    char *text;
    size_t size;
    *passphrase = (struct lm_passphrase){0};
    if (lm_guarded_read(&file, &text, &size, error) < 0)
        return -1;
    int result = take_line(path, text, size, passphrase, error);
    sodium_free(text);
    return result;
}
