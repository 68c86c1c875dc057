/*
 * Who may be told what: one table. lm-inform does what its rows say and prints them; what no row
 * allows nobody is told (sections III-B, III-C 3 and 5, and V of the paper: just sufficient for an
 * entity to carry out its duties).
 */
#ifndef LM_MARKET_POLICY_H
#define LM_MARKET_POLICY_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/record/types.h"

/* When something is told. */
enum lm_stage {
    LM_STAGE_CLEARING,   /* of an auction, once it has cleared */
    LM_STAGE_SETTLEMENT, /* of what flowed and who pays, after the period */
};

/* Whose records somebody may be told of. */
enum lm_whose {
    LM_WHOSE_OWN,       /* those that are about herself */
    LM_WHOSE_CUSTOMERS, /* those of the users whose supplier it is when the period starts */
    LM_WHOSE_REGIONS,   /* those of the users of the regions that it has then */
};

/* In which form. */
enum lm_form {
    LM_FORM_ORDERS,          /* a notice that lists what of each order was traded */
    LM_FORM_TRADED,          /* a notice with one sum of what was bought and one of what was sold */
    LM_FORM_COPY,            /* the record, addressed to who is told */
    LM_FORM_SUPPLIER_TOTALS, /* a sum for each region and supplier, over min_group users or more */
    LM_FORM_REGION_TOTAL,    /* a sum for each region, over min_group users or more */
    LM_FORM_RECORD,          /* the record itself, as it came */
};

struct lm_right {
    enum lm_stage stage;
    int by;          /* the role that tells, and signs what is told */
    enum lm_type of; /* the type of record that it is about */
    int to;          /* the role of who is told */
    enum lm_whose whose;
    enum lm_form form;
};

extern const struct lm_right lm_rights[];
extern const size_t lm_right_count;

/* True where ROLE may be told its own records of TYPE. */
bool lm_policy_own(int role, enum lm_type type) LM_MUST_CHECK;
/* True where some row tells ROLE in that form. */
bool lm_policy_form(int role, enum lm_form form) LM_MUST_CHECK;

/* The table as text, one row a line, columns apart by two blanks or more. */
void lm_policy_write(struct lm_buffer *out) LM_NONNULL;

#endif
