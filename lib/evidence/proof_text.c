#include "lib/evidence/proof_text.h"

#include <string.h>

#include "lib/base/limits.h"
#include "lib/crypto/checkpoint.h"

#define PROOF_HEAD  "c2sp.org/tlog-proof@v1"
#define EXTRA_HEAD  "extra "
#define INDEX_HEAD  "index "
#define OLD_HEAD    "old "
#define EXTRA_MAX   LM_ENTRY_SIZE_MAX
#define BASE64_HASH 44 /* characters of a hash */

void lm_proof_text_write(const struct lm_proof_text *text, struct lm_buffer *out) {
    bool inclusion = text->kind == LM_PROOF_INCLUSION;
    if (inclusion)
        lm_buffer_text(out, PROOF_HEAD "\n");
    if (inclusion && text->has_extra) {
        lm_buffer_text(out, EXTRA_HEAD);
        lm_base64_append((const uint8_t *)text->extra.data, text->extra.size, out);
        lm_buffer_byte(out, '\n');
    }
    lm_buffer_format(out, "%s%llu\n", inclusion ? INDEX_HEAD : OLD_HEAD,
                     (unsigned long long)text->number);
    for (size_t i = 0; i < text->proof.count; i++) {
        lm_base64_append(text->proof.hashes[i], LM_HASH_SIZE, out);
        lm_buffer_byte(out, '\n');
    }
    lm_buffer_byte(out, '\n');
    lm_buffer_bytes(out, text->checkpoint, text->checkpoint_size);
}

struct cursor {
    const char *at;
    const char *end;
    const char *line; /* the one that was taken last */
    size_t size;
    size_t number;
};

static bool take_line(struct cursor *cursor) {
    const char *feed = cursor->at < cursor->end
                           ? memchr(cursor->at, '\n', (size_t)(cursor->end - cursor->at))
                           : NULL;
    if (!feed)
        return false;
    cursor->line = cursor->at;
    cursor->size = (size_t)(feed - cursor->at);
    cursor->at = feed + 1;
    cursor->number++;
    return true;
}

static bool line_begins(const struct cursor *cursor, const char *head) {
    size_t size = strlen(head);
    return cursor->size >= size && memcmp(cursor->line, head, size) == 0;
}

static bool line_is(const struct cursor *cursor, const char *text) {
    return cursor->size == strlen(text) && line_begins(cursor, text);
}

static int malformed(const struct cursor *cursor, const char *why, struct lm_error *error) {
    return lm_fail(error, LM_BAD_MEMBER, "not a proof: line %zu %s", cursor->number, why);
}

static bool parse_extra(const struct cursor *cursor, struct lm_buffer *extra) {
    size_t size = cursor->size - strlen(EXTRA_HEAD);
    const char *base64 = cursor->line + strlen(EXTRA_HEAD);
    if (size > EXTRA_MAX / 3 * 4 + 4 || size % 4 != 0)
        return false;
    size_t pad = size > 0 && base64[size - 1] == '=';
    pad += size > 1 && base64[size - 2] == '=';
    size_t bytes = size / 4 * 3 - pad;
    char *at = lm_buffer_reserve(extra, bytes + 1);
    if (!at || !lm_base64_read(base64, size, (uint8_t *)at, bytes))
        return false;
    extra->size = bytes;
    return true;
}

/* The lines before the hashes. */
static int parse_head(struct cursor *cursor, struct lm_proof_text *text, struct lm_error *error) {
    const char *head = OLD_HEAD;
    bool there = take_line(cursor);
    text->kind = LM_PROOF_CONSISTENCY;
    if (there && line_is(cursor, PROOF_HEAD)) {
        text->kind = LM_PROOF_INCLUSION;
        head = INDEX_HEAD;
        there = take_line(cursor);
        if (there && line_begins(cursor, EXTRA_HEAD)) {
            if (!parse_extra(cursor, &text->extra))
                return malformed(cursor, "is no base64 of extra bytes", error);
            text->has_extra = true;
            there = take_line(cursor);
        }
    }
    if (!there || !line_begins(cursor, head) ||
        !lm_tree_size_parse(cursor->line + strlen(head), cursor->size - strlen(head),
                            &text->number))
        return malformed(cursor,
                         text->kind == LM_PROOF_INCLUSION ? "does not say an index"
                                                          : "is neither " PROOF_HEAD
                                                            " nor an old size",
                         error);
    return 0;
}

int lm_proof_text_parse(const char *bytes, size_t size, struct lm_proof_text *text,
                        struct lm_error *error) {
    struct cursor cursor = {.at = bytes, .end = bytes + size};
    *text = (struct lm_proof_text){0};
    int result = parse_head(&cursor, text, error);
    struct lm_merkle_proof *proof = &text->proof;
    bool there = result == 0 && take_line(&cursor);
    while (result == 0 && there && cursor.size > 0) {
        if (proof->count == LM_PROOF_MAX || cursor.size != BASE64_HASH ||
            !lm_base64_read(cursor.line, cursor.size, proof->hashes[proof->count++], LM_HASH_SIZE))
            result = malformed(&cursor, "is no hash of a proof", error);
        there = take_line(&cursor);
    }
    if (result == 0 && !there)
        result = malformed(&cursor, "is not followed by an empty line and a checkpoint", error);
    text->checkpoint = cursor.at;
    text->checkpoint_size = (size_t)(cursor.end - cursor.at);
    if (result < 0)
        lm_proof_text_free(text);
    return result;
}

void lm_proof_text_free(struct lm_proof_text *text) {
    lm_buffer_free(&text->extra);
}
