#include "lib/record/schema.h"

#include <string.h>

#include "lib/base/decimal.h"
#include "lib/base/id.h"
#include "lib/base/limits.h"
#include "lib/base/period.h"
#include "lib/base/zone.h"
#include "lib/record/canonical.h"
#include "lib/record/price_rule.h"

static const struct {
    const char *name;
    size_t size; /* of the C type, for those that are not texts */
} kinds[] = {
    [LM_KIND_ID] = {"id", 0},
    [LM_KIND_TEXT] = {"text", 0},
    [LM_KIND_CURRENCY] = {"currency", 0},
    [LM_KIND_ZONE] = {"zone", 0},
    [LM_KIND_DIGEST] = {"digest", 0},
    [LM_KIND_BINARY] = {"binary", 0},
    [LM_KIND_PRICE_RULE] = {"price rule", 0},
    [LM_KIND_COUNT] = {"count", sizeof(int64_t)},
    [LM_KIND_ENERGY] = {"energy", sizeof(int64_t)},
    [LM_KIND_PRICE] = {"price", sizeof(int64_t)},
    [LM_KIND_AMOUNT] = {"amount", sizeof(lm_i128)},
    [LM_KIND_PERIOD] = {"period", sizeof(struct lm_period)},
    [LM_KIND_VALIDITY] = {"validity", sizeof(struct lm_validity)},
    [LM_KIND_INSTANT] = {"instant", sizeof(int64_t)},
    [LM_KIND_MONTH] = {"month", sizeof(struct lm_month)},
    [LM_KIND_CLOCK] = {"clock", sizeof(int64_t)},
    [LM_KIND_WORD] = {"word", sizeof(int)},
    [LM_KIND_OBJECT] = {"object", 0},
    [LM_KIND_JSON] = {"record", 0},
};

const char *lm_kind_name(enum lm_kind kind) {
    return kinds[kind].name;
}

static bool is_text(enum lm_kind kind) {
    return kind <= LM_KIND_PRICE_RULE;
}

/* The alphabet of RFC 4648 section 5, and no set bits behind the last byte. */
static bool base64url_valid(const char *text, size_t size) {
    static const char tails[] = "AQgw";              /* size % 4 == 2: four bits to spare */
    static const char tails3[] = "AEIMQUYcgkosw048"; /* size % 4 == 3: two */
    for (size_t i = 0; i < size; i++) {
        char c = text[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !(c >= '0' && c <= '9') && c != '-' && c != '_')
            return false;
    }
    switch (size % 4) {
    case 1:
        return false;
    case 2:
        return strchr(tails, text[size - 1]) != NULL;
    case 3:
        return strchr(tails3, text[size - 1]) != NULL;
    default:
        return true;
    }
}

bool lm_kind_text_valid(enum lm_kind kind, const char *text, size_t size) {
    switch (kind) {
    case LM_KIND_ID:
        return lm_id_valid(text, size);
    case LM_KIND_CURRENCY:
        return size == 3 && strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 3;
    case LM_KIND_ZONE:
        return lm_zone_spelled(text);
    case LM_KIND_DIGEST:
        return size == 43 && base64url_valid(text, size);
    case LM_KIND_BINARY:
        return base64url_valid(text, size);
    case LM_KIND_PRICE_RULE: {
        struct lm_price_rule rule;
        return lm_price_rule_parse(text, size, &rule);
    }
    default:
        return true;
    }
}

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
    if (row->flags & LM_LIST || is_text(row->kind) || row->kind == LM_KIND_JSON) {
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
    case LM_KIND_VALIDITY:
    case LM_KIND_MONTH:
        memset(out, 0, kinds[row->kind].size);
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

static bool is_absent(const struct lm_member *row, const void *in) {
    if (row->flags & LM_LIST || is_text(row->kind) || row->kind == LM_KIND_JSON)
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
    if (is_text(row->kind)) {
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
