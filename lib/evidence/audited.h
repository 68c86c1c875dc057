/*
 * One input of an audit: a log, or a stream of records.
 *
 * In a log every line is an entry whose n is its place, no entry is dated before the one before
 * it, and no record is there twice. What is wrong with an entry is its keeper's fault as far as
 * the keeper has signed for it.
 */
#ifndef LM_EVIDENCE_AUDITED_H
#define LM_EVIDENCE_AUDITED_H

#include "lib/base/limits.h"
#include "lib/base/repeats.h"
#include "lib/crypto/merkle.h"
#include "lib/evidence/findings.h"
#include "lib/record/record.h"

/* The tree at a size that some checkpoint names. */
struct lm_audited_root {
    uint8_t hash[LM_HASH_SIZE];
    int64_t last_at_s; /* the latest instant in its entries; LM_ABSENT where there is none */
    int64_t next_at_s; /* when the entry behind it was taken in, likewise */
};

/* A checkpoint that fits. */
struct lm_audited_mark {
    uint64_t size;
    int64_t witnessed_s; /* by when all the witnesses had seen that much or more */
};

struct lm_audited {
    const char *file;                /* its name; NULL for nothing */
    const char *name;                /* what findings call it; NULL for nothing */
    size_t place;                    /* among the inputs, from 0 */
    bool stream;                     /* never a log */
    bool log;                        /* otherwise what the first line is decides */
    uint64_t lines;                  /* in the pass so far */
    uint64_t all_lines;              /* as the first pass counted them */
    bool identities;                 /* it holds some */
    char issuer[LM_ID_SIZE_MAX + 1]; /* whose log it looks like by what it holds; "" for nobody's */
    bool contradicted;               /* a checkpoint of its keeper's has another root */
    bool backdated;                  /* what follows a checkpoint is dated before it */
    bool unsound; /* it holds something that only the root signs, and that it did not sign */
    struct lm_merkle tree;
    struct lm_audited_root
        *roots; /* owned; at the sizes that checkpoints name, as far as reached */
    size_t root_count;
    struct lm_audited_mark *marks; /* owned; what the checkpoints that fit say, by size */
    size_t mark_count;
    uint64_t last_bill;      /* the last line that is one; 0 for none */
    int64_t settled_until_s; /* when the latest period began that it settles; LM_ABSENT for none */
    const char *keeper;      /* who has signed for the first `committed` entries; NULL for nobody */
    int keeper_role;         /* enum lm_role */
    uint64_t committed;
    int64_t signed_s;    /* when she last signed for some, by her own word; 0 where none says */
    int64_t newest_at_s; /* the latest instant in the first pass so far; LM_ABSENT before one */
    int64_t next_n;
    int64_t last_at_s; /* LM_ABSENT before the first entry */
};

/* Whether a log's ORIGIN, as keepers choose them (KEEPER/FILE, or just FILE), fits the input's
 * file.
 */
bool lm_audited_called(const struct lm_audited *audited, const char *origin) LM_NONNULL;

/* Frees what an input holds, and itself. */
void lm_audited_free(struct lm_audited *audited);

/* Notes what a record of the first pass says of whose log it may be: a market's holds orders and
 * what the market makes of them, a supplier's what it settles. */
void lm_audited_survey(struct lm_audited *audited, const struct lm_record *record) LM_NONNULL;

/* Where a record of the input's line NUMBER (from 1) stands, for findings. RECORD is NULL for a
 * line that is none. */
struct lm_place lm_audited_place(const struct lm_audited *audited, uint64_t number,
                                 const struct lm_record *record) LM_NONNULL_AT(1);
/* Who answers for what the log holds at a line, NULL where nobody has signed for it. */
const char *lm_audited_keeper(const struct lm_audited *audited, uint64_t number) LM_NONNULL;

/* The checks of a log's next line in the second pass; RECORD is NULL for one that is no record.
 * DIGEST is the record's own, GOOD whether it was signed by who may. REPEATS remembers those of all
 * logs. *known tells whether the log holds it before, and it was good there: nothing more follows
 * from it. */
int lm_audited_check(struct lm_audited *audited, uint64_t number, const struct lm_record *record,
                     const uint8_t digest[32], bool good, struct lm_repeats *repeats, bool *known,
                     struct lm_findings *findings, struct lm_error *error)
    LM_NONNULL_AT(1, 4, 6, 7, 8, 9) LM_MUST_CHECK;

#endif
