/*
 * A record type as one table of members: the parser, the checker, the writer and lm-records(5)
 * all read the same rows.
 */
#ifndef LM_RECORD_SCHEMA_H
#define LM_RECORD_SCHEMA_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/buffer.h"
#include "lib/base/checked.h"
#include "lib/base/error.h"

/* What a member holds, and the C type that it is read into. */
enum lm_kind {
    LM_KIND_ID,         /* const char *: an id */
    LM_KIND_TEXT,       /* const char *: any text */
    LM_KIND_CURRENCY,   /* const char *: three capital letters, ISO 4217 */
    LM_KIND_ZONE,       /* const char *: spelled like an IANA zone */
    LM_KIND_DIGEST,     /* const char *: 32 bytes as 43 characters of base64url */
    LM_KIND_BINARY,     /* const char *: base64url without padding */
    LM_KIND_PRICE_RULE, /* const char *: midpoint, low, high, k=0.25 */
    LM_KIND_COUNT,      /* int64_t: 0 to 2^53−1 */
    LM_KIND_ENERGY,     /* int64_t: watt-hours, 0 to 2^53−1 */
    LM_KIND_PRICE,      /* int64_t: micro-units per kWh, from a decimal string */
    LM_KIND_AMOUNT,     /* lm_i128: nano-units, from a decimal string */
    LM_KIND_PERIOD,     /* struct lm_period */
    LM_KIND_VALIDITY,   /* struct lm_validity */
    LM_KIND_INSTANT,    /* int64_t: seconds since 1970 */
    LM_KIND_MONTH,      /* struct lm_month */
    LM_KIND_CLOCK,      /* int64_t: minutes since midnight, 0 to 1440, from "07:00" */
    LM_KIND_WORD,       /* int: index into `words` */
    LM_KIND_OBJECT,     /* the struct of `object`, in place */
    LM_KIND_JSON,       /* json_t *, borrowed: an object that is checked by whoever uses it */
};

/* How a member is absent in the C struct: texts, lists and JSON are NULL, words -1, validities,
 * months and periods all zero, and numbers these. */
#define LM_ABSENT        INT64_MIN
#define LM_ABSENT_AMOUNT ((lm_i128)((lm_u128)1 << 127))

enum {
    LM_OPTIONAL = 1, /* may be missing */
    LM_NULLABLE = 2, /* may be null, which reads as absent */
    LM_LIST = 4,     /* an array of the kind: json_t *, borrowed */
};

struct lm_members;

struct lm_member {
    const char *name;
    enum lm_kind kind;
    unsigned flags;
    size_t offset;
    const char *const *words;        /* LM_KIND_WORD: ends with NULL */
    const struct lm_members *object; /* LM_KIND_OBJECT */
    const char *meaning;             /* for lm-records(5) */
};

/* Rows sorted by name, which is canonical order, as all names are ASCII. */
struct lm_members {
    const struct lm_member *rows;
    size_t count;
    size_t size; /* of the C struct */
    bool closed; /* refuses x_ members as well */
};

/*
 * Reads OBJECT into OUT (members->size bytes, aligned as its struct) by the rows. Texts and lists
 * are borrowed from OBJECT. Missing, ill-typed and unknown members fail, but for names that begin
 * with x_ (unless the members are closed) and those in ALSO (ends with NULL; may be NULL).
 */
int lm_members_read(const struct lm_members *members, const json_t *object, const char *const *also,
                    void *out, struct lm_error *error) LM_NONNULL_AT(1, 2, 4, 5) LM_MUST_CHECK;

/* Appends the canonical form of the struct at IN, with "type" and "v" where TYPE is not NULL. */
void lm_members_write(const struct lm_members *members, const char *type, const void *in,
                      struct lm_buffer *out) LM_NONNULL_AT(1, 3, 4);

/* Sets every member of the struct at OUT to absent. */
void lm_members_clear(const struct lm_members *members, void *out) LM_NONNULL;

/* True for the kinds that read as texts. */
bool lm_kind_is_text(enum lm_kind kind) LM_MUST_CHECK;
/* True where TEXT (NUL-terminated, SIZE bytes) is of the kind, which is one that reads as a text.
 */
bool lm_kind_text_valid(enum lm_kind kind, const char *text, size_t size) LM_NONNULL LM_MUST_CHECK;

/* What a kind is called in messages and in lm-records(5). */
const char *lm_kind_name(enum lm_kind kind);

#endif
