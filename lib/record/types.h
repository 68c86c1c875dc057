/*
 * Every record type: its C struct, filled by its table of members. Member meanings stand once, in
 * the tables (lib/record/type_*.c), from which lm-records(5) is written.
 *
 * Texts, lists (json_t arrays) and nested records are borrowed from the parsed line. Absent
 * members are as lib/record/schema.h says.
 */
#ifndef LM_RECORD_TYPES_H
#define LM_RECORD_TYPES_H

#include "lib/base/period.h"
#include "lib/record/schema.h"

enum lm_type {
    LM_TYPE_IDENTITY,
    LM_TYPE_REVOCATION,
    LM_TYPE_FIRMWARE,
    LM_TYPE_MARKET_RULES,
    LM_TYPE_TARIFF,
    LM_TYPE_CONTRACT,
    LM_TYPE_NETWORK_FEE,
    LM_TYPE_ORDER,
    LM_TYPE_CLEARING,
    LM_TYPE_TRADE,
    LM_TYPE_CURVE,
    LM_TYPE_NOTICE,
    LM_TYPE_READING,
    LM_TYPE_TOTAL,
    LM_TYPE_SETTLEMENT,
    LM_TYPE_TRANSFER,
    LM_TYPE_ADJUSTMENT,
    LM_TYPE_BILL,
    LM_TYPE_CHALLENGE,
    LM_TYPE_RESPONSE,
    LM_TYPE_SEALED,
    LM_TYPE_ENTRY,
    LM_TYPE_RECEIPT,
    LM_TYPE_REJECT,
    LM_TYPE_ALERT,
    LM_TYPE_CLAIM,
    LM_TYPE_FINDING,
    LM_TYPE_VERDICT,
    LM_TYPE_EXHIBIT,
    LM_TYPE_COUNT
};

enum lm_role {
    LM_ROLE_REGISTRAR,
    LM_ROLE_MARKET,
    LM_ROLE_USER,
    LM_ROLE_SUPPLIER,
    LM_ROLE_DSO,
    LM_ROLE_TSO,
    LM_ROLE_METER,
    LM_ROLE_AUDITOR,
    LM_ROLE_COUNT
};
/* The words of enum lm_role, in its order; ends with NULL. */
extern const char *const lm_role_words[];

enum lm_side { LM_SIDE_OFFER, LM_SIDE_BID };
extern const char *const lm_side_words[];

enum lm_mechanism { LM_MECHANISM_DOUBLE_AUCTION };
extern const char *const lm_mechanism_words[];

enum lm_quality { LM_QUALITY_MEASURED, LM_QUALITY_ESTIMATED, LM_QUALITY_CORRECTED };
extern const char *const lm_quality_words[];

/* Who bears a network fee towards the user. */
enum lm_bearer { LM_BEARER_SUPPLIER, LM_BEARER_USER };
extern const char *const lm_bearer_words[];

enum lm_weekday { LM_SUN, LM_MON, LM_TUE, LM_WED, LM_THU, LM_FRI, LM_SAT };
extern const char *const lm_weekday_words[];

enum lm_item {
    LM_ITEM_RETAIL,
    LM_ITEM_FEED_IN,
    LM_ITEM_BOUGHT,
    LM_ITEM_SOLD,
    LM_ITEM_FEE_IMPORT,
    LM_ITEM_FEE_EXPORT,
    LM_ITEM_FEE_BOUGHT,
    LM_ITEM_FEE_SOLD,
    LM_ITEM_WITHHELD,
    LM_ITEM_ADJUSTMENT,
    LM_ITEM_COUNT
};
/* In this order items stand in settlements and bills. */
extern const char *const lm_item_words[];

enum lm_result {
    LM_RESULT_CLEAN,
    LM_RESULT_FINDINGS,
    LM_RESULT_UPHELD,
    LM_RESULT_REFUTED,
    LM_RESULT_UNDECIDABLE
};
extern const char *const lm_result_words[];

enum lm_claim_kind {
    LM_CLAIM_CONSUMED_LESS,
    LM_CLAIM_SOLD_MORE,
    LM_CLAIM_PRICE,
    LM_CLAIM_LEFT_OUT,
    LM_CLAIM_ALTERED,
    LM_CLAIM_BILL
};
extern const char *const lm_claim_words[];

/* A JWS without its payload (RFC 7515 section 7.2.2 and appendix F). */
struct lm_signature {
    const char *protected_header;
    const char *signature;
};
extern const struct lm_members lm_signature_members;

/* A public key of RFC 8037. */
struct lm_jwk {
    const char *crv;
    const char *kty;
    const char *x;
};
extern const struct lm_members lm_jwk_members;

struct lm_identity_keys {
    const char *ring;
    struct lm_jwk seal;
    struct lm_jwk sign;
};

struct lm_identity {
    json_t *firmware; /* digests */
    const char *id;
    struct lm_identity_keys keys;
    struct lm_signature proof;
    const char *region;
    json_t *regions;
    int role;
    const char *supplier;
    const char *user;
    struct lm_validity valid;
};

struct lm_revocation {
    int64_t at_s;
    const char *id;
    const char *kid;
    const char *reason;
};

struct lm_firmware {
    json_t *digests;
    struct lm_validity valid;
};

struct lm_market_rules {
    const char *currency;
    int64_t gate_minutes;
    int64_t grace_seconds;
    const char *market;
    int64_t max_orders;
    int mechanism;
    int64_t min_group;
    int64_t period_minutes;
    int64_t price_cap_micro;
    int64_t price_floor_micro;
    const char *price_rule;
    json_t *regions;
    struct lm_validity valid;
};

/* One band of a tariff's retail price; read from the items of lm_tariff.retail. */
struct lm_band {
    json_t *days; /* weekday words */
    int64_t from_minutes;
    int64_t price_micro;
    int64_t to_minutes;
};
extern const struct lm_members lm_band_members;

struct lm_fees_borne_by {
    int bought;
    int export;
    int import;
    int sold;
};

struct lm_tariff {
    const char *currency;
    int64_t feed_in_micro;
    struct lm_fees_borne_by fees_borne_by;
    const char *id;
    int64_t range_bits;
    json_t *retail;
    const char *supplier;
    struct lm_validity valid;
    const char *zone;
};

struct lm_contract {
    const char *supplier;
    const char *tariff;
    const char *user;
    struct lm_validity valid;
};

struct lm_network_fee {
    const char *by;
    const char *currency;
    int64_t price_micro;
    const char *region;
    struct lm_validity valid;
};

struct lm_order {
    int64_t at_s;
    int64_t energy_wh;
    const char *from;
    const char *id;
    const char *market;
    struct lm_period period;
    int64_t price_micro;
    struct lm_jwk seal;
    int64_t seq;
    int side;
};

struct lm_clearing {
    int64_t bids;
    int64_t demanded_wh;
    int64_t energy_wh;
    const char *market;
    int mechanism;
    int64_t offered_wh;
    int64_t offers;
    const char *orders_root;
    struct lm_period period;
    int64_t price_micro; /* absent (null) without a crossing, as the next two */
    int64_t price_high_micro;
    int64_t price_low_micro;
    const char *price_rule;
};

struct lm_trade {
    int64_t energy_wh;
    const char *from;
    const char *market;
    int64_t n;
    const char *order;
    struct lm_period period;
    int64_t price_micro;
    int side;
};

struct lm_curve {
    int64_t cumulative_wh;
    const char *market;
    struct lm_period period;
    int64_t price_micro;
    int side;
};

/* Read from the items of lm_notice.orders. */
struct lm_notice_order {
    int64_t energy_wh;
    const char *id;
    int side;
};
extern const struct lm_members lm_notice_order_members;

struct lm_notice {
    int64_t bought_wh;
    const char *market;
    json_t *orders;
    struct lm_period period;
    int64_t price_micro;
    int64_t sold_wh;
    const char *to;
};

struct lm_reading {
    int64_t export_wh;
    const char *firmware;
    int64_t import_wh;
    const char *meter;
    struct lm_period period;
    int quality;
    int64_t seq;
    const char *to;
};

struct lm_total {
    int64_t export_wh;
    int64_t import_wh;
    int64_t meters;
    struct lm_period period;
    const char *region;
    const char *supplier;
    const char *to;
};

/* Read from the items of settlements, adjustments and bills. */
struct lm_settlement_item {
    lm_i128 amount_nano;
    int64_t energy_wh;
    int item;
    int64_t price_micro;
};
extern const struct lm_members lm_settlement_item_members;

/* seq and month are an adjustment's only. */
struct lm_settlement {
    lm_i128 amount_nano;
    lm_i128 without_market_nano;
    int64_t bought_wh;
    const char *currency;
    int64_t export_wh;
    int64_t import_wh;
    json_t *items;
    const char *market;
    struct lm_month month;
    const char *party;
    struct lm_period period;
    const char *region;
    int role;
    int64_t seq;
    int64_t short_wh;
    int64_t sold_wh;
    const char *supplier;
    int64_t surplus_wh;
};

struct lm_transfer {
    lm_i128 amount_nano;
    const char *currency;
    const char *from;
    const char *market;
    struct lm_period period;
    const char *to;
};

struct lm_bill {
    lm_i128 amount_nano;
    lm_i128 carried_in_nano;
    lm_i128 carry_nano;
    lm_i128 difference_nano;
    lm_i128 rounded_nano;
    lm_i128 without_market_nano;
    const char *currency;
    json_t *items;
    struct lm_month month;
    const char *proof;
    const char *supplier;
    const char *user;
};

/* So long at most may a challenge wait for its response. */
#define LM_CHALLENGE_SECONDS_MAX 86400

struct lm_challenge {
    int64_t at_s;
    int64_t expires_s;
    const char *from;
    const char *nonce;
    const char *to;
};

struct lm_response {
    int64_t at_s;
    const char *attest;
    const char *challenge;
    int64_t expires_s;
    const char *from;
    const char *nonce;
    const char *to;
};

struct lm_sealed {
    const char *box;
    const char *kid;
    const char *to;
};

struct lm_entry {
    int64_t at_s;
    int64_t n;
    json_t *record;
};

struct lm_receipt {
    int64_t at_s;
    const char *leaf;
    const char *log;
    int64_t n;
};

struct lm_reject {
    const char *detail;
    int64_t line;
    int64_t offset;
    const char *program;
    const char *reason;
    json_t *record;
    const char *text;
};

struct lm_alert {
    int64_t at_s;
    int64_t count;
    const char *from;
    const char *kind;
    const char *program;
};

/* An entry of a log, as claims and findings point at it. */
struct lm_entry_reference {
    const char *log;
    int64_t n;
};
extern const struct lm_members lm_entry_reference_members;

struct lm_claim {
    const char *claimant;
    json_t *entries;
    int kind;
    struct lm_month month;
    struct lm_period period;
    json_t *receipt;
    json_t *record;
    const char *text;
};

struct lm_finding {
    const char *code;
    json_t *entries;
    const char *party;
    const char *text;
};

struct lm_verdict {
    const char *claim;
    json_t *exhibits;
    int64_t part; /* of an answer in several records; absent otherwise, as the next */
    int64_t parts;
    const char *party;
    int result;
    const char *text;
};

struct lm_exhibit {
    const char *checkpoint;
    const char *claim;
    json_t *entry;
    const char *log;
    int64_t n;
    json_t *path;
};

union lm_body {
    struct lm_identity identity;
    struct lm_revocation revocation;
    struct lm_firmware firmware;
    struct lm_market_rules market_rules;
    struct lm_tariff tariff;
    struct lm_contract contract;
    struct lm_network_fee network_fee;
    struct lm_order order;
    struct lm_clearing clearing;
    struct lm_trade trade;
    struct lm_curve curve;
    struct lm_notice notice;
    struct lm_reading reading;
    struct lm_total total;
    struct lm_settlement settlement; /* adjustments, too */
    struct lm_transfer transfer;
    struct lm_bill bill;
    struct lm_challenge challenge;
    struct lm_response response;
    struct lm_sealed sealed;
    struct lm_entry entry;
    struct lm_receipt receipt;
    struct lm_reject reject;
    struct lm_alert alert;
    struct lm_claim claim;
    struct lm_finding finding;
    struct lm_verdict verdict;
    struct lm_exhibit exhibit;
};

/* One record type. */
struct lm_schema {
    const char *name; /* the "type" member */
    const struct lm_members *members;
    /* What must hold between members; NULL where nothing must. */
    int (*check)(const union lm_body *body, struct lm_error *error);
    const char *meaning;
};

/* The schema of a type. */
const struct lm_schema *lm_schema_of(enum lm_type type) LM_MUST_CHECK;
/* The type called NAME, or LM_TYPE_COUNT. */
enum lm_type lm_type_named(const char *name) LM_NONNULL LM_MUST_CHECK;

/* Appends the canonical line (no line feed, no signature) of a record of TYPE. */
void lm_record_write(enum lm_type type, const void *body, struct lm_buffer *out) LM_NONNULL;
/* Sets every member of the body of TYPE to absent, before filling some. */
void lm_record_clear(enum lm_type type, void *body) LM_NONNULL;

#endif
