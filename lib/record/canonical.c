#include "lib/record/canonical.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/limits.h"

/* U+FDD0 to U+FDEF and the last two code points of every plane (RFC 7493 section 2.1). */
bool lm_noncharacter_in(const char *text, size_t size) {
    const unsigned char *bytes = (const unsigned char *)text;
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] < 0xEF)
            continue;
        if (bytes[i] == 0xEF && i + 2 < size) {
            if (bytes[i + 1] == 0xB7 && bytes[i + 2] >= 0x90 && bytes[i + 2] <= 0xAF)
                return true;
            if (bytes[i + 1] == 0xBF && bytes[i + 2] >= 0xBE)
                return true;
        }
        /* Four bytes: the low 16 bits are 0xFFFE or 0xFFFF. */
        if (bytes[i] >= 0xF0 && i + 3 < size && (bytes[i + 1] & 0x0F) == 0x0F &&
            bytes[i + 2] == 0xBF && bytes[i + 3] >= 0xBE)
            return true;
    }
    return false;
}

static int check_text(const char *text, size_t size, struct lm_error *error) {
    if (lm_noncharacter_in(text, size))
        return lm_fail(error, LM_NONCHARACTER, "a string holds a Unicode noncharacter");
    return 0;
}

/* Whether a member of a record is a record by itself. */
static bool holds_record(const json_t *record, const char *name) {
    static const struct {
        const char *type;
        const char *member;
    } holders[] = {{"entry", "record"},
                   {"exhibit", "entry"},
                   {"claim", "record"},
                   {"claim", "receipt"},
                   {"reject", "record"}};
    const char *type = json_string_value(json_object_get(record, "type"));
    for (size_t i = 0; type && i < sizeof holders / sizeof *holders; i++) {
        if (strcmp(type, holders[i].type) == 0 && strcmp(name, holders[i].member) == 0)
            return true;
    }
    return false;
}

/* DEPTH is counted in the record that the value is in, HELD those around that one. */
static int check_depth(const json_t *value, int depth, int held, struct lm_error *error) {
    if (depth > LM_DEPTH_MAX && (json_is_object(value) || json_is_array(value)))
        return lm_fail(error, LM_DEPTH, "nested deeper than %d", LM_DEPTH_MAX);
    switch (json_typeof(value)) {
    case JSON_OBJECT: {
        const char *name;
        json_t *member;
        /* jansson iterates const objects through a non-const pointer, but does not write. */
        json_object_foreach((json_t *)(uintptr_t)value, name, member) {
            bool record = depth == 1 && held < LM_HELD_MAX && holds_record(value, name);
            if (check_text(name, strlen(name), error) < 0 ||
                check_depth(member, record ? 1 : depth + 1, record ? held + 1 : held, error) < 0)
                return -1;
        }
        return 0;
    }
    case JSON_ARRAY:
        for (size_t i = 0; i < json_array_size(value); i++) {
            if (check_depth(json_array_get(value, i), depth + 1, held, error) < 0)
                return -1;
        }
        return 0;
    case JSON_STRING:
        return check_text(json_string_value(value), json_string_length(value), error);
    case JSON_REAL:
        lm_fail(error, LM_REAL, "number %.15g is written with a fraction or an exponent",
                json_real_value(value));
        return lm_hint(error,
                       "numbers are plain integers; prices and amounts are strings: \"0.2\"");
    case JSON_INTEGER: {
        json_int_t integer = json_integer_value(value);
        if (integer > LM_INTEGER_MAX || integer < -LM_INTEGER_MAX)
            return lm_fail(error, LM_INTEGER_RANGE, "integer %lld is beyond 2^53-1",
                           (long long)integer);
        return 0;
    }
    case JSON_TRUE:
    case JSON_FALSE:
    case JSON_NULL:
        break;
    }
    return 0;
}

int lm_ijson_check(const json_t *value, struct lm_error *error) {
    return check_depth(value, 1, 0, error);
}

void lm_canonical_string(const char *text, size_t size, struct lm_buffer *out) {
    static const char hex[] = "0123456789abcdef";
    lm_buffer_byte(out, '"');
    size_t plain = 0; /* start of the run that needs no escape */
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        lm_buffer_bytes(out, text + plain, i - plain);
        plain = i + 1;
        const char *shorts = "\b\t\n\f\r\"\\";
        const char *found = c ? strchr(shorts, c) : NULL;
        lm_buffer_byte(out, '\\');
        if (found) {
            lm_buffer_byte(out, "btnfr\"\\"[found - shorts]);
        } else {
            lm_buffer_text(out, "u00");
            lm_buffer_byte(out, hex[c >> 4]);
            lm_buffer_byte(out, hex[c & 15]);
        }
    }
    lm_buffer_bytes(out, text + plain, size - plain);
    lm_buffer_byte(out, '"');
}

int lm_canonical_compare(const char *a, const char *b) {
    const unsigned char *x = (const unsigned char *)a;
    const unsigned char *y = (const unsigned char *)b;
    while (*x && *x == *y) {
        x++;
        y++;
    }
    /* UTF-8 sorts as code points do. UTF-16 differs in one thing: what lies beyond U+FFFF (lead
     * bytes F0 and up) is written with surrogates and sorts before U+E000 to U+FFFF (EE, EF). */
    if (*x >= 0xEE && *y >= 0xEE && (*x >= 0xF0) != (*y >= 0xF0))
        return *x >= 0xF0 ? -1 : 1;
    return (*x > *y) - (*x < *y);
}

struct pair {
    const char *name;
    const json_t *value;
};

static int compare_pairs(const void *a, const void *b) {
    return lm_canonical_compare(((const struct pair *)a)->name, ((const struct pair *)b)->name);
}

static bool named(const char *name, const char *const *list) {
    for (; list && *list; list++) {
        if (strcmp(*list, name) == 0)
            return true;
    }
    return false;
}

/* Records have some ten members, so that sorting by insertion is the quick way; a hostile object
 * of thousands goes to qsort. */
static void sort_pairs(struct pair *pairs, size_t count) {
    if (count > 32) {
        qsort(pairs, count, sizeof *pairs, compare_pairs);
        return;
    }
    for (size_t i = 1; i < count; i++) {
        struct pair pair = pairs[i];
        size_t k = i;
        for (; k > 0 && lm_canonical_compare(pairs[k - 1].name, pair.name) > 0; k--)
            pairs[k] = pairs[k - 1];
        pairs[k] = pair;
    }
}

static void write_object(const json_t *object, const char *const *without, struct lm_buffer *out) {
    struct pair few[32];
    struct pair *pairs = few;
    size_t size = json_object_size(object);
    if (size > sizeof few / sizeof *few) {
        pairs = malloc(size * sizeof *pairs);
        if (!pairs) {
            out->failed = true;
            return;
        }
    }
    size_t count = 0;
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, name, value) {
        if (!named(name, without))
            pairs[count++] = (struct pair){name, value};
    }
    sort_pairs(pairs, count);
    lm_buffer_byte(out, '{');
    for (size_t i = 0; i < count; i++) {
        if (i)
            lm_buffer_byte(out, ',');
        lm_canonical_string(pairs[i].name, strlen(pairs[i].name), out);
        lm_buffer_byte(out, ':');
        lm_canonical(pairs[i].value, NULL, out);
    }
    lm_buffer_byte(out, '}');
    if (pairs != few)
        free(pairs);
}

void lm_canonical(const json_t *value, const char *const *without, struct lm_buffer *out) {
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        write_object(value, without, out);
        break;
    case JSON_ARRAY:
        lm_buffer_byte(out, '[');
        for (size_t i = 0; i < json_array_size(value); i++) {
            if (i)
                lm_buffer_byte(out, ',');
            lm_canonical(json_array_get(value, i), NULL, out);
        }
        lm_buffer_byte(out, ']');
        break;
    case JSON_STRING:
        lm_canonical_string(json_string_value(value), json_string_length(value), out);
        break;
    case JSON_INTEGER:
        lm_buffer_integer(out, json_integer_value(value));
        break;
    case JSON_TRUE:
        lm_buffer_text(out, "true");
        break;
    case JSON_FALSE:
        lm_buffer_text(out, "false");
        break;
    case JSON_NULL:
        lm_buffer_text(out, "null");
        break;
    case JSON_REAL:
        /* Not reached after lm_ijson_check: reals have no canonical form here. */
        out->failed = true;
        break;
    }
}
