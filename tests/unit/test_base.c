/*
 * The small modules of lib/base: arrays, buffers, ids, errors, the writer, the pool.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/array.h"
#include "lib/base/buffer.h"
#include "lib/base/id.h"
#include "lib/base/pool.h"
#include "lib/base/writer.h"
#include "tests/unit/tap.h"

static bool is_less(const void *row, const void *key) {
    return *(const int *)row < *(const int *)key;
}

static void test_lower_bound(void) {
    static const int rows[] = {2, 4, 4, 4, 9};
    static const struct {
        int key;
        size_t wanted;
    } table[] = {{1, 0}, {2, 0}, {3, 1}, {4, 1}, {5, 4}, {9, 4}, {10, 5}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        tap_ok(lm_array_lower_bound(rows, 5, sizeof *rows, &table[i].key, is_less) ==
                   table[i].wanted,
               "the first row that is not before %d", table[i].key);
    tap_ok(lm_array_lower_bound(NULL, 0, sizeof *rows, &rows[0], is_less) == 0,
           "an array without rows");
}

static bool holds(const struct lm_buffer *buffer, const char *wanted) {
    return lm_buffer_ok(buffer) && buffer->size == strlen(wanted) &&
           memcmp(buffer->data, wanted, buffer->size) == 0;
}

static void test_buffer(void) {
    struct lm_buffer buffer = {0};
    lm_buffer_bytes(&buffer, "", 0);
    tap_ok(buffer.data && buffer.size == 0, "even nothing has an address");
    static const struct {
        int64_t value;
        const char *text;
    } integers[] = {{0, "0"},
                    {7, "7"},
                    {-10, "-10"},
                    {INT64_MAX, "9223372036854775807"},
                    {INT64_MIN, "-9223372036854775808"}};
    for (size_t i = 0; i < sizeof integers / sizeof *integers; i++) {
        lm_buffer_reset(&buffer);
        lm_buffer_integer(&buffer, integers[i].value);
        tap_ok(holds(&buffer, integers[i].text), "integer %s", integers[i].text);
    }
    lm_buffer_reset(&buffer);
    for (int i = 0; i < 100000; i++)
        lm_buffer_format(&buffer, "%d,", i % 10);
    bool good = lm_buffer_ok(&buffer) && buffer.size == 200000;
    for (size_t i = 0; good && i < 200000; i += 2)
        good = buffer.data[i] == (char)('0' + i / 2 % 10) && buffer.data[i + 1] == ',';
    tap_ok(good, "it grows and keeps what is in it");
    tap_ok(!lm_buffer_reserve(&buffer, SIZE_MAX) && !lm_buffer_ok(&buffer),
           "what cannot be is remembered as failed");
    lm_buffer_byte(&buffer, 'x');
    tap_ok(!lm_buffer_ok(&buffer), "until the next reset");
    lm_buffer_reset(&buffer);
    tap_ok(lm_buffer_ok(&buffer), "and no longer");
    lm_buffer_free(&buffer);
}

static void test_escapes(void) {
    static const struct {
        const char *text;
        const char *wanted;
    } table[] = {
        {"plain \xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80",
         "plain \xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80"},
        {"a\nb\tc\r", "a\\x0ab\\x09c\\x0d"},
        {"\x1B[31mred", "\\x1b[31mred"},
        {"\x7F", "\\x7f"},
        {"\\x0a", "\\\\x0a"},
        {"\xC2\x9B"
         "31m",
         "\\u009b31m"}, /* CSI in one character */
        {"\xC2\xA0", "\xC2\xA0"},
        {"\x9B"
         "31m",
         "\\x9b31m"},
        {"\xFF\xC3", "\\xff\\xc3"},
        {"\xE2\x82", "\\xe2\\x82"},
        {"\xED\xA0\x80", "\\xed\\xa0\\x80"},
        {"\xE2\x80\xAE"
         "evil",
         "\\u202eevil"}, /* from right to left */
        {"\xE2\x81\xA6\xE2\x81\xA9", "\\u2066\\u2069"},
        {"\xE2\x80\xA8", "\\u2028"}, /* a line separator */
        {"\xE2\x80\x93", "\xE2\x80\x93"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct lm_buffer buffer = {0};
        lm_buffer_escaped(&buffer, table[i].text, strlen(table[i].text));
        tap_ok(holds(&buffer, table[i].wanted), "for terminals: %s", table[i].wanted);
        lm_buffer_free(&buffer);
    }
    struct lm_buffer buffer = {0};
    lm_buffer_escaped(&buffer, "a\0b", 3);
    tap_ok(holds(&buffer, "a\\x00b"), "for terminals: NUL");
    lm_buffer_free(&buffer);
}

static void test_ids(void) {
    static const char *const good[] = {
        "a",         "Z",
        "9",         ".",
        "a.b_c:d-e", "p-x",
        "-",         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
    static const char *const bad[] = {
        "",    "a b", "a/b", "\xC3\xA9",
        "a\n", "a\"", "a@b", "a\\",
        "a{",  "a[",  "a`",  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
    bool all = true;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        all = all && lm_id_valid(good[i], strlen(good[i]));
    tap_ok(all, "ids");
    all = true;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        all = all && !lm_id_valid(bad[i], strlen(bad[i]));
    tap_ok(all, "what is no id");
    tap_ok(lm_id_reserved("p-1") && lm_id_reserved("r-") && !lm_id_reserved("p") &&
               !lm_id_reserved("") && !lm_id_reserved("q-1") && !lm_id_reserved("pp-1"),
           "reserved ids");
}

static void test_errors(void) {
    struct lm_error error;
    bool good = true;
    for (int reason = 0; reason < LM_REASON_COUNT; reason++) {
        const char *word = lm_reason_word((enum lm_reason)reason);
        good = good && word[0] &&
               strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(word) &&
               lm_reason_meaning((enum lm_reason)reason)[0];
        for (int other = 0; other < reason; other++)
            good = good && strcmp(word, lm_reason_word((enum lm_reason)other)) != 0;
    }
    tap_ok(good, "each reason has a word of its own");
    tap_ok(lm_reason_exit(LM_BAD_SIGNATURE) == 1 && lm_reason_exit(LM_USAGE) == 2 &&
               lm_reason_exit(LM_NO_INPUT) == 66 && lm_reason_exit(LM_DEFECT) == 70 &&
               lm_reason_exit(LM_IO) == 74 && lm_reason_exit(LM_PERMISSION) == 77,
           "exit statuses");
    char text[600];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    tap_ok(lm_fail(&error, LM_JSON, "%s", text) == -1 && strlen(error.detail) == 255 &&
               error.offset == -1 && error.hint[0] == '\0' && error.reason == LM_JSON,
           "a detail is cut to fit");
    tap_ok(lm_hint(&error, "%s", text) == -1 && strlen(error.hint) == 159, "and so is a hint");
    errno = ENOENT;
    (void)lm_fail_errno(&error, LM_NO_INPUT, "f.ndjson");
    tap_is(error.detail, "f.ndjson: No such file or directory", "errno as text");
}

static void test_writer_failures(void) {
    struct lm_writer writer;
    struct lm_error error;
    lm_writer_open(&writer, open("/dev/full", O_WRONLY));
    tap_ok(!writer.regular && lm_writer_line(&writer, "x", 1, &error) == 0,
           "a full disk is not noticed by what is buffered");
    tap_ok(lm_writer_close(&writer, &error) == -1 && error.reason == LM_IO,
           "but when it is closed");

    lm_writer_open(&writer, open("/dev/full", O_WRONLY));
    char line[4096];
    memset(line, 'x', sizeof line);
    int met = 0;
    int lines = 0;
    while (met == 0 && lines < 1000) {
        met = lm_writer_line(&writer, line, sizeof line, &error);
        lines++;
    }
    tap_ok(met == -1 && lines > 1, "and sooner when there is more of it");
    tap_ok(lm_writer_close(&writer, &error) == 0, "a failure is told once");

    (void)signal(SIGPIPE, SIG_IGN);
    int ends[2];
    if (pipe(ends) != 0)
        abort();
    (void)close(ends[0]);
    lm_writer_open(&writer, ends[1]);
    tap_ok(lm_writer_line(&writer, "x", 1, &error) == 0 && lm_writer_flush(&writer, &error) == -1 &&
               error.reason == LM_IO,
           "a pipe that nobody reads, where its signal is ignored");
    tap_ok(lm_writer_close(&writer, &error) == 0, "can be closed");
    (void)signal(SIGPIPE, SIG_DFL);

    lm_writer_open(&writer, open("/dev/null", O_RDONLY));
    tap_ok(lm_writer_line(&writer, "x", 1, &error) == 0 && lm_writer_close(&writer, &error) == -1,
           "a descriptor that is not for writing");

    int fd = open("/dev/null", O_WRONLY);
    lm_writer_open(&writer, fd);
    (void)close(fd);
    tap_ok(lm_writer_close(&writer, &error) == -1 && error.reason == LM_IO,
           "a close that fails is a failure");
}

struct drain {
    int fd;
    struct lm_buffer all;
};

/* Reads slowly and little, so that the pipe is full most of the time. */
static void *drain_pipe(void *argument) {
    struct drain *drain = argument;
    char some[777];
    ssize_t got;
    while ((got = read(drain->fd, some, sizeof some)) > 0)
        lm_buffer_bytes(&drain->all, some, (size_t)got);
    return NULL;
}

static void test_writer_short(int flags, const char *name) {
    int ends[2];
    pthread_t thread;
    struct lm_writer writer;
    struct lm_error error;
    if (pipe(ends) != 0)
        abort();
    (void)fcntl(ends[1], F_SETPIPE_SZ, 4096);
    (void)fcntl(ends[1], F_SETFL, flags);
    struct drain drain = {.fd = ends[0]};
    if (pthread_create(&thread, NULL, drain_pipe, &drain) != 0)
        abort();
    lm_writer_open(&writer, ends[1]);
    struct lm_buffer wanted = {0};
    bool good = true;
    for (int i = 0; i < 20000 && good; i++) {
        char line[32];
        int size = snprintf(line, sizeof line, "line %d", i);
        good = lm_writer_line(&writer, line, (size_t)size, &error) == 0;
        lm_buffer_format(&wanted, "%s\n", line);
    }
    /* One piece that is larger than any buffer. */
    struct lm_buffer large = {0};
    for (int i = 0; i < 300000; i++)
        lm_buffer_byte(&large, (char)('a' + i % 26));
    good = good && lm_writer_bytes(&writer, large.data, large.size, &error) == 0;
    lm_buffer_bytes(&wanted, large.data, large.size);
    good = lm_writer_close(&writer, &error) == 0 && good;
    (void)pthread_join(thread, NULL);
    tap_ok(good && drain.all.size == wanted.size &&
               memcmp(drain.all.data, wanted.data, wanted.size) == 0,
           "%s", name);
    (void)close(ends[0]);
    lm_buffer_free(&drain.all);
    lm_buffer_free(&wanted);
    lm_buffer_free(&large);
}

static void test_writer_file(void) {
    char path[] = "/tmp/lm-test-writer-XXXXXX";
    struct lm_writer writer;
    struct lm_error error;
    lm_writer_open(&writer, mkstemp(path));
    tap_ok(writer.regular, "a regular file is known as one");
    bool good = lm_writer_line(&writer, "a", 1, &error) == 0 &&
                lm_writer_bytes(&writer, "b", 1, &error) == 0 &&
                lm_writer_close(&writer, &error) == 0;
    char text[8] = {0};
    FILE *file = fopen(path, "re");
    good = good && file && fread(text, 1, sizeof text - 1, file) == 3;
    if (file)
        (void)fclose(file);
    tap_ok(good && strcmp(text, "a\nb") == 0, "lines and bytes");
    (void)unlink(path);
}

struct sums {
    uint64_t *items;
    atomic_size_t calls;
};

static void square(void *context, size_t i) {
    struct sums *sums = context;
    sums->items[i] += (uint64_t)i * i;
    (void)atomic_fetch_add(&sums->calls, 1);
}

static void test_pool(size_t jobs) {
    enum { rounds = 200, most = 1500 };
    struct lm_error error;
    struct lm_pool *pool = lm_pool_new(jobs, &error);
    struct sums sums = {.items = calloc(most, sizeof *sums.items)};
    if (!pool || !sums.items)
        abort();
    bool good = true;
    size_t calls = 0;
    for (size_t round = 0; round < rounds; round++) {
        size_t count = round * 31 % most;
        memset(sums.items, 0, most * sizeof *sums.items);
        lm_pool_run(pool, count, square, &sums);
        calls += count;
        for (size_t i = 0; i < most; i++)
            good = good && sums.items[i] == (i < count ? (uint64_t)i * i : 0);
    }
    tap_ok(good && calls == atomic_load(&sums.calls), "%zu jobs: each item once, %d times over",
           jobs, (int)rounds);
    lm_pool_free(pool);
    free(sums.items);
}

int main(void) {
    test_lower_bound();
    test_buffer();
    test_escapes();
    test_ids();
    test_errors();
    test_writer_failures();
    test_writer_short(0, "a small pipe gets everything");
    test_writer_short(O_NONBLOCK, "a small pipe that does not block gets everything");
    test_writer_file();
    for (size_t jobs = 0; jobs <= 8; jobs++)
        test_pool(jobs);
    lm_pool_free(NULL);
    return tap_done();
}
