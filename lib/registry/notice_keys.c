#include "lib/registry/notice_keys.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/array.h"
#include "lib/base/names.h"
#include "lib/crypto/encoding.h"

struct row {
    uint8_t public_key[32];
    bool ambiguous;
};

struct lm_notice_keys {
    struct lm_names names; /* market, period and from */
    struct row *rows;      /* by their number */
    size_t room;
};

struct lm_notice_keys *lm_notice_keys_new(struct lm_error *error) {
    struct lm_notice_keys *keys = calloc(1, sizeof *keys);
    if (!keys) {
        lm_fail_memory(error);
        return NULL;
    }
    lm_names_start(&keys->names);
    return keys;
}

void lm_notice_keys_free(struct lm_notice_keys *keys) {
    if (!keys)
        return;
    lm_names_free(&keys->names);
    free(keys->rows);
    free(keys);
}

/* Ids hold no blank. */
static int name_of(const char *market, struct lm_period period, const char *from,
                   struct lm_buffer *name, struct lm_error *error) {
    char text[LM_TIME_SIZE];
    (void)lm_period_format(period, text);
    lm_buffer_format(name, "%s %s %s", market, text, from);
    return lm_buffer_ok(name) ? 0 : lm_fail_memory(error);
}

static int keep(struct lm_notice_keys *keys, const struct lm_buffer *name,
                const uint8_t public_key[32], struct lm_error *error) {
    uint32_t number;
    size_t count = keys->names.count;
    void *rows = lm_array_room(keys->rows, &keys->room, count, sizeof *keys->rows, error);
    if (!rows)
        return -1;
    keys->rows = rows;
    if (lm_names_add(&keys->names, name->data, name->size, &number, error) < 0)
        return -1;
    struct row *row = &keys->rows[number];
    if (number == count) {
        *row = (struct row){0};
        memcpy(row->public_key, public_key, sizeof row->public_key);
    } else if (memcmp(row->public_key, public_key, sizeof row->public_key) != 0) {
        row->ambiguous = true;
    }
    return 0;
}

int lm_notice_keys_add(struct lm_notice_keys *keys, const struct lm_record *record,
                       struct lm_error *error) {
    const struct lm_order *order = &record->as.order;
    struct lm_buffer name = {0};
    uint8_t public_key[32];
    if (record->type != LM_TYPE_ORDER || !order->seal.x)
        return 0;
    if (strcmp(order->seal.kty, "OKP") != 0 || strcmp(order->seal.crv, "X25519") != 0 ||
        !lm_base64url_read(order->seal.x, public_key, sizeof public_key))
        return lm_fail(error, LM_BAD_MEMBER, "seal is not an OKP key on X25519");
    int result = name_of(order->market, order->period, order->from, &name, error);
    if (result == 0)
        result = keep(keys, &name, public_key, error);
    lm_buffer_free(&name);
    return result;
}

int lm_notice_keys_find(const struct lm_notice_keys *keys, const struct lm_notice *notice,
                        uint8_t public_key[32], struct lm_error *error) {
    struct lm_buffer name = {0};
    uint32_t number;
    int result = name_of(notice->market, notice->period, notice->to, &name, error);
    if (result == 0 && lm_names_find(&keys->names, name.data, name.size, &number)) {
        const struct row *row = &keys->rows[number];
        memcpy(public_key, row->public_key, sizeof row->public_key);
        result = row->ambiguous
                     ? lm_fail(error, LM_AMBIGUOUS,
                               "orders of %s name different keys for the notice", notice->to)
                     : 1;
    }
    lm_buffer_free(&name);
    return result;
}
