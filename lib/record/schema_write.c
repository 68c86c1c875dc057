/* Structs as records again. */
#include <string.h>

#include "lib/base/decimal.h"
#include "lib/base/period.h"
#include "lib/record/canonical.h"
#include "lib/record/schema.h"

static bool is_absent(const struct lm_member *row, const void *in) {
    if (row->flags & LM_LIST || lm_kind_is_text(row->kind) || row->kind == LM_KIND_JSON)
        return *(void *const *)in == NULL;
    switch (row->kind) {
    case LM_KIND_OBJECT: {
        /* An object is absent where all its members are. */
        for (size_t i = 0; i < row->object->count; i++) {
            const struct lm_member *inner = &row->object->rows[i];
            if (!is_absent(inner, (const char *)in + inner->offset))
                return false;
        }
        return true;
    }
    case LM_KIND_AMOUNT:
        return *(const lm_i128 *)in == LM_ABSENT_AMOUNT;
    case LM_KIND_WORD:
        return *(const int *)in < 0;
    case LM_KIND_PERIOD:
        return ((const struct lm_period *)in)->minutes == 0;
    case LM_KIND_VALIDITY:
        return ((const struct lm_validity *)in)->end_s == ((const struct lm_validity *)in)->start_s;
    case LM_KIND_MONTH:
        return ((const struct lm_month *)in)->month == 0;
    default:
        return *(const int64_t *)in == LM_ABSENT;
    }
}

/* Texts of these kinds need no escapes. */
static void write_quoted(const char *text, size_t size, struct lm_buffer *out) {
    lm_buffer_byte(out, '"');
    lm_buffer_bytes(out, text, size);
    lm_buffer_byte(out, '"');
}

static void write_value(const struct lm_member *row, const void *in, struct lm_buffer *out) {
    char text[LM_DECIMAL_SIZE > LM_TIME_SIZE ? LM_DECIMAL_SIZE : LM_TIME_SIZE];
    size_t size = 0;
    if (lm_kind_is_text(row->kind)) {
        const char *value = *(const char *const *)in;
        lm_canonical_string(value, strlen(value), out);
        return;
    }
    switch (row->kind) {
    case LM_KIND_COUNT:
    case LM_KIND_ENERGY:
        lm_buffer_integer(out, *(const int64_t *)in);
        return;
    case LM_KIND_OBJECT:
        lm_members_write(row->object, NULL, in, out);
        return;
    case LM_KIND_JSON:
        lm_canonical(*(json_t *const *)in, NULL, out);
        return;
    case LM_KIND_PRICE:
        size = lm_price_format(*(const int64_t *)in, text);
        break;
    case LM_KIND_AMOUNT:
        size = lm_amount_format(*(const lm_i128 *)in, text);
        break;
    case LM_KIND_PERIOD:
        size = lm_period_format(*(const struct lm_period *)in, text);
        break;
    case LM_KIND_VALIDITY:
        size = lm_validity_format(*(const struct lm_validity *)in, text);
        break;
    case LM_KIND_INSTANT:
        size = lm_instant_format(*(const int64_t *)in, text);
        break;
    case LM_KIND_MONTH:
        size = lm_month_format(*(const struct lm_month *)in, text);
        break;
    case LM_KIND_WORD: {
        const char *word = row->words[*(const int *)in];
        write_quoted(word, strlen(word), out);
        return;
    }
    case LM_KIND_CLOCK: {
        int minutes = (int)*(const int64_t *)in;
        lm_buffer_format(out, "\"%02d:%02d\"", minutes / 60, minutes % 60);
        return;
    }
    default:
        out->failed = true;
        return;
    }
    write_quoted(text, size, out);
}

static void write_name(const char *name, bool *first, struct lm_buffer *out) {
    if (!*first)
        lm_buffer_byte(out, ',');
    *first = false;
    write_quoted(name, strlen(name), out);
    lm_buffer_byte(out, ':');
}

void lm_members_write(const struct lm_members *members, const char *type, const void *in,
                      struct lm_buffer *out) {
    bool first = true;
    bool type_written = type == NULL;
    bool v_written = type == NULL;
    lm_buffer_byte(out, '{');
    for (size_t i = 0; i <= members->count; i++) {
        const struct lm_member *row = i < members->count ? &members->rows[i] : NULL;
        if (!type_written && (!row || strcmp(row->name, "type") > 0)) {
            write_name("type", &first, out);
            write_quoted(type, strlen(type), out);
            type_written = true;
        }
        if (!v_written && (!row || strcmp(row->name, "v") > 0)) {
            write_name("v", &first, out);
            lm_buffer_byte(out, '1');
            v_written = true;
        }
        if (!row)
            break;
        const void *member = (const char *)in + row->offset;
        bool absent = is_absent(row, member);
        if (absent && row->flags & LM_OPTIONAL)
            continue;
        write_name(row->name, &first, out);
        if (absent && row->flags & LM_NULLABLE)
            lm_buffer_text(out, "null");
        else if (absent)
            out->failed = true; /* a required member was left out: a defect, not a record */
        else if (row->flags & LM_LIST)
            lm_canonical(*(json_t *const *)member, NULL, out);
        else
            write_value(row, member, out);
    }
    lm_buffer_byte(out, '}');
}
