#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/id.h"
#include "lib/crypto/key.h"
#include "lib/record/record.h"

/* Far more than two keys need; a key file that is larger is none. */
#define FILE_SIZE_MAX 8192
#define PATH_SIZE_MAX 4096

static int bad_key(const char *path, const char *why, struct lm_error *error) {
    return lm_fail(error, LM_BAD_KEY, "%.100s: %s", path, why);
}

/* ---- reading ---- */

static int check_status(int fd, const char *path, struct lm_error *error) {
    struct stat status;
    if (fstat(fd, &status) != 0)
        return lm_fail_errno(error, LM_IO, path);
    if (!S_ISREG(status.st_mode))
        return bad_key(path, "is not a regular file", error);
    if (status.st_mode & (S_IRWXG | S_IRWXO)) {
        lm_fail(error, LM_PERMISSION, "%.100s: group or others have rights to this key file", path);
        return lm_hint(error, "chmod 600 %.100s", path);
    }
    return 0;
}

static int read_all(int fd, const char *path, char *text, size_t *size, struct lm_error *error) {
    *size = 0;
    for (;;) {
        ssize_t got = read(fd, text + *size, FILE_SIZE_MAX - *size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return lm_fail_errno(error, LM_IO, path);
        if (got == 0)
            return 0;
        *size += (size_t)got;
        if (*size == FILE_SIZE_MAX)
            return bad_key(path, "is too large for a key file", error);
    }
}

/* The key of CURVE among KEYS: its secret and public bytes. */
static bool find_key(const json_t *keys, const char *curve, uint8_t secret[32],
                     uint8_t public_key[32]) {
    for (size_t i = 0; i < json_array_size(keys); i++) {
        const json_t *key = json_array_get(keys, i);
        const char *kty = json_string_value(json_object_get(key, "kty"));
        const char *crv = json_string_value(json_object_get(key, "crv"));
        const char *d = json_string_value(json_object_get(key, "d"));
        const char *x = json_string_value(json_object_get(key, "x"));
        if (kty && crv && d && x && strcmp(kty, "OKP") == 0 && strcmp(crv, curve) == 0)
            return lm_base64url_read(d, secret, 32) && lm_base64url_read(x, public_key, 32);
    }
    return false;
}

/* jansson keeps texts in plain memory: they are wiped before it frees them. */
static void wipe(json_t *json) {
    const char *name;
    json_t *value;
    size_t index;
    if (json_is_string(json)) {
        const char *text = json_string_value(json);
        sodium_memzero((void *)(uintptr_t)text, json_string_length(json));
    }
    json_object_foreach(json, name, value) {
        wipe(value);
    }
    json_array_foreach(json, index, value) {
        wipe(value);
    }
}

static int fill_key(const json_t *json, const char *path, struct lm_key *key,
                    struct lm_error *error) {
    const char *id = json_string_value(json_object_get(json, "id"));
    const json_t *keys = json_object_get(json, "keys");
    if (!id || !lm_id_valid(id, strlen(id)))
        return bad_key(path, "is no key file: it has no id", error);
    struct lm_key read;
    if (lm_key_generate(id, &read, error) < 0) /* for its memory and its id */
        return -1;
    uint8_t sign_public[32];
    uint8_t seal_public[32];
    uint8_t *seed = read.seal_secret; /* guarded, too */
    bool good = find_key(keys, "Ed25519", seed, sign_public) &&
                crypto_sign_seed_keypair(read.sign_public, read.sign_secret, seed) == 0 &&
                memcmp(read.sign_public, sign_public, sizeof sign_public) == 0 &&
                find_key(keys, "X25519", read.seal_secret, seal_public) &&
                crypto_scalarmult_base(read.seal_public, read.seal_secret) == 0 &&
                memcmp(read.seal_public, seal_public, sizeof seal_public) == 0;
    if (!good) {
        lm_key_free(&read);
        return bad_key(path, "is no key file: it has not one whole key of each kind", error);
    }
    lm_key_name(&read);
    *key = read;
    return 0;
}

int lm_key_load(const char *path, struct lm_key *key, struct lm_error *error) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return lm_fail_errno(error, LM_NO_INPUT, path);
    char *text = sodium_malloc(FILE_SIZE_MAX);
    size_t size = 0;
    int result = text ? 0 : lm_fail_memory(error);
    if (result == 0)
        result = check_status(fd, path, error);
    if (result == 0)
        result = read_all(fd, path, text, &size, error);
    (void)close(fd);
    if (result == 0) {
        struct lm_error ignored;
        json_t *json = lm_json_parse(text, size, &ignored);
        result = json ? fill_key(json, path, key, error)
                      : bad_key(path, "is no key file: it is not JSON", error);
        wipe(json);
        json_decref(json);
    }
    sodium_free(text);
    return result;
}

/* ---- writing ---- */

/* One member of the set. SECRET and PUBLIC are 32 bytes each. */
static int format_jwk(char *text, size_t room, const char *curve, const char *use,
                      const uint8_t *secret, const uint8_t *public_key, const char *kid) {
    char x[LM_DIGEST_TEXT_SIZE];
    char d[LM_DIGEST_TEXT_SIZE];
    lm_digest_text(public_key, x);
    lm_digest_text(secret, d);
    int size = snprintf(text, room,
                        "{\"crv\":\"%s\",\"d\":\"%s\",\"kid\":\"%s\",\"kty\":\"OKP\","
                        "\"use\":\"%s\",\"x\":\"%s\"}",
                        curve, d, kid, use, x);
    sodium_memzero(d, sizeof d);
    return size;
}

static size_t format_file(const struct lm_key *key, char text[FILE_SIZE_MAX]) {
    int size = snprintf(text, FILE_SIZE_MAX, "{\"id\":\"%s\",\"keys\":[", key->id);
    /* libsodium's secret key begins with the seed, which is RFC 8037's d. */
    size += format_jwk(text + size, FILE_SIZE_MAX - (size_t)size, "Ed25519", "sig",
                       key->sign_secret, key->sign_public, key->kid);
    text[size++] = ',';
    size += format_jwk(text + size, FILE_SIZE_MAX - (size_t)size, "X25519", "enc", key->seal_secret,
                       key->seal_public, key->seal_kid);
    size += snprintf(text + size, FILE_SIZE_MAX - (size_t)size, "]}\n");
    return (size_t)size;
}

static int write_all(int fd, const char *path, const char *text, size_t size,
                     struct lm_error *error) {
    size_t done = 0;
    while (done < size) {
        ssize_t put = write(fd, text + done, size - done);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return lm_fail_errno(error, LM_IO, path);
        done += (size_t)put;
    }
    if (fchmod(fd, S_IRUSR | S_IWUSR) != 0 || fsync(fd) != 0)
        return lm_fail_errno(error, LM_IO, path);
    return 0;
}

/* A new file's name is on the disk only when its folder is. */
static int sync_folder(const char *path, struct lm_error *error) {
    char folder[PATH_SIZE_MAX];
    const char *slash = strrchr(path, '/');
    size_t size = slash ? (size_t)(slash - path) : 1;
    memcpy(folder, slash ? path : ".", size);
    if (slash == path)
        folder[size++] = '/';
    folder[size] = '\0';
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return lm_fail_errno(error, LM_IO, folder);
    int result = fsync(fd) == 0 || errno == EINVAL ? 0 : lm_fail_errno(error, LM_IO, folder);
    (void)close(fd);
    return result;
}

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
    int result = write_all(fd, path, text, size, error);
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

int lm_key_save(const char *path, const struct lm_key *key, bool replace, struct lm_error *error) {
    if (strlen(path) >= PATH_SIZE_MAX - 32)
        return lm_fail(error, LM_IO, "the key file's path is too long");
    char *text = sodium_malloc(FILE_SIZE_MAX);
    if (!text)
        return lm_fail_memory(error);
    int result = create_whole(path, text, format_file(key, text), replace, error);
    sodium_free(text);
    return result < 0 ? -1 : sync_folder(path, error);
}
