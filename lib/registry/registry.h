/*
 * Who is who, and by which rules: identities, revocations, approved firmware and market-rules, all
 * of them signed by one key, the root. A registry is filled record by record, sealed, and then
 * asked, by several threads if need be.
 *
 *     struct lm_registry *registry = lm_registry_new(&root, &error);
 *     while (... a record ...)
 *         lm_registry_add(registry, &record, source, line, &error);
 *     lm_registry_seal(registry, pool, on_reject, context, &error);
 *     lm_registry_check(registry, &record, instant_s, &signer, &error);
 *     lm_registry_free(registry);
 *
 * Of several identities of one id that are valid at an instant, the latest valid.start counts;
 * where different ones begin together, none does (LM_AMBIGUOUS). The same goes for the rules of a
 * market. In a log, none takes the place of others before it was logged (lib/record/latest.h), nor
 * rules for periods whose gates had closed by then.
 *
 * Nobody is framed afterwards: a revocation takes effect at its `at`, or, in a log, at its entry if
 * that is later, and a copy of it outside the log changes nothing of that. One that is nowhere in a
 * log takes effect at its `at`. A key that an identity got by an entry of the log is not superseded
 * before another identity's entry.
 */
#ifndef LM_REGISTRY_REGISTRY_H
#define LM_REGISTRY_REGISTRY_H

#include "lib/base/lines.h"
#include "lib/base/pool.h"
#include "lib/crypto/key.h"
#include "lib/record/record.h"

/* The registrar's key. Known by its thumbprint alone, it is found in the registrar's identity. */
struct lm_root {
    char kid[LM_DIGEST_TEXT_SIZE];
    bool public_known;
    uint8_t public_key[32];
};

/* Reads what --root names: a thumbprint, or else a file with the registrar's key (private or
 * public JWK Set) or identity record. LM_NO_INPUT, LM_BAD_KEY. */
int lm_root_load(const char *file_or_kid, struct lm_root *root,
                 struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* The public signing key in a file: a key file, or an identity record of any role. Nobody vouches
 * for it but the file. LM_NO_INPUT, LM_BAD_KEY. */
int lm_public_key_load(const char *path, uint8_t public_key[32],
                       struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

struct lm_registry;

struct lm_registry *lm_registry_new(const struct lm_root *root,
                                    struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
void lm_registry_free(struct lm_registry *registry);

/* Adds a record of a type that only the root signs, bare or out of an entry; passes over others.
 * Nothing is kept by reference but SOURCE (may be NULL), for messages. Fails only for want of
 * memory. */
int lm_registry_add(struct lm_registry *registry, const struct lm_record *record,
                    const char *source, uint64_t line, struct lm_error *error)
    LM_NONNULL_AT(1, 2, 5) LM_MUST_CHECK;

/* Checks the root's signature of every record that was added, with POOL's threads, and drops those
 * that have none, and revocations of a key that no identity of their id has (LM_WRONG_KEY): REJECT
 * (may be NULL) is told of them in the order in which they came. LM_BAD_KEY where the root's public
 * key is not known. */
int lm_registry_seal(struct lm_registry *registry, struct lm_pool *pool,
                     void (*reject)(void *context, const char *source, uint64_t line,
                                    const struct lm_error *why),
                     void *context, struct lm_error *error) LM_NONNULL_AT(1, 2, 5) LM_MUST_CHECK;

/* Whether a source that records were added from is a log that the registrar has signed for. */
typedef bool lm_registry_logged(void *context, const char *source);

/*
 * Once sealed: what the registrar's log holds counts before what it does not. Where LOGGED sources
 * hold identities, or rules of a market, others are not known at any time: they take the place of
 * none. Revocations from other sources do not count where one of these holds the identity.
 */
void lm_registry_by_log(struct lm_registry *registry, lm_registry_logged *logged, void *context)
    LM_NONNULL_AT(1, 2);

/* A record as it counts by that: HELD, which may be RECORD and borrows what it holds, is an
 * identity or market-rules of an entry at the instant since which it is known
 * (lib/record/latest.h). Others stay as they are. */
int lm_registry_as_known(const struct lm_registry *registry, const struct lm_record *record,
                         struct lm_record *held, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* How a registrar contradicts itself. */
enum lm_contradiction {
    LM_CONTRADICTION_TOGETHER, /* two identities of one id begin together */
    LM_CONTRADICTION_LATE,     /* one gives somebody another standing for a time before its entry */
    LM_CONTRADICTION_UNLOGGED, /* one that says something else is in no LOGGED source */
    LM_CONTRADICTION_REGION,   /* rules of two markets that hold together name one region */
};

/* Tells of all of them, as they were added: the identity, and the logged one that it contradicts;
 * then rules, logged or not, and the others. Stops where TELL does not return 0, and returns that.
 */
int lm_registry_contradictions(const struct lm_registry *registry, lm_registry_logged *logged,
                               int (*tell)(void *context, enum lm_contradiction kind,
                                           const struct lm_place *place,
                                           const struct lm_place *other, struct lm_error *error),
                               void *context, struct lm_error *error)
    LM_NONNULL_AT(1, 2, 3, 5) LM_MUST_CHECK;

/* An identity that counts. Texts are the registry's. */
struct lm_registered {
    const char *id;
    uint32_t number; /* of the id, in this registry, from 0 */
    const char *kid;
    int role;
    const char *supplier;       /* of a user, else NULL */
    const char *region;         /* of a user, else NULL */
    const char *user;           /* of a meter, else NULL */
    const char *const *regions; /* of market, supplier, dso, tso */
    size_t region_count;
    const char *const *firmware; /* of a meter, what it may run; count 0 where that is not said */
    size_t firmware_count;
    struct lm_validity valid;
    uint8_t public_key[32];
    uint8_t seal_public[32]; /* what records to it are sealed with */
};

/* Who has the key KID at an instant: LM_UNKNOWN_SIGNER, LM_NOT_YET_VALID, LM_EXPIRED,
 * LM_SUPERSEDED, LM_AMBIGUOUS, LM_REVOKED. */
int lm_registry_by_kid(const struct lm_registry *registry, const char *kid, int64_t instant_s,
                       struct lm_registered *registered,
                       struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* The same; where several ids have the key, SUBJECT (may be NULL) is preferred. */
int lm_registry_signer(const struct lm_registry *registry, const char *kid, const char *subject,
                       int64_t instant_s, struct lm_registered *registered, struct lm_error *error)
    LM_NONNULL_AT(1, 2, 5, 6) LM_MUST_CHECK;
/* Who ID is at an instant, whatever became of its key: LM_NO_IDENTITY, LM_AMBIGUOUS. */
int lm_registry_by_id(const struct lm_registry *registry, const char *id, int64_t instant_s,
                      struct lm_registered *registered,
                      struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* The ids that are a DSO's or TSO's at some time, in byte order, into an array that the caller
 * frees; the texts are the registry's. */
int lm_registry_operators(const struct lm_registry *registry, const char ***ids, size_t *count,
                          struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* True where, at some instant of the stretch, user ID is supplied by SUPPLIER. */
bool lm_registry_supplied(const struct lm_registry *registry, const char *id, const char *supplier,
                          struct lm_validity stretch) LM_NONNULL LM_MUST_CHECK;

/* When to judge a record that somebody has had for some time at INSTANT_S: then, but for a key that
 * has expired or was replaced since at an instant at which it was its owner's. Nobody is rid of
 * what she signed by taking another key; one that was revoked proves nothing. */
int64_t lm_registry_signed_at(const struct lm_registry *registry, const struct lm_record *record,
                              int64_t instant_s) LM_NONNULL LM_MUST_CHECK;

/* How many ids there are: their numbers are below. */
size_t lm_registry_ids(const struct lm_registry *registry) LM_NONNULL LM_MUST_CHECK;

/* True where some identity of ID, at whatever time, has the key KID. */
bool lm_registry_has_key(const struct lm_registry *registry, const char *id,
                         const char *kid) LM_NONNULL LM_MUST_CHECK;
/* True where a revocation of the key KID, whosever it is, counts at an instant. */
bool lm_registry_revoked(const struct lm_registry *registry, const char *kid,
                         int64_t instant_s) LM_NONNULL LM_MUST_CHECK;

/* What the rules of a market say of orders. Texts are the registry's. */
struct lm_registered_rules {
    const char *market;
    uint32_t number; /* of the market's id, as in struct lm_registered */
    struct lm_validity valid;
    const char *const *regions;
    size_t region_count;
    int64_t period_minutes;
    int64_t gate_minutes;
    int64_t grace_seconds;
    int64_t price_floor_micro; /* LM_ABSENT where there is none */
    int64_t price_cap_micro;
    int64_t max_orders;
};

/* The rules of MARKET that hold at an instant, a period's start. LM_MISSING_RECORD where there are
 * none, LM_AMBIGUOUS. */
int lm_registry_rules(const struct lm_registry *registry, const char *market, int64_t instant_s,
                      struct lm_registered_rules *rules,
                      struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* Whether a firmware record that is valid at an instant approves a digest. */
bool lm_registry_approves(const struct lm_registry *registry, const char *digest,
                          int64_t instant_s) LM_NONNULL LM_MUST_CHECK;
/* Whether the registry has any firmware record, valid or not. */
bool lm_registry_approves_any(const struct lm_registry *registry) LM_NONNULL LM_MUST_CHECK;

/* The root that the registry was made for; its public key is known once it is sealed. */
const struct lm_root *lm_registry_root(const struct lm_registry *registry) LM_NONNULL;

/*
 * Checks a record: that it is signed, by a key that counts at INSTANT_S, of somebody who may sign
 * this record (lib/registry/authority.h), and that the signature verifies. What is cheap is checked
 * first. Where SIGNER is not NULL, a record that its signer may not sign has its signature checked
 * all the same, and *signer says who proved to have signed it; NULL where nobody did.
 */
int lm_registry_check(const struct lm_registry *registry, const struct lm_record *record,
                      int64_t instant_s, const char **signer, struct lm_error *error)
    LM_NONNULL_AT(1, 2, 5) LM_MUST_CHECK;

/*
 * The same in two steps, for whoever has more that is cheap to check before the signature:
 * lm_registry_admit does all that needs no cryptography, and says whose signature it must be. Until
 * lm_admitted_verify agrees, that is only what the record pretends. What root signs has to be
 * finished with lm_registry_check.
 */
struct lm_admitted {
    struct lm_registered signer; /* id NULL where nobody is known, or for the root */
    bool by_root;
};
int lm_registry_admit(const struct lm_registry *registry, const struct lm_record *record,
                      int64_t instant_s, struct lm_admitted *admitted,
                      struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* Checks SIGNATURE over a record's payload (lm_record_payload). LM_BAD_SIGNATURE. */
int lm_admitted_verify(const struct lm_admitted *admitted, const struct lm_signature *signature,
                       const char *payload, size_t size,
                       struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

#endif
