#include <string.h>

#include "lib/base/id.h"
#include "lib/record/schemas.h"

const char *const lm_role_words[] = {"registrar", "market", "user",    "supplier", "dso",
                                     "tso",       "meter",  "auditor", NULL};

static const struct lm_member signature_rows[] = {
    LM_ROW(struct lm_signature, "protected", BINARY, 0, protected_header,
           "the JWS protected header, exactly alg, b64, crit and kid"),
    LM_ROW(struct lm_signature, "signature", BINARY, 0, signature,
           "the 64 bytes of the Ed25519 signature"),
};
/* Closed: no signature covers itself, so anybody could add a member and make a second line of one
 * signed record. */
const struct lm_members lm_signature_members = {
    .rows = signature_rows,
    .count = sizeof signature_rows / sizeof *signature_rows,
    .size = sizeof(struct lm_signature),
    .closed = true,
};

static const struct lm_member jwk_rows[] = {
    LM_ROW(struct lm_jwk, "crv", TEXT, 0, crv, "the curve: Ed25519 to sign, X25519 to seal"),
    LM_ROW(struct lm_jwk, "kty", TEXT, 0, kty, "the key type: OKP"),
    LM_ROW(struct lm_jwk, "x", DIGEST, 0, x, "the public key"),
};
const struct lm_members lm_jwk_members = LM_MEMBERS(jwk_rows, struct lm_jwk);

static const struct lm_member keys_rows[] = {
    LM_ROW(struct lm_identity_keys, "ring", DIGEST, LM_OPTIONAL, ring,
           "a ristretto255 key for ring signatures"),
    LM_OBJECT_ROW(struct lm_identity_keys, "seal", 0, seal, lm_jwk_members,
                  "the public key to seal records to"),
    LM_OBJECT_ROW(struct lm_identity_keys, "sign", 0, sign, lm_jwk_members,
                  "the public key that checks signatures"),
};
static const struct lm_members keys_members = LM_MEMBERS(keys_rows, struct lm_identity_keys);

/* Which members an identity of a role has beside the common ones. */
static const struct {
    bool supplier;
    bool region;
    bool user;
    bool regions;
    bool firmware; /* may have */
} role_members[LM_ROLE_COUNT] = {
    [LM_ROLE_MARKET] = {.regions = true},   [LM_ROLE_USER] = {.supplier = true, .region = true},
    [LM_ROLE_SUPPLIER] = {.regions = true}, [LM_ROLE_DSO] = {.regions = true},
    [LM_ROLE_TSO] = {.regions = true},      [LM_ROLE_METER] = {.user = true, .firmware = true},
};

static int check_presence(bool wanted, bool present, const char *name, int role,
                          struct lm_error *error) {
    if (wanted && !present)
        return lm_fail(error, LM_MISSING_MEMBER,
                       "missing member '%s' (an identity of role %s has it)", name,
                       lm_role_words[role]);
    if (!wanted && present)
        return lm_fail(error, LM_UNKNOWN_MEMBER, "an identity of role %s has no member '%s'",
                       lm_role_words[role], name);
    return 0;
}

static int check_key(const struct lm_jwk *key, const char *name, const char *curve,
                     struct lm_error *error) {
    if (strcmp(key->kty, "OKP") != 0 || strcmp(key->crv, curve) != 0)
        return lm_fail(error, LM_BAD_MEMBER, "keys.%s is not an OKP key on %s", name, curve);
    return 0;
}

static int check_identity(const union lm_body *body, struct lm_error *error) {
    const struct lm_identity *identity = &body->identity;
    int role = identity->role;
    if (lm_id_reserved(identity->id))
        return lm_fail(error, LM_BAD_MEMBER, "id '%s' begins with a prefix that is reserved",
                       identity->id);
    if (identity->regions && json_array_size(identity->regions) == 0)
        return lm_fail(error, LM_BAD_MEMBER, "regions is empty");
    if (check_presence(role_members[role].supplier, identity->supplier, "supplier", role, error) <
            0 ||
        check_presence(role_members[role].region, identity->region, "region", role, error) < 0 ||
        check_presence(role_members[role].user, identity->user, "user", role, error) < 0 ||
        check_presence(role_members[role].regions, identity->regions, "regions", role, error) < 0)
        return -1;
    if (!role_members[role].firmware && identity->firmware)
        return check_presence(false, true, "firmware", role, error);
    if (check_key(&identity->keys.sign, "sign", "Ed25519", error) < 0)
        return -1;
    return check_key(&identity->keys.seal, "seal", "X25519", error);
}

static const struct lm_member identity_rows[] = {
    LM_ROW(struct lm_identity, "firmware", DIGEST, LM_OPTIONAL | LM_LIST, firmware,
           "meter: the firmware digests that it may run"),
    LM_ROW(struct lm_identity, "id", ID, 0, id,
           "what the entity is called; p- and r- are reserved beginnings"),
    LM_OBJECT_ROW(struct lm_identity, "keys", 0, keys, keys_members, "its public keys"),
    LM_OBJECT_ROW(struct lm_identity, "proof", 0, proof, lm_signature_members,
                  "its own signature over the record without sig and proof: possession of the key"),
    LM_ROW(struct lm_identity, "region", ID, LM_OPTIONAL, region, "user: where she is connected"),
    LM_ROW(struct lm_identity, "regions", ID, LM_OPTIONAL | LM_LIST, regions,
           "market, supplier, dso, tso: where it acts"),
    LM_WORD_ROW(struct lm_identity, "role", 0, role, lm_role_words, "what it is"),
    LM_ROW(struct lm_identity, "supplier", ID, LM_OPTIONAL, supplier, "user: who supplies her"),
    LM_ROW(struct lm_identity, "user", ID, LM_OPTIONAL, user, "meter: whose it is"),
    LM_ROW(struct lm_identity, "valid", VALIDITY, 0, valid, "when the identity holds"),
};
static const struct lm_members lm_identity_members = LM_MEMBERS(identity_rows, struct lm_identity);

const struct lm_schema lm_identity_schema = {
    .name = "identity",
    .members = &lm_identity_members,
    .check = check_identity,
    .meaning = "Who an entity is, which keys are its own, and what it is allowed to be."};

static const struct lm_member revocation_rows[] = {
    LM_ROW(struct lm_revocation, "at", INSTANT, 0, at_s,
           "from when on signatures by the key no longer count"),
    LM_ROW(struct lm_revocation, "id", ID, 0, id, "whose key it is"),
    LM_ROW(struct lm_revocation, "kid", DIGEST, 0, kid, "the thumbprint of the revoked key"),
    LM_ROW(struct lm_revocation, "reason", TEXT, 0, reason, "why, for people"),
};
static const struct lm_members lm_revocation_members =
    LM_MEMBERS(revocation_rows, struct lm_revocation);

const struct lm_schema lm_revocation_schema = {.name = "revocation",
                                               .members = &lm_revocation_members,
                                               .meaning = "A key that no longer counts."};

static const struct lm_member firmware_rows[] = {
    LM_ROW(struct lm_firmware, "digests", DIGEST, LM_LIST, digests, "the approved firmware images"),
    LM_ROW(struct lm_firmware, "valid", VALIDITY, 0, valid, "when they are approved"),
};
static const struct lm_members lm_firmware_members = LM_MEMBERS(firmware_rows, struct lm_firmware);

const struct lm_schema lm_firmware_schema = {
    .name = "firmware",
    .members = &lm_firmware_members,
    .meaning = "Which meter firmware the registrar has approved."};
