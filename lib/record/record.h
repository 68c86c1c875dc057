/*
 * One line of a stream as a record: parsed, checked, read into its C struct.
 */
#ifndef LM_RECORD_RECORD_H
#define LM_RECORD_RECORD_H

#include <stdbool.h>

#include "lib/record/types.h"

/* A record, bare or out of an entry. Everything in it lives until lm_record_free. */
struct lm_record {
    json_t *line; /* the whole line; owned */
    json_t *json; /* the record itself: the line, or the entry's record; borrowed */
    enum lm_type type;
    union lm_body as;
    struct lm_signature signature; /* both NULL where the record has none */
    bool wrapped;                  /* in an entry; then: */
    int64_t entry_n;
    int64_t entry_at_s;
};

/*
 * Parses one line (no line feed) by the rules of lm-records(5): I-JSON, a known type, v 1, every
 * member of its kind, the type's own check. An entry is unwrapped; an entry in an entry is refused.
 * On failure *record holds nothing, *error says what and where.
 */
int lm_record_parse(const char *text, size_t size, struct lm_record *record,
                    struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* The same for an object that is parsed already; *record keeps a reference to it. */
int lm_record_from_json(json_t *json, struct lm_record *record,
                        struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* The most bytes that the line of a bare record of TYPE may have. */
size_t lm_record_size_max(enum lm_type type) LM_MUST_CHECK;

/* Frees what a record holds; harmless on a zeroed one. */
void lm_record_free(struct lm_record *record) LM_NONNULL;

/* Parses SIZE bytes as one strict I-JSON value (duplicate names, reals, big integers, NULs
 * refused). NULL with *error. The caller owns the result. Where memory runs out (LM_MEMORY), what
 * was parsed so far is not freed: a program that goes on leaks it. */
json_t *lm_json_parse(const char *text, size_t size,
                      struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* For an allocator that jansson is given in the place of the usual one: called where it has no
 * memory, it ends the lm_json_parse under way. Returns where there is none. */
void lm_json_no_memory(void);

/* Appends what a record's signature covers: its canonical form without sig. */
void lm_record_payload(const struct lm_record *record, struct lm_buffer *out) LM_NONNULL;
/* Appends the whole record's canonical form. */
void lm_record_canonical(const struct lm_record *record, struct lm_buffer *out) LM_NONNULL;

#endif
