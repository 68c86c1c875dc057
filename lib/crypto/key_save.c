#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/folder.h"
#include "lib/crypto/key.h"
#include "lib/crypto/key_form.h"

#define PATH_SIZE_MAX 4096

/* ---- the text ---- */

/* One key of the set; SECRET (32 bytes) is NULL where it does not stand there. */
static int format_jwk(char *text, size_t room, const char *curve, const char *use,
                      const uint8_t *secret, const uint8_t *public_key, const char *kid) {
    char x[LM_DIGEST_TEXT_SIZE];
    char d[LM_DIGEST_TEXT_SIZE] = "";
    lm_digest_text(public_key, x);
    if (secret)
        lm_digest_text(secret, d);
    int size = snprintf(text, room,
                        "{\"crv\":\"%s\",%s%s%s\"kid\":\"%s\",\"kty\":\"OKP\","
                        "\"use\":\"%s\",\"x\":\"%s\"}",
                        curve, secret ? "\"d\":\"" : "", d, secret ? "\"," : "", kid, use, x);
    sodium_memzero(d, sizeof d);
    return size;
}

/* Up to the end of the set; the object is still open. */
static size_t format_keys(const struct lm_key *key, bool secrets, char *text) {
    const size_t room = LM_KEY_FILE_SIZE_MAX;
    int size = snprintf(text, room, "{\"id\":\"%s\",\"keys\":[", key->id);
    /* libsodium's secret key begins with the seed, which is RFC 8037's d. */
    size += format_jwk(text + size, room - (size_t)size, "Ed25519", "sig",
                       secrets ? key->sign_secret : NULL, key->sign_public, key->kid);
    text[size++] = ',';
    size += format_jwk(text + size, room - (size_t)size, "X25519", "enc",
                       secrets ? key->seal_secret : NULL, key->seal_public, key->seal_kid);
    text[size++] = ']';
    return (size_t)size;
}

/* The member that tells of the lock, box being its own member or nothing, and the object's end. */
static void append_lock(const struct lm_lock *lock, const char *box, struct lm_buffer *out) {
    lm_buffer_format(out,
                     ",\"locked\":{%s\"cipher\":\"" LM_LOCK_CIPHER "\",\"kdf\":\"" LM_LOCK_KDF
                     "\",\"memory_bytes\":%llu,\"nonce\":\"",
                     box, (unsigned long long)lock->cost.memory_bytes);
    lm_base64url_append(lock->nonce, sizeof lock->nonce, out);
    lm_buffer_format(out, "\",\"passes\":%llu,\"salt\":\"", (unsigned long long)lock->cost.passes);
    lm_base64url_append(lock->salt, sizeof lock->salt, out);
    lm_buffer_text(out, "\"}}");
}

/* Secrets in the order of the set, under the passphrase. The header is the file without the box. */
static int close_lock(const struct lm_key *key, const struct lm_lock *lock,
                      const struct lm_passphrase *passphrase, const struct lm_buffer *header,
                      struct lm_buffer *box64, struct lm_error *error) {
    uint8_t box[64 + LM_LOCK_TAG_SIZE];
    uint8_t *secrets = sodium_malloc(64);
    if (!secrets)
        return lm_fail_memory(error);
    memcpy(secrets, key->sign_secret, 32);
    memcpy(secrets + 32, key->seal_secret, 32);
    int result = lm_lock_close(lock, passphrase, header, secrets, 64, box, error);
    sodium_free(secrets);
    if (result < 0)
        return -1;
    lm_buffer_text(box64, "\"box\":\"");
    lm_base64url_append(box, sizeof box, box64);
    lm_buffer_text(box64, "\",");
    lm_buffer_byte(box64, '\0');
    return lm_buffer_ok(box64) ? 0 : lm_fail_memory(error);
}

/* Nothing in it is secret, so that it may stand in plain memory. */
static int format_locked(const struct lm_key *key, const struct lm_key_saving *saving, char *text,
                         size_t *size, struct lm_error *error) {
    const struct lm_lock lock = lm_lock_new(&saving->cost);
    struct lm_buffer file = {0};
    struct lm_buffer box64 = {0};
    size_t keys_size = format_keys(key, false, text);
    lm_buffer_bytes(&file, text, keys_size);
    append_lock(&lock, "", &file);
    int result = lm_buffer_ok(&file)
                     ? close_lock(key, &lock, saving->passphrase, &file, &box64, error)
                     : lm_fail_memory(error);
    if (result == 0) {
        file.size = keys_size;
        append_lock(&lock, box64.data, &file);
        lm_buffer_byte(&file, '\n');
        result = lm_buffer_ok(&file) ? 0 : lm_fail_memory(error);
    }
    if (result == 0) {
        memcpy(text, file.data, file.size);
        *size = file.size;
    }
    lm_buffer_free(&file);
    lm_buffer_free(&box64);
    return result;
}

static int format_file(const struct lm_key *key, const struct lm_key_saving *saving, char *text,
                       size_t *size, struct lm_error *error) {
    if (saving->passphrase)
        return format_locked(key, saving, text, size, error);
    *size = format_keys(key, true, text);
    text[(*size)++] = '}';
    text[(*size)++] = '\n';
    return 0;
}

/* ---- the file ---- */

static int exists(const char *path, struct lm_error *error) {
    lm_fail(error, LM_EXISTS, "%.100s exists and is not overwritten", path);
    return lm_hint(error, "choose another file with -o, or give --force to lose the old key");
}

/* Writes the text to FILE, which must not exist, or leaves none. Messages name PATH. */
static int create(const char *file, const char *path, const char *text, size_t size,
                  struct lm_error *error) {
    int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fd < 0)
        return errno == EEXIST ? exists(path, error) : lm_fail_errno(error, LM_IO, path);
    int result =
        fchmod(fd, S_IRUSR | S_IWUSR) == 0 && lm_file_write_durably_at(fd, text, size, 0) == 0
            ? 0
            : lm_fail_errno(error, LM_IO, path);
    if (close(fd) != 0 && result == 0)
        result = lm_fail_errno(error, LM_IO, path);
    if (result < 0)
        (void)unlink(file);
    return result;
}

/* The file gets its name once it is whole, so that nobody ever loads half a key. */
static int create_whole(const char *path, const char *text, size_t size, bool replace,
                        struct lm_error *error) {
    char temporary[PATH_SIZE_MAX];
    uint8_t random[8];
    char hex[2 * sizeof random + 1];
    struct stat status;
    if (!replace && lstat(path, &status) == 0)
        return exists(path, error);
    randombytes_buf(random, sizeof random);
    (void)sodium_bin2hex(hex, sizeof hex, random, sizeof random);
    (void)snprintf(temporary, sizeof temporary, "%s.%s", path, hex);
    if (create(temporary, path, text, size, error) < 0)
        return -1;
    if (replace && rename(temporary, path) == 0)
        return 0;
    int why = !replace && link(temporary, path) == 0 ? 0 : errno;
    (void)unlink(temporary);
    if (why == 0)
        return 0;
    if (!replace && why == EEXIST)
        return exists(path, error);
    /* Some file systems have no hard links. */
    if (!replace && (why == EPERM || why == EOPNOTSUPP || why == ENOSYS))
        return create(path, path, text, size, error);
    errno = why;
    return lm_fail_errno(error, LM_IO, path);
}

int lm_key_save(const char *path, const struct lm_key *key, const struct lm_key_saving *saving,
                struct lm_error *error) {
    size_t size = 0;
    if (strlen(path) >= PATH_SIZE_MAX - 32)
        return lm_fail(error, LM_IO, "the key file's path is too long");
    char *text = sodium_malloc(LM_KEY_FILE_SIZE_MAX);
    if (!text)
        return lm_fail_memory(error);
    int result = format_file(key, saving, text, &size, error);
    if (result == 0)
        result = create_whole(path, text, size, saving->replace, error);
    sodium_free(text);
    return result < 0 ? -1 : lm_folder_sync(path, error);
}
