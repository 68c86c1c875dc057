/*
 * The line reader through pipes: sizes at the cap, bytes that no record may hold, tiny reads.
 */
#include "lib/base/lines.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/tap.h"

struct feed {
    int fd;
    const char *data;
    size_t size;
    size_t step; /* bytes a write */
};

static void *feed_pipe(void *argument) {
    struct feed *feed = argument;
    for (size_t done = 0; done < feed->size;) {
        size_t size = feed->size - done < feed->step ? feed->size - done : feed->step;
        ssize_t put = write(feed->fd, feed->data + done, size);
        if (put < 0)
            break;
        done += (size_t)put;
    }
    (void)close(feed->fd);
    return NULL;
}

/* What the reader said of one line, kept for comparison. */
struct seen {
    enum lm_lines_result result;
    enum lm_reason reason;
    uint64_t number;
    size_t size;
    int64_t offset;
    char head[24];
};

#define SEEN_MAX 64

/* Reads DATA through a pipe in writes of STEP bytes. Returns how many lines there were. */
static size_t read_all(const char *data, size_t size, size_t step, size_t size_max, bool text,
                       struct seen *seen) {
    int ends[2];
    pthread_t thread;
    if (pipe(ends) != 0)
        abort();
    struct feed feed = {ends[1], data, size, step};
    struct lm_lines *lines = lm_lines_new(ends[0], size_max);
    if (!lines || pthread_create(&thread, NULL, feed_pipe, &feed) != 0)
        abort();
    size_t count = 0;
    struct lm_line line;
    struct lm_error error = {0};
    enum lm_lines_result result;
    while ((result = lm_lines_next(lines, text, &line, &error)) != LM_LINES_END &&
           count < SEEN_MAX) {
        struct seen *now = &seen[count++];
        *now = (struct seen){.result = result, .number = line.number, .size = line.size};
        if (result == LM_LINES_BAD) {
            now->reason = error.reason;
            now->offset = error.offset;
        }
        memcpy(now->head, line.data, line.size < 23 ? line.size : 23);
        if (result == LM_LINES_FAIL)
            break;
    }
    (void)pthread_join(thread, NULL);
    lm_lines_free(lines);
    return count;
}

/* One text, what is expected of each of its lines: "ok", or the reason's word. */
static void expect(const char *name, const char *data, size_t size, size_t size_max,
                   const char *const *wanted) {
    static const size_t steps[] = {1, 7, 4096, 1 << 20};
    bool good = true;
    for (size_t s = 0; s < sizeof steps / sizeof *steps; s++) {
        struct seen seen[SEEN_MAX];
        if (size > 20000 && steps[s] < 7)
            continue;
        size_t count = read_all(data, size, steps[s], size_max, true, seen);
        size_t i = 0;
        for (; i < count && wanted[i]; i++) {
            const char *word =
                seen[i].result == LM_LINES_LINE ? "ok" : lm_reason_word(seen[i].reason);
            if (strcmp(word, wanted[i]) != 0 || seen[i].number != i + 1) {
                good = false;
                printf("# writes of %zu: line %zu is %s\n", steps[s], i + 1, word);
            }
        }
        if (i != count || wanted[i]) {
            good = false;
            printf("# writes of %zu: %zu lines\n", steps[s], count);
        }
    }
    tap_ok(good, "%s", name);
}

#define EXPECT(name, data, ...)                                                                    \
    expect(name, data, sizeof data - 1, 64, (const char *const[]){__VA_ARGS__, NULL})

static void test_texts(void) {
    EXPECT("two lines", "{}\n{}\n", "ok", "ok");
    EXPECT("empty lines count and do not hide others", "\n{}\n\n{}\n", "empty", "ok", "empty",
           "ok");
    EXPECT("no line feed at the end", "{}\n{}", "ok", "truncated");
    EXPECT("a single byte", "{", "truncated");
    EXPECT("CR LF", "{}\r\n{}\n", "crlf", "ok");
    EXPECT("CR LF alone", "\r\n{}\n", "crlf", "ok");
    EXPECT("a CR inside is no line end", "a\rb\n", "ok");
    EXPECT("a NUL", "{\0}\n{}\n", "nul", "ok");
    EXPECT("a NUL alone", "\0\n{}\n", "nul", "ok");
    EXPECT("not UTF-8", "{\xFF}\n{}\n", "utf8", "ok");
    EXPECT("a truncated character before the line feed", "\xE2\x82\n{}\n", "utf8", "ok");
    EXPECT("a CR that is not UTF-8's fault", "\xC3\r\n", "crlf");

    struct seen seen[SEEN_MAX];
    tap_ok(read_all("", 0, 1, 64, true, seen) == 0, "no input, no line");
    size_t count = read_all("a\0\xFF\r\n\nb\n", 8, 3, 64, false, seen);
    tap_ok(count == 3 && seen[0].result == LM_LINES_LINE && seen[0].size == 4 &&
               seen[1].result == LM_LINES_LINE && seen[1].size == 0 &&
               seen[2].result == LM_LINES_LINE,
           "without text, bytes are the caller's business");
    count = read_all("a,b", 3, 3, 64, false, seen);
    tap_ok(count == 1 && seen[0].result == LM_LINES_BAD && seen[0].reason == LM_TRUNCATED,
           "but not a last line without line feed");
    count = read_all("abc\xE2\x28\xA1\n", 7, 3, 64, true, seen);
    tap_ok(count == 1 && seen[0].offset == 3, "the offset is where the bad character begins");
}

/* Lines of exactly and about the cap, between good ones. */
static void test_sizes(void) {
    enum { cap = 5000 };
    static const struct {
        size_t size;
        const char *word;
    } lengths[] = {{cap - 1, "ok"},
                   {cap, "ok"},
                   {cap + 1, "too_long"},
                   {cap + 2, "too_long"},
                   {2 * cap, "too_long"},
                   {131072 + cap, "too_long"},
                   {131074 + cap, "too_long"},
                   {300000, "too_long"}};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        size_t length = lengths[i].size;
        char *data = malloc(length + 16);
        if (!data)
            abort();
        memcpy(data, "{}\n", 3);
        memset(data + 3, 'x', length);
        memcpy(data + 3 + length, "\n{}\n", 4);
        char name[160];
        (void)snprintf(name, sizeof name, "a line of %zu under a cap of %d: %s", length, (int)cap,
                       lengths[i].word);
        expect(name, data, length + 7, cap,
               (const char *const[]){"ok", lengths[i].word, "ok", NULL});
        (void)snprintf(name, sizeof name, "the same of %zu at the end", length);
        expect(name, data, length + 4, cap, (const char *const[]){"ok", lengths[i].word, NULL});
        (void)snprintf(name, sizeof name, "the same of %zu, truncated", length);
        expect(name, data, length + 3, cap,
               (const char *const[]){
                   "ok", strcmp(lengths[i].word, "ok") == 0 ? "truncated" : "too_long", NULL});
        free(data);
    }
}

static void test_what_is_kept(void) {
    static char data[70000 + 1 + 4];
    struct seen seen[SEEN_MAX];
    memcpy(data, "begin", 5);
    memset(data + 5, 'y', 69995);
    memcpy(data + 70000, "\nend\n", 5);
    static const size_t steps[] = {13, 4096, 1 << 20};
    bool good = true;
    for (size_t s = 0; s < sizeof steps / sizeof *steps; s++) {
        size_t count = read_all(data, sizeof data, steps[s], 66560, true, seen);
        good = good && count == 2 && seen[0].reason == LM_TOO_LONG && seen[0].size == 66560 &&
               seen[0].offset == 66560 && strncmp(seen[0].head, "beginyyy", 8) == 0 &&
               seen[1].result == LM_LINES_LINE && strcmp(seen[1].head, "end") == 0 &&
               seen[1].number == 2;
    }
    tap_ok(good, "of a line of 70000 bytes the first 66560 are kept, and the next line is whole");
}

static void test_many_tiny(void) {
    enum { count = 20000 };
    char *data = malloc(count * 16);
    size_t size = 0;
    if (!data)
        abort();
    for (int i = 0; i < count; i++)
        size += (size_t)snprintf(data + size, 16, "%05d\n", i);
    int ends[2];
    pthread_t thread;
    if (pipe(ends) != 0)
        abort();
    struct feed feed = {ends[1], data, size, 3};
    struct lm_lines *lines = lm_lines_new(ends[0], 64);
    struct lm_line line;
    struct lm_error error;
    int wrong = 0;
    int met = 0;
    if (!lines || pthread_create(&thread, NULL, feed_pipe, &feed) != 0)
        abort();
    while (lm_lines_next(lines, true, &line, &error) == LM_LINES_LINE) {
        char wanted[16];
        (void)snprintf(wanted, sizeof wanted, "%05d", met++);
        wrong += line.size != 5 || memcmp(line.data, wanted, 5) != 0;
    }
    (void)pthread_join(thread, NULL);
    tap_ok(wrong == 0 && met == count && lm_lines_bytes(lines) == size,
           "20000 lines in writes of three bytes");
    lm_lines_free(lines);
    free(data);
}

static void test_waiting(void) {
    int ends[2];
    struct lm_line line;
    struct lm_error error;
    if (pipe(ends) != 0)
        abort();
    struct lm_lines *lines = lm_lines_new(ends[0], 64);
    if (!lines)
        abort();
    tap_ok(lm_lines_would_wait(lines) && !lm_lines_any(lines), "an idle pipe would wait");
    tap_ok(write(ends[1], "a\nb", 3) == 3 && !lm_lines_would_wait(lines), "a full one would not");
    tap_ok(lm_lines_next(lines, true, &line, &error) == LM_LINES_LINE && line.size == 1 &&
               lm_lines_any(lines),
           "a line is there before the input ends");
    tap_ok(lm_lines_would_wait(lines), "half a line would wait");
    (void)close(ends[1]);
    tap_ok(!lm_lines_would_wait(lines), "the end is no wait");
    tap_ok(lm_lines_next(lines, true, &line, &error) == LM_LINES_BAD &&
               error.reason == LM_TRUNCATED &&
               lm_lines_next(lines, true, &line, &error) == LM_LINES_END &&
               lm_lines_next(lines, true, &line, &error) == LM_LINES_END,
           "the end stays the end");
    lm_lines_free(lines);
}

static void *write_late(void *argument) {
    int *fd = argument;
    (void)usleep(50000);
    (void)!write(*fd, "late\n", 5);
    (void)close(*fd);
    return NULL;
}

static void test_descriptors(void) {
    struct lm_line line;
    struct lm_error error;
    int ends[2];
    pthread_t thread;
    if (pipe2(ends, O_NONBLOCK) != 0)
        abort();
    struct lm_lines *lines = lm_lines_new(ends[0], 64);
    if (!lines || pthread_create(&thread, NULL, write_late, &ends[1]) != 0)
        abort();
    tap_ok(lm_lines_next(lines, true, &line, &error) == LM_LINES_LINE && line.size == 4,
           "a non-blocking descriptor is waited for");
    (void)pthread_join(thread, NULL);
    lm_lines_free(lines);

    lines = lm_lines_new(open("/", O_RDONLY), 64);
    tap_ok(lines && lm_lines_next(lines, true, &line, &error) == LM_LINES_FAIL &&
               error.reason == LM_IO,
           "reading a folder fails");
    lm_lines_free(lines);
}

static void test_utf8(void) {
    static const struct {
        const char *bytes;
        size_t valid; /* well-formed so far */
    } table[] = {
        {"", 0},
        {"plain", 5},
        {"\x7F", 1},
        {"\xC2\x80", 2},
        {"\xDF\xBF", 2},
        {"\xE0\xA0\x80", 3},
        {"\xED\x9F\xBF", 3},
        {"\xEE\x80\x80", 3},
        {"\xEF\xBF\xBF", 3}, /* a noncharacter is well-formed */
        {"\xF0\x90\x80\x80", 4},
        {"\xF4\x8F\xBF\xBF", 4},
        {"a\xE2\x82\xAC z", 6},
        {"\x80", 0},
        {"\xBF", 0},
        {"\xC0\x80", 0}, /* overlong NUL */
        {"\xC0\xAF", 0},
        {"\xC1\xBF", 0},
        {"\xE0\x80\x80", 0},
        {"\xE0\x9F\xBF", 0},
        {"\xF0\x80\x80\x80", 0},
        {"\xF0\x8F\xBF\xBF", 0},
        {"\xED\xA0\x80", 0}, /* surrogates */
        {"\xED\xAF\xBF\xED\xBF\xBF", 0},
        {"\xED\xBF\xBF", 0},
        {"\xF4\x90\x80\x80", 0}, /* beyond U+10FFFF */
        {"\xF5\x80\x80\x80", 0},
        {"\xF8\x88\x80\x80\x80", 0},
        {"\xFE", 0},
        {"\xFF", 0},
        {"ok\xC2", 2},
        {"ok\xE2\x82", 2},
        {"ok\xF0\x9F\x98", 2},
        {"ok\xE2\x28\xA1", 2},
        {"ok\xE2\x82\x28", 2},
        {"ok\xF0\x9F\x28\x80", 2},
        {"ok\xF0\x9F\x98\x28", 2},
        {"ok\xC3\x28", 2},
        {"\xC3\xA9\xFF", 2},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        tap_ok(lm_utf8_valid(table[i].bytes, strlen(table[i].bytes)) == table[i].valid,
               "UTF-8 table, row %zu", i);
}

int main(void) {
    test_utf8();
    test_texts();
    test_sizes();
    test_what_is_kept();
    test_many_tiny();
    test_waiting();
    test_descriptors();
    return tap_done();
}
