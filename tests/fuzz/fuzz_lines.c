/*
 * Any bytes as a stream: every byte belongs to exactly one line, whatever is in it and however the
 * bytes arrive, and the lines are those that a plain search for line feeds finds.
 */
#include "lib/base/lines.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define LINE_MAX_SIZE 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1)
        return 0;
    bool text = data[0] & 1;
    data++;
    size--;
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    HOLDS(fd >= 0);
    HOLDS(write(fd, data, size) == (ssize_t)size);
    HOLDS(lseek(fd, 0, SEEK_SET) == 0);
    struct lm_lines *lines = lm_lines_new(fd, LINE_MAX_SIZE);
    HOLDS(lines != NULL);
    size_t at = 0;
    uint64_t number = 0;
    for (;;) {
        struct lm_line line;
        struct lm_error error;
        enum lm_lines_result result = lm_lines_next(lines, text, &line, &error);
        HOLDS(result != LM_LINES_FAIL);
        if (result == LM_LINES_END)
            break;
        const uint8_t *feed = memchr(data + at, '\n', size - at);
        size_t wanted = feed ? (size_t)(feed - (data + at)) : size - at;
        HOLDS(line.number == ++number);
        HOLDS(line.size == (wanted < LINE_MAX_SIZE ? wanted : LINE_MAX_SIZE));
        HOLDS(memcmp(line.data, data + at, line.size) == 0);
        HOLDS(result == LM_LINES_BAD || (feed && wanted <= LINE_MAX_SIZE));
        if (result == LM_LINES_BAD)
            HOLDS(error.reason != LM_NONE);
        at += wanted + (feed != NULL);
    }
    HOLDS(at == size);
    lm_lines_free(lines);
    return 0;
}
