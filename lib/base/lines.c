#include "lib/base/lines.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define READ_SIZE 131072

struct lm_lines {
    int fd;
    bool ended;
    size_t size_max;
    size_t start;   /* of the next line in data */
    size_t end;     /* of the bytes in data */
    size_t scanned; /* from start on, known to hold no line feed */
    uint64_t number;
    uint64_t bytes;
    uint64_t limit; /* of bytes */
    size_t capacity;
    char data[];
};

struct lm_lines *lm_lines_new(int fd, size_t size_max) {
    size_t capacity = size_max + 2 + READ_SIZE;
    struct lm_lines *lines = malloc(sizeof *lines + capacity);
    if (!lines)
        return NULL;
    *lines = (struct lm_lines){
        .fd = fd, .size_max = size_max, .limit = UINT64_MAX, .capacity = capacity};
    return lines;
}

void lm_lines_limit(struct lm_lines *lines, uint64_t bytes) {
    lines->limit = lines->bytes + bytes;
}

void lm_lines_free(struct lm_lines *lines) {
    if (!lines)
        return;
    (void)close(lines->fd);
    free(lines);
}

size_t lm_utf8_valid(const char *data, size_t size) {
    const unsigned char *bytes = (const unsigned char *)data;
    size_t i = 0;
    while (i < size) {
        unsigned char lead = bytes[i];
        if (lead < 0x80) {
            i++;
            continue;
        }
        size_t more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
        if (lead < 0xC2 || lead > 0xF4 || more >= size - i)
            return i;
        /* The second byte's range excludes overlong forms, surrogates and what is beyond U+10FFFF.
         */
        unsigned char low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
        unsigned char high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
        if (bytes[i + 1] < low || bytes[i + 1] > high)
            return i;
        for (size_t k = 2; k <= more; k++) {
            if (bytes[i + k] < 0x80 || bytes[i + k] > 0xBF)
                return i;
        }
        i += more + 1;
    }
    return size;
}

/* A descriptor that another process made non-blocking is waited for like any other. */
static bool wait_for_input(int fd) {
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    return poll(&poll_fd, 1, -1) >= 0 || errno == EINTR;
}

/* Reads once into the free room. 1: some bytes, 0: the end, -1: failed. */
static int fill(struct lm_lines *lines) {
    if (lines->start > 0 && lines->capacity - lines->end < READ_SIZE) {
        memmove(lines->data, lines->data + lines->start, lines->end - lines->start);
        lines->end -= lines->start;
        lines->start = 0;
    }
    size_t room = lines->capacity - lines->end;
    if (lines->limit - lines->bytes < room)
        room = (size_t)(lines->limit - lines->bytes);
    ssize_t got;
    do
        got = read(lines->fd, lines->data + lines->end, room);
    while (got < 0 && (errno == EINTR || (errno == EAGAIN && wait_for_input(lines->fd))));
    if (got > 0) {
        lines->end += (size_t)got;
        lines->bytes += (uint64_t)got;
    }
    return got > 0 ? 1 : (int)got;
}

static const char *find_line_feed(struct lm_lines *lines) {
    size_t from = lines->start + lines->scanned;
    const char *found = memchr(lines->data + from, '\n', lines->end - from);
    if (!found)
        lines->scanned = lines->end - lines->start;
    return found;
}

/* Drops the rest of a line that is too long. The first bytes stay where they are for the reject. */
static int skip_rest(struct lm_lines *lines, uint64_t *dropped) {
    for (;;) {
        lines->end = lines->start + lines->size_max;
        int got = fill(lines);
        if (got <= 0)
            return got;
        size_t from = lines->start + lines->size_max;
        const char *found = memchr(lines->data + from, '\n', lines->end - from);
        if (found) {
            *dropped += (uint64_t)(found - (lines->data + from));
            /* The first bytes move up to the line feed, so that the next line follows them. */
            size_t start = (size_t)(found - lines->data) - lines->size_max;
            memmove(lines->data + start, lines->data + lines->start, lines->size_max);
            lines->start = start;
            return 1;
        }
        *dropped += lines->end - from;
    }
}

static enum lm_lines_result check_text(const struct lm_line *line, struct lm_error *error) {
    if (line->size == 0) {
        lm_fail(error, LM_EMPTY, "empty line");
        return LM_LINES_BAD;
    }
    const char *nul = memchr(line->data, '\0', line->size);
    if (nul) {
        lm_fail(error, LM_NUL, "NUL byte");
        error->offset = nul - line->data;
        return LM_LINES_BAD;
    }
    if (line->data[line->size - 1] == '\r') {
        lm_fail(error, LM_CRLF, "line ends in CR LF");
        lm_hint(error, "convert the line ends, with dos2unix for instance");
        error->offset = (int64_t)line->size - 1;
        return LM_LINES_BAD;
    }
    size_t valid = lm_utf8_valid(line->data, line->size);
    if (valid < line->size) {
        lm_fail(error, LM_UTF8, "invalid UTF-8 at byte %zu", valid);
        error->offset = (int64_t)valid;
        return LM_LINES_BAD;
    }
    return LM_LINES_LINE;
}

enum lm_lines_result lm_lines_next(struct lm_lines *lines, bool text, struct lm_line *line,
                                   struct lm_error *error) {
    const char *line_feed;
    while (!(line_feed = find_line_feed(lines)) && lines->end - lines->start <= lines->size_max &&
           !lines->ended) {
        int got = fill(lines);
        if (got < 0) {
            lm_fail_errno(error, LM_IO, "read");
            return LM_LINES_FAIL;
        }
        lines->ended = got == 0;
    }
    line->data = lines->data + lines->start;
    line->size = line_feed ? (size_t)(line_feed - line->data) : lines->end - lines->start;
    if (!line_feed && line->size == 0)
        return LM_LINES_END;
    line->number = ++lines->number;
    lines->scanned = 0;

    if (line->size > lines->size_max) {
        uint64_t size = line->size;
        if (!line_feed) {
            uint64_t dropped = line->size - lines->size_max;
            int got = skip_rest(lines, &dropped);
            if (got < 0) {
                lm_fail_errno(error, LM_IO, "read");
                return LM_LINES_FAIL;
            }
            size = lines->size_max + dropped;
            lines->ended = got == 0;
            line->data = lines->data + lines->start;
            lines->start += lines->size_max + (got > 0);
            if (got == 0)
                lines->end = lines->start;
        } else {
            lines->start += line->size + 1;
        }
        line->size = lines->size_max;
        lm_fail(error, LM_TOO_LONG, "line of %llu bytes is longer than %zu",
                (unsigned long long)size, lines->size_max);
        error->offset = (int64_t)lines->size_max;
        return LM_LINES_BAD;
    }
    lines->start += line->size + (line_feed != NULL);
    if (!line_feed) {
        lm_fail(error, LM_TRUNCATED, "truncated last line: no line feed at its end");
        error->offset = (int64_t)line->size;
        return LM_LINES_BAD;
    }
    return text ? check_text(line, error) : LM_LINES_LINE;
}

bool lm_lines_would_wait(struct lm_lines *lines) {
    if (lines->ended || find_line_feed(lines))
        return false;
    struct pollfd poll_fd = {.fd = lines->fd, .events = POLLIN};
    return poll(&poll_fd, 1, 0) == 0;
}

bool lm_lines_any(const struct lm_lines *lines) {
    return lines->bytes > 0;
}

uint64_t lm_lines_bytes(const struct lm_lines *lines) {
    return lines->bytes;
}
