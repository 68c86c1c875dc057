#include "lib/record/schema.h"

#include <string.h>

#include "lib/base/decimal.h"
#include "lib/base/limits.h"
#include "lib/base/period.h"

static bool clock_parse(const char *text, size_t size, int64_t *minutes) {
    if (size != 5 || text[2] != ':')
        return false;
    for (size_t i = 0; i < size; i++) {
        if (i != 2 && (text[i] < '0' || text[i] > '9'))
            return false;
    }
    int hour = (text[0] - '0') * 10 + text[1] - '0';
    int minute = (text[3] - '0') * 10 + text[4] - '0';
    *minutes = hour * 60 + minute;
    return minute <= 59 && *minutes <= 1440;
}

static bool word_parse(const char *const *words, const char *text, int *index) {
    for (int i = 0; words[i]; i++) {
        if (strcmp(words[i], text) == 0) {
            *index = i;
            return true;
        }
    }
    return false;
}

/* Stores one value that JSON spells as a string. */
static bool read_string(const struct lm_member *row, const char *text, size_t size, void *out) {
    switch (row->kind) {
    case LM_KIND_PRICE:
        return lm_price_parse(text, size, out);
    case LM_KIND_AMOUNT:
        return lm_amount_parse(text, size, out) && *(lm_i128 *)out != LM_ABSENT_AMOUNT;
    case LM_KIND_PERIOD:
        return lm_period_parse(text, size, out);
    case LM_KIND_VALIDITY:
        return lm_validity_parse(text, size, out);
    case LM_KIND_INSTANT:
        return lm_instant_parse(text, size, out);
    case LM_KIND_MONTH:
        return lm_month_parse(text, size, out);
    case LM_KIND_CLOCK:
        return clock_parse(text, size, out);
    case LM_KIND_WORD:
        return word_parse(row->words, text, out);
    default:
        *(const char **)out = text;
        return lm_kind_text_valid(row->kind, text, size);
    }
}

static int read_value(const struct lm_member *row, const json_t *value, void *out,
                      struct lm_error *error) {
    switch (row->kind) {
    case LM_KIND_OBJECT:
        if (!json_is_object(value))
            break;
        return lm_members_read(row->object, value, NULL, out, error);
    case LM_KIND_JSON:
        if (!json_is_object(value))
            break;
        *(const json_t **)out = value;
        return 0;
    case LM_KIND_COUNT:
    case LM_KIND_ENERGY:
        if (!json_is_integer(value) || json_integer_value(value) < 0 ||
            json_integer_value(value) > LM_INTEGER_MAX)
            break;
        *(int64_t *)out = json_integer_value(value);
        return 0;
    default:
        if (!json_is_string(value) ||
            !read_string(row, json_string_value(value), json_string_length(value), out))
            break;
        return 0;
    }
    return lm_fail(error, LM_BAD_MEMBER, "%s is not a valid %s", row->name,
                   lm_kind_name(row->kind));
}

/* Lists are checked item by item and kept as JSON: whoever needs them reads them again. */
static int read_list(const struct lm_member *row, const json_t *list, void *out,
                     struct lm_error *error) {
    if (!json_is_array(list))
        return lm_fail(error, LM_BAD_MEMBER, "%s is not an array", row->name);
    for (size_t i = 0; i < json_array_size(list); i++) {
        _Alignas(max_align_t) char scratch[512];
        if (row->object && row->object->size > sizeof scratch)
            return lm_fail(error, LM_DEFECT, "items of %s are too large", row->name);
        if (read_value(row, json_array_get(list, i), scratch, error) < 0)
            return -1;
    }
    *(const json_t **)out = list;
    return 0;
}

static void clear_member(const struct lm_member *row, void *out) {
    if (row->flags & LM_LIST || lm_kind_is_text(row->kind) || row->kind == LM_KIND_JSON) {
        *(void **)out = NULL;
        return;
    }
    switch (row->kind) {
    case LM_KIND_OBJECT:
        lm_members_clear(row->object, out);
        break;
    case LM_KIND_AMOUNT:
        *(lm_i128 *)out = LM_ABSENT_AMOUNT;
        break;
    case LM_KIND_WORD:
        *(int *)out = -1;
        break;
    case LM_KIND_PERIOD:
        *(struct lm_period *)out = (struct lm_period){0};
        break;
    case LM_KIND_VALIDITY:
        *(struct lm_validity *)out = (struct lm_validity){0};
        break;
    case LM_KIND_MONTH:
        *(struct lm_month *)out = (struct lm_month){0};
        break;
    default:
        *(int64_t *)out = LM_ABSENT;
        break;
    }
}

void lm_members_clear(const struct lm_members *members, void *out) {
    memset(out, 0, members->size);
    for (size_t i = 0; i < members->count; i++)
        clear_member(&members->rows[i], (char *)out + members->rows[i].offset);
}

static const struct lm_member *find_row(const struct lm_members *members, const char *name) {
    size_t low = 0;
    size_t high = members->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = strcmp(name, members->rows[middle].name);
        if (order == 0)
            return &members->rows[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

static bool also_allowed(const struct lm_members *members, const char *name,
                         const char *const *also) {
    if (!members->closed && strncmp(name, "x_", 2) == 0)
        return true;
    for (; also && *also; also++) {
        if (strcmp(*also, name) == 0)
            return true;
    }
    return false;
}

int lm_members_read(const struct lm_members *members, const json_t *object, const char *const *also,
                    void *out, struct lm_error *error) {
    lm_members_clear(members, out);
    uint64_t seen = 0;
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, name, value) {
        const struct lm_member *row = find_row(members, name);
        if (!row) {
            if (also_allowed(members, name, also))
                continue;
            return lm_fail(error, LM_UNKNOWN_MEMBER, "unknown member '%.64s'", name);
        }
        void *target = (char *)out + row->offset;
        seen |= (uint64_t)1 << (row - members->rows);
        if (json_is_null(value) && row->flags & LM_NULLABLE)
            continue;
        if ((row->flags & LM_LIST ? read_list(row, value, target, error)
                                  : read_value(row, value, target, error)) < 0)
            return -1;
    }
    for (size_t i = 0; i < members->count; i++) {
        if (!(members->rows[i].flags & LM_OPTIONAL) && !(seen & (uint64_t)1 << i))
            return lm_fail(error, LM_MISSING_MEMBER, "missing member '%s'", members->rows[i].name);
    }
    return 0;
}
