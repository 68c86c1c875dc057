/*
 * Any bytes as the journal of a state file, as they are, and with the right checksum behind each
 * line, which no mutation finds by itself: what is read is written again as something that reads as
 * the same, and it does not matter in which pieces it is read.
 */
#include "lib/registry/sent.h"
#include "tests/fuzz/fuzz.h"

#include <sodium.h>
#include <string.h>

static void write_all(const struct lm_sent_table *table, struct lm_buffer *out) {
    lm_sent_write(table, INT64_MIN, out);
    HOLDS(lm_buffer_ok(out));
}

static bool same(const struct lm_buffer *a, const struct lm_buffer *b) {
    return a->size == b->size && memcmp(a->data, b->data, a->size) == 0;
}

/* Pieces of a few bytes, as a reader of a file that grows gets them. */
static void read_in_pieces(const char *text, size_t size, const struct lm_buffer *wanted) {
    struct lm_sent_table table;
    struct lm_buffer written = {0};
    struct lm_error error;
    size_t begin = 0;
    lm_sent_table_start(&table);
    for (size_t end = 1; end < size; end += 1 + end / 3) {
        size_t taken;
        HOLDS(lm_sent_table_read(&table, text + begin, end - begin, &taken, &error) == 0);
        begin += taken;
    }
    size_t taken;
    HOLDS(lm_sent_table_read(&table, text + begin, size - begin, &taken, &error) == 0);
    write_all(&table, &written);
    HOLDS(same(&written, wanted));
    lm_sent_table_free(&table);
    lm_buffer_free(&written);
}

static void check(const char *text, size_t size) {
    struct lm_sent_table table;
    struct lm_sent_table again;
    struct lm_buffer written = {0};
    struct lm_buffer twice = {0};
    struct lm_error error = {0};
    size_t taken;
    lm_sent_table_start(&table);
    lm_sent_table_start(&again);
    int result = lm_sent_table_read(&table, text, size, &taken, &error);
    HOLDS(taken <= size && (taken == 0 || text[taken - 1] == '\n'));
    HOLDS(result == 0 || error.reason == LM_BAD_STATE);
    if (result == 0 && table.lines > 0) {
        HOLDS(!memchr(text + taken, '\n', size - taken));
        write_all(&table, &written);
        HOLDS(lm_sent_table_read(&again, written.data, written.size, &taken, &error) == 0);
        HOLDS(taken == written.size && again.count == table.count && again.lines == table.lines);
        HOLDS(lm_sent_needed(&again, INT64_MIN) == again.lines);
        write_all(&again, &twice);
        HOLDS(same(&written, &twice));
        for (size_t i = 0; i < table.count; i++) {
            const struct lm_sent *sent = &table.items[i];
            HOLDS(lm_sent_find(&again, sent->digest));
            HOLDS(!sent->answers[0] || lm_sent_reply(&again, sent->answers));
            HOLDS(!sent->closed || sent->answered_by[0]);
        }
        read_in_pieces(text, size, &written);
    }
    lm_sent_table_free(&table);
    lm_sent_table_free(&again);
    lm_buffer_free(&written);
    lm_buffer_free(&twice);
}

static void with_checksums(const char *text, size_t size, struct lm_buffer *out) {
    while (size > 0) {
        const char *end = memchr(text, '\n', size);
        size_t line = end ? (size_t)(end - text) : size;
        uint8_t digest[crypto_hash_sha256_BYTES];
        (void)crypto_hash_sha256(digest, (const uint8_t *)text, line);
        lm_buffer_bytes(out, text, line);
        lm_base64url_append(digest, 9, out);
        if (!end)
            break;
        lm_buffer_byte(out, '\n');
        text += line + 1;
        size -= line + 1;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct lm_buffer summed = {0};
    check((const char *)data, size);
    with_checksums((const char *)data, size, &summed);
    if (lm_buffer_ok(&summed) && summed.size > 0)
        check(summed.data, summed.size);
    lm_buffer_free(&summed);
    return 0;
}
