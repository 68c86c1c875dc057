#include "lib/record/schemas.h"

static const struct lm_member challenge_rows[] = {
    LM_ROW(struct lm_challenge, "at", INSTANT, 0, at_s, "when it was written"),
    LM_ROW(struct lm_challenge, "expires", INSTANT, 0, expires_s, "until when a response counts"),
    LM_ROW(struct lm_challenge, "from", ID, 0, from, "who wants to know"),
    LM_ROW(struct lm_challenge, "nonce", BINARY, 0, nonce, "random, used once"),
    LM_ROW(struct lm_challenge, "to", ID, 0, to, "who is to respond"),
};
static const struct lm_members lm_challenge_members =
    LM_MEMBERS(challenge_rows, struct lm_challenge);

const struct lm_schema lm_challenge_schema = {.name = "challenge",
                                              .members = &lm_challenge_members,
                                              .meaning =
                                                  "Asks an entity to show that it is there now."};

static const struct lm_member response_rows[] = {
    LM_ROW(struct lm_response, "at", INSTANT, 0, at_s, "when it was written"),
    LM_ROW(struct lm_response, "attest", TEXT, LM_OPTIONAL, attest,
           "what a platform attester says of the software"),
    LM_ROW(struct lm_response, "challenge", DIGEST, 0, challenge,
           "digest of the challenge that it answers"),
    LM_ROW(struct lm_response, "from", ID, 0, from, "who responds"),
    LM_ROW(struct lm_response, "nonce", BINARY, 0, nonce,
           "random, the challenge to the other side"),
    LM_ROW(struct lm_response, "to", ID, 0, to, "who asked"),
};
static const struct lm_members lm_response_members = LM_MEMBERS(response_rows, struct lm_response);

const struct lm_schema lm_response_schema = {.name = "response",
                                             .members = &lm_response_members,
                                             .meaning = "Answers a challenge or a response."};

static const struct lm_member sealed_rows[] = {
    LM_ROW(struct lm_sealed, "box", BINARY, 0, box, "the padded record in a sealed box"),
    LM_ROW(struct lm_sealed, "kid", DIGEST, 0, kid, "the thumbprint of the key that opens it"),
    LM_ROW(struct lm_sealed, "to", ID, 0, to, "whom it is for"),
};
static const struct lm_members lm_sealed_members = LM_MEMBERS(sealed_rows, struct lm_sealed);

const struct lm_schema lm_sealed_schema = {.name = "sealed",
                                           .members = &lm_sealed_members,
                                           .meaning = "A record that only its addressee can read."};
