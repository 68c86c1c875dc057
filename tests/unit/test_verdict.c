/* A verdict that names as many exhibits as it may is a record, whatever else it says. */
#include <stdlib.h>

#include "lib/base/limits.h"
#include "lib/crypto/encoding.h"
#include "lib/evidence/claims.h"
#include "lib/registry/sign.h"
#include "tests/unit/tap.h"

/* COUNT digests, all different. */
static json_t *digests(size_t count) {
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        char digest[LM_DIGEST_TEXT_SIZE];
        lm_digest_of(&i, sizeof i, digest);
        (void)json_array_append_new(list, json_string(digest));
    }
    return list;
}

/* The bytes of the longest part there is with COUNT exhibits, signed; 0 where it is none. */
static size_t longest(size_t count) {
    char text[LM_DISPUTE_TEXT_SIZE];
    char id[LM_ID_SIZE_MAX + 1];
    struct lm_buffer line = {0};
    struct lm_buffer out = {0};
    struct lm_record record;
    struct lm_record again = {0};
    struct lm_error error;
    struct lm_key key;
    /* What takes most room in a line: each of these is written as \u0001. */
    memset(text, 1, sizeof text);
    text[sizeof text - 1] = '\0';
    memset(id, 'x', sizeof id);
    id[sizeof id - 1] = '\0';
    json_t *exhibits = digests(count);
    const struct lm_verdict verdict = {
        .claim = json_string_value(json_array_get(exhibits, 0)),
        .exhibits = exhibits,
        .part = LM_INTEGER_MAX,
        .parts = LM_INTEGER_MAX,
        .party = id,
        .result = LM_RESULT_UNDECIDABLE,
        .text = text,
    };
    size_t size = 0;
    lm_record_write(LM_TYPE_VERDICT, &verdict, &line);
    if (!lm_buffer_ok(&line) || lm_key_generate(id, &key, &error) < 0)
        abort();
    if (lm_record_parse(line.data, line.size, &record, &error) == 0) {
        if (lm_record_sign(&record, &key, false, &out, &error) == 0 &&
            lm_record_parse(out.data, out.size, &again, &error) == 0)
            size = out.size;
        lm_record_free(&again);
        lm_record_free(&record);
    }
    lm_key_free(&key);
    lm_buffer_free(&line);
    lm_buffer_free(&out);
    json_decref(exhibits);
    return size;
}

int main(void) {
    struct lm_error error;
    if (lm_crypto_start(&error) < 0)
        abort();
    size_t size = longest(LM_EXHIBITS_MAX);
    tap_ok(size > 0 && size <= LM_RECORD_SIZE_MAX, "the longest part is a record: %zu bytes", size);
    tap_ok(longest(LM_RECORD_SIZE_MAX / 46) == 0, "one that names more than fit is none");
    return tap_done();
}
