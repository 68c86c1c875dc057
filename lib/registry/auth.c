#include "lib/registry/auth.h"

#include <sodium.h>
#include <string.h>

#include "lib/record/canonical.h"
#include "lib/registry/authority.h"
#include "lib/registry/sign.h"

#define NONCE_SIZE 32

_Static_assert(NONCE_SIZE == crypto_hash_sha256_BYTES, "nonces are spelled like digests");

int lm_auth_digest(const struct lm_record *message, char digest[LM_DIGEST_TEXT_SIZE],
                   struct lm_error *error) {
    struct lm_buffer line = {0};
    lm_record_canonical(message, &line);
    bool good = lm_buffer_ok(&line);
    if (good)
        lm_digest_of(line.data, line.size, digest);
    lm_buffer_free(&line);
    return good ? 0 : lm_fail_memory(error);
}

/* ---- writing ---- */

static void new_nonce(char text[LM_DIGEST_TEXT_SIZE]) {
    uint8_t bytes[NONCE_SIZE];
    randombytes_buf(bytes, sizeof bytes);
    lm_digest_text(bytes, text);
}

/* Appends the body as a signed line and says its digest. */
static int sign(enum lm_type type, const void *body, const struct lm_key *key,
                struct lm_buffer *out, char digest[LM_DIGEST_TEXT_SIZE], struct lm_error *error) {
    struct lm_buffer plain = {0};
    struct lm_buffer line = {0};
    struct lm_record record;
    lm_record_write(type, body, &plain);
    int result = lm_buffer_ok(&plain) ? lm_record_parse(plain.data, plain.size, &record, error)
                                      : lm_fail_memory(error);
    if (result == 0) {
        result = lm_record_sign(&record, key, false, &line, error);
        lm_record_free(&record);
    }
    if (result == 0) {
        lm_digest_of(line.data, line.size, digest);
        lm_buffer_bytes(out, line.data, line.size);
        result = lm_buffer_ok(out) ? 0 : lm_fail_memory(error);
    }
    lm_buffer_free(&plain);
    lm_buffer_free(&line);
    return result;
}

int lm_auth_challenge(const struct lm_key *key, const char *peer, int64_t now_s, int64_t ttl_s,
                      struct lm_buffer *out, struct lm_sent *sent, struct lm_error *error) {
    struct lm_challenge challenge;
    char nonce[LM_DIGEST_TEXT_SIZE];
    new_nonce(nonce);
    lm_record_clear(LM_TYPE_CHALLENGE, &challenge);
    challenge.at_s = now_s;
    challenge.expires_s = now_s + ttl_s;
    challenge.from = key->id;
    challenge.nonce = nonce;
    challenge.to = peer;
    *sent = (struct lm_sent){.at_s = now_s, .expires_s = now_s + ttl_s};
    if (sign(LM_TYPE_CHALLENGE, &challenge, key, out, sent->digest, error) < 0)
        return -1;
    (void)stpcpy(sent->peer, peer); /* the schema has seen that it is an id */
    return 0;
}

static const char *sender(const struct lm_record *message) {
    return message->type == LM_TYPE_CHALLENGE ? message->as.challenge.from
                                              : message->as.response.from;
}

int lm_auth_respond(const struct lm_key *key, const struct lm_record *question, const char *digest,
                    const char *attest, int64_t now_s, int64_t ttl_s, struct lm_buffer *out,
                    struct lm_sent *sent, struct lm_error *error) {
    struct lm_response response;
    char nonce[LM_DIGEST_TEXT_SIZE];
    new_nonce(nonce);
    lm_record_clear(LM_TYPE_RESPONSE, &response);
    response.at_s = now_s;
    response.attest = attest;
    response.challenge = digest;
    if (question->type == LM_TYPE_CHALLENGE)
        response.expires_s = now_s + ttl_s;
    response.from = key->id;
    response.nonce = nonce;
    response.to = sender(question);
    *sent = (struct lm_sent){.at_s = now_s, .expires_s = now_s + ttl_s};
    if (sign(LM_TYPE_RESPONSE, &response, key, out, sent->digest, error) < 0)
        return -1;
    (void)stpcpy(sent->peer, response.to);
    (void)stpcpy(sent->answers, digest);
    return 0;
}

/* ---- judging ---- */

static int check_parties(const char *from, const char *to, const char *us, struct lm_error *error) {
    if (strcmp(from, us) == 0)
        return lm_fail(error, LM_REFLECTED, "the message is from %s, which is us", us);
    if (strcmp(to, us) != 0)
        return lm_fail(error, LM_NOT_FOR_US, "the message is for %s, and we are %s", to, us);
    return 0;
}

static int skewed(const char *who, const char *how, struct lm_error *error) {
    return lm_fail(error, LM_CLOCK_SKEW, "the clock of %s is %s ours", who, how);
}

int lm_auth_answer(const struct lm_response *response, const char *us, const struct lm_sent *asked,
                   const struct lm_auth_clock *clock, struct lm_error *error) {
    if (check_parties(response->from, response->to, us, error) < 0)
        return -1;
    if (!asked)
        return lm_fail(error, LM_UNKNOWN_CHALLENGE, "%s answers nothing that we remember asking",
                       response->from);
    if (strcmp(asked->peer, response->from) != 0)
        return lm_fail(error, LM_NOT_ASKED, "%s answers what %s was asked", response->from,
                       asked->peer);
    if (asked->answered_by[0])
        return lm_fail(error, LM_REPLAYED, "%s has answered that already", response->from);
    /* By our own clock alone, so that there is no skew. */
    if (clock->now_s >= asked->expires_s)
        return lm_fail(error, LM_CHALLENGE_EXPIRED, "%s answers too late", response->from);
    if (response->at_s < asked->at_s - clock->skew_s)
        return skewed(response->from, "behind", error);
    if (response->at_s > clock->now_s + clock->skew_s)
        return skewed(response->from, "ahead of", error);
    return 0;
}

/* A question's own times are by the clock of who asks. */
static int check_times(const char *from, int64_t at_s, int64_t expires_s,
                       const struct lm_auth_clock *clock, struct lm_error *error) {
    if (at_s > clock->now_s + clock->skew_s)
        return skewed(from, "ahead of", error);
    if (clock->now_s >= expires_s + clock->skew_s)
        return lm_fail(error, LM_CHALLENGE_EXPIRED, "what %s asks has expired", from);
    return 0;
}

static int check_closing(const struct lm_response *response, const char *digest,
                         const struct lm_sent *asked, const struct lm_auth_clock *clock,
                         struct lm_error *error) {
    if (response->expires_s == LM_ABSENT)
        return lm_fail(error, LM_NO_QUESTION, "the response of %s ends the exchange",
                       response->from);
    if (!asked)
        return lm_fail(error, LM_UNKNOWN_CHALLENGE, "%s answers nothing that we remember asking",
                       response->from);
    if (strcmp(asked->answered_by, digest) != 0) {
        lm_fail(error, LM_UNCHECKED, "the response of %s has not been checked", response->from);
        return lm_hint(error, "lm-auth check comes first, with the same state file");
    }
    if (asked->closed)
        return lm_fail(error, LM_REPLAYED, "the response of %s has had its answer", response->from);
    return check_times(response->from, response->at_s, response->expires_s, clock, error);
}

int lm_auth_question(const struct lm_record *question, const char *digest, const char *us,
                     const struct lm_sent *asked, const struct lm_sent *reply,
                     const struct lm_auth_clock *clock, struct lm_error *error) {
    if (question->type == LM_TYPE_RESPONSE) {
        const struct lm_response *response = &question->as.response;
        if (check_parties(response->from, response->to, us, error) < 0)
            return -1;
        return check_closing(response, digest, asked, clock, error);
    }
    const struct lm_challenge *challenge = &question->as.challenge;
    if (check_parties(challenge->from, challenge->to, us, error) < 0)
        return -1;
    if (reply)
        return lm_fail(error, LM_REPLAYED, "the challenge of %s has had its answer",
                       challenge->from);
    return check_times(challenge->from, challenge->at_s, challenge->expires_s, clock, error);
}

int lm_auth_attested(const struct lm_registry *registry, const struct lm_response *response,
                     int64_t now_s, struct lm_error *error) {
    struct lm_registered registered;
    char digest[LM_DIGEST_TEXT_SIZE] = "";
    size_t size = response->attest ? strcspn(response->attest, " \t\r\n") : 0;
    if (!response->attest)
        return lm_fail(error, LM_UNATTESTED, "the response of %s attests nothing", response->from);
    if (size < sizeof digest)
        memcpy(digest, response->attest, size);
    if (!lm_kind_text_valid(LM_KIND_DIGEST, digest, strlen(digest)))
        return lm_fail(error, LM_UNATTESTED, "what %s attests does not begin with a digest",
                       response->from);
    if (lm_registry_by_id(registry, response->from, now_s, &registered, error) < 0)
        return -1;
    return lm_authority_firmware(registry, &registered, digest, now_s, error);
}
