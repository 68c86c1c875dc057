/*
 * Any bytes as JSON: what the parser takes has the canonical form that another canonicaliser makes
 * of the same text. That one, below, shares nothing with the library: it reads JSON by RFC 8259's
 * grammar itself, keeps strings as UTF-16 code units, and sorts and escapes those by RFC 8785.
 */
#include "lib/record/canonical.h"
#include "lib/record/record.h"
#include "tests/fuzz/fuzz.h"

#include <stdbool.h>
#include <string.h>

/* The text that is read, and where: it is JSON, or reading ends the process. */
struct text {
    const char *at;
    const char *end;
};

struct units {
    uint16_t *items;
    size_t count;
};

struct bytes {
    char *items;
    size_t count;
};

static void put(struct bytes *out, const char *items, size_t count) {
    out->items = realloc(out->items, out->count + count + 1);
    HOLDS(out->items);
    memcpy(out->items + out->count, items, count);
    out->count += count;
}

static void put_unit(struct units *units, uint32_t unit) {
    units->items = realloc(units->items, (units->count + 1) * sizeof *units->items);
    HOLDS(units->items);
    units->items[units->count++] = (uint16_t)unit;
}

static void skip_space(struct text *text) {
    while (text->at < text->end && strchr(" \t\r\n", *text->at) && *text->at)
        text->at++;
}

static char take(struct text *text) {
    HOLDS(text->at < text->end);
    return *text->at++;
}

static uint32_t take_hex(struct text *text) {
    uint32_t value = 0;
    for (int i = 0; i < 4; i++) {
        char c = take(text);
        const char *digits = "0123456789abcdef";
        const char *found = strchr(digits, c >= 'A' && c <= 'F' ? c + 32 : c);
        HOLDS(found && *found);
        value = value << 4 | (uint32_t)(found - digits);
    }
    return value;
}

/* A character of UTF-8 as one or two units. */
static void take_utf8(struct text *text, unsigned char lead, struct units *units) {
    int more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : lead >= 0xC0 ? 1 : 0;
    uint32_t point = more ? lead & (0x3FU >> more) : lead;
    for (int i = 0; i < more; i++)
        point = point << 6 | ((unsigned char)take(text) & 0x3F);
    if (point < 0x10000) {
        put_unit(units, point);
    } else {
        put_unit(units, 0xD800 + ((point - 0x10000) >> 10));
        put_unit(units, 0xDC00 + ((point - 0x10000) & 0x3FF));
    }
}

static struct units take_string(struct text *text) {
    static const char escapes[] = "\"\"\\\\//b\bf\fn\nr\rt\t";
    struct units units = {0};
    HOLDS(take(text) == '"');
    for (;;) {
        char c = take(text);
        if (c == '"')
            return units;
        if (c != '\\') {
            take_utf8(text, (unsigned char)c, &units);
            continue;
        }
        c = take(text);
        if (c == 'u') {
            put_unit(&units, take_hex(text));
            continue;
        }
        const char *escape = escapes;
        while (*escape && *escape != c)
            escape += 2;
        HOLDS(*escape);
        put_unit(&units, (unsigned char)escape[1]);
    }
}

static void put_utf8(uint32_t point, struct bytes *out) {
    char text[4];
    int more = point >= 0x10000 ? 3 : point >= 0x800 ? 2 : point >= 0x80 ? 1 : 0;
    static const unsigned char leads[] = {0, 0xC0, 0xE0, 0xF0};
    for (int i = more; i > 0; i--, point >>= 6)
        text[i] = (char)(0x80 | (point & 0x3F));
    text[0] = (char)(leads[more] | point);
    put(out, text, (size_t)more + 1);
}

static void put_control(uint32_t unit, struct bytes *out) {
    static const char *const escapes[0x20] = {
        ['\b'] = "\\b", ['\t'] = "\\t", ['\n'] = "\\n", ['\f'] = "\\f", ['\r'] = "\\r"};
    char hex[8];
    if (escapes[unit])
        put(out, escapes[unit], 2);
    else
        put(out, hex, (size_t)snprintf(hex, sizeof hex, "\\u%04x", (unsigned)unit));
}

/* RFC 8785 section 3.2.2.2. */
static void put_string(const struct units *units, struct bytes *out) {
    put(out, "\"", 1);
    for (size_t i = 0; i < units->count; i++) {
        uint32_t unit = units->items[i];
        HOLDS(unit != 0); /* the library takes no NUL */
        if (unit == '"')
            put(out, "\\\"", 2);
        else if (unit == '\\')
            put(out, "\\\\", 2);
        else if (unit < 0x20)
            put_control(unit, out);
        else if (unit >= 0xD800 && unit < 0xDC00 && i + 1 < units->count)
            put_utf8(0x10000 + ((unit - 0xD800) << 10) + (units->items[++i] - 0xDC00U), out);
        else
            put_utf8(unit, out);
    }
    put(out, "\"", 1);
}

struct member {
    struct units name;
    struct bytes value;
};

static int compare_members(const void *a, const void *b) {
    const struct units *x = &((const struct member *)a)->name;
    const struct units *y = &((const struct member *)b)->name;
    for (size_t i = 0; i < x->count && i < y->count; i++) {
        if (x->items[i] != y->items[i])
            return x->items[i] < y->items[i] ? -1 : 1;
    }
    return (x->count > y->count) - (x->count < y->count);
}

static void canonicalise(struct text *text, struct bytes *out);

static void canonicalise_object(struct text *text, struct bytes *out) {
    struct member *members = NULL;
    size_t count = 0;
    skip_space(text);
    if (*text->at == '}')
        text->at++;
    else
        do {
            struct member *more = realloc(members, (count + 1) * sizeof *members);
            HOLDS(more);
            members = more;
            skip_space(text);
            members[count] = (struct member){.name = take_string(text)};
            skip_space(text);
            HOLDS(take(text) == ':');
            canonicalise(text, &members[count++].value);
            skip_space(text);
        } while (take(text) == ',');
    if (count)
        qsort(members, count, sizeof *members, compare_members);
    put(out, "{", 1);
    for (size_t i = 0; i < count; i++) {
        if (i)
            put(out, ",", 1);
        put_string(&members[i].name, out);
        put(out, ":", 1);
        put(out, members[i].value.items, members[i].value.count);
        free(members[i].name.items);
        free(members[i].value.items);
    }
    put(out, "}", 1);
    free(members);
}

static void canonicalise_array(struct text *text, struct bytes *out) {
    put(out, "[", 1);
    skip_space(text);
    if (*text->at == ']')
        text->at++;
    else
        for (;;) {
            canonicalise(text, out);
            skip_space(text);
            if (take(text) == ']')
                break;
            put(out, ",", 1);
        }
    put(out, "]", 1);
}

static void canonicalise(struct text *text, struct bytes *out) {
    skip_space(text);
    HOLDS(text->at < text->end);
    if (*text->at == '{') {
        text->at++;
        canonicalise_object(text, out);
    } else if (*text->at == '[') {
        text->at++;
        canonicalise_array(text, out);
    } else if (*text->at == '"') {
        struct units units = take_string(text);
        put_string(&units, out);
        free(units.items);
    } else {
        /* null, true, false, or an integer: as it stands, but for -0. */
        const char *from = text->at;
        while (text->at < text->end && !strchr(" \t\r\n,]}", *text->at))
            text->at++;
        bool minus_zero = text->at - from == 2 && memcmp(from, "-0", 2) == 0;
        put(out, minus_zero ? "0" : from, minus_zero ? 1 : (size_t)(text->at - from));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct lm_error error;
    json_t *json = lm_json_parse((const char *)data, size, &error);
    if (!json)
        return 0;
    struct lm_buffer ours = {0};
    struct bytes theirs = {0};
    struct text text = {(const char *)data, (const char *)data + size};
    lm_canonical(json, NULL, &ours);
    canonicalise(&text, &theirs);
    skip_space(&text);
    HOLDS(text.at == text.end);
    HOLDS(lm_buffer_ok(&ours));
    HOLDS(ours.size == theirs.count && memcmp(ours.data, theirs.items, ours.size) == 0);
    lm_buffer_free(&ours);
    free(theirs.items);
    json_decref(json);
    return 0;
}
