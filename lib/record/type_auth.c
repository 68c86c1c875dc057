#include "lib/record/schemas.h"

#include <string.h>

/* What either says of who, to whom, and by which nonce. */
static int check_parties(const char *from, const char *to, const char *nonce,
                         struct lm_error *error) {
    if (strcmp(from, to) == 0)
        return lm_fail(error, LM_BAD_MEMBER, "\"to\" is \"from\": nobody asks herself");
    if (!lm_kind_text_valid(LM_KIND_DIGEST, nonce, strlen(nonce)))
        return lm_fail(error, LM_BAD_MEMBER, "\"nonce\" is not 32 bytes in base64url");
    return 0;
}

static int check_time(int64_t at_s, int64_t expires_s, struct lm_error *error) {
    if (expires_s <= at_s)
        return lm_fail(error, LM_BAD_MEMBER, "\"expires\" is not after \"at\"");
    if (expires_s - at_s > LM_CHALLENGE_SECONDS_MAX)
        return lm_fail(error, LM_BAD_MEMBER, "\"expires\" is more than %d s after \"at\"",
                       LM_CHALLENGE_SECONDS_MAX);
    return 0;
}

static int check_challenge(const union lm_body *body, struct lm_error *error) {
    const struct lm_challenge *challenge = &body->challenge;
    if (check_parties(challenge->from, challenge->to, challenge->nonce, error) < 0)
        return -1;
    return check_time(challenge->at_s, challenge->expires_s, error);
}

static const struct lm_member challenge_rows[] = {
    LM_ROW(struct lm_challenge, "at", INSTANT, 0, at_s, "when it was written"),
    LM_ROW(struct lm_challenge, "expires", INSTANT, 0, expires_s,
           "until when a response counts; at most a day later"),
    LM_ROW(struct lm_challenge, "from", ID, 0, from, "who wants to know"),
    LM_ROW(struct lm_challenge, "nonce", BINARY, 0, nonce, "32 random bytes, used once"),
    LM_ROW(struct lm_challenge, "to", ID, 0, to, "who is to respond"),
};
static const struct lm_members lm_challenge_members =
    LM_MEMBERS(challenge_rows, struct lm_challenge);

const struct lm_schema lm_challenge_schema = {.name = "challenge",
                                              .members = &lm_challenge_members,
                                              .check = check_challenge,
                                              .meaning =
                                                  "Asks an entity to show that it is there now."};

static int check_response(const union lm_body *body, struct lm_error *error) {
    const struct lm_response *response = &body->response;
    if (check_parties(response->from, response->to, response->nonce, error) < 0)
        return -1;
    if (response->expires_s == LM_ABSENT)
        return 0;
    return check_time(response->at_s, response->expires_s, error);
}

static const struct lm_member response_rows[] = {
    LM_ROW(struct lm_response, "at", INSTANT, 0, at_s, "when it was written"),
    LM_ROW(struct lm_response, "attest", TEXT, LM_OPTIONAL, attest,
           "what a platform attester says of the software"),
    LM_ROW(struct lm_response, "challenge", DIGEST, 0, challenge,
           "digest of the challenge or response that it answers: of its canonical line, sig "
           "included"),
    LM_ROW(struct lm_response, "expires", INSTANT, LM_OPTIONAL, expires_s,
           "until when an answer to it counts, at most a day later; without it none does"),
    LM_ROW(struct lm_response, "from", ID, 0, from, "who responds"),
    LM_ROW(struct lm_response, "nonce", BINARY, 0, nonce,
           "32 random bytes, the challenge to the other side"),
    LM_ROW(struct lm_response, "to", ID, 0, to, "who asked"),
};
static const struct lm_members lm_response_members = LM_MEMBERS(response_rows, struct lm_response);

const struct lm_schema lm_response_schema = {.name = "response",
                                             .members = &lm_response_members,
                                             .check = check_response,
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
