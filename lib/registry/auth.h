/*
 * Challenge and response: the rules by which two entities show each other that they are there now.
 *
 *     1  V -> P   challenge {from V, to P, nonce Nv, at, expires}                       signed by V
 *     2  P -> V   response  {from P, to V, nonce Np, challenge H(1), at, expires}       signed by P
 *     3  V -> P   response  {from V, to P, nonce Nv', challenge H(2), at}               signed by V
 *
 * H is SHA-256 over the canonical line (RFC 8785) of the whole message as it was signed, its sig
 * included. It is what ties the messages together: signature 2 covers P, V and Np as members, and
 * Nv, and once more both ids, through H(1); signature 3 covers V and P as members, and both nonces
 * through H(2), which covers H(1). These are the ids and the nonces under each signature that
 * ISO/IEC 9798-3 asks of its three-pass mutual exchange (both nonces and the peer's id in each
 * signed token) and SIGMA of its identities. What follows from it:
 *
 * - A nonce that an attacker V' takes from V into a challenge of its own makes another digest, so
 *   that P's response to V' is none to V: nothing can be relayed to another verifier. Passing V's
 *   own challenge on to P and the response back, unchanged, is no attack on this: P is there.
 * - The roles are not alike. What a response answers is told by the digest, and only the one whom
 *   our own message of that digest was addressed to may answer it; a message that is from ourselves
 *   is refused first of all. So nothing that we said can be turned back at us, and message 2 is
 *   never taken for message 3.
 * - Nobody signs but an answer to a message that is itself signed by the one that it is from and
 *   addressed to us; what is signed is made here and begins with its type. There is no signing of
 *   what somebody else made up.
 * - Message 3 is only made of a message 2 that was checked, so that who gets it knows, too, that it
 *   was accepted. It says by having no expires that it asks for no answer.
 * - Freshness rests on the nonces and on our own memory and clock. The other's clock is compared so
 *   that a wrong one is told, and so that nobody whose clock runs ahead has an answer fetched for a
 *   challenge that only counts later.
 *
 * No secret is agreed on: nothing ties a connection to the exchange. The memory is that of
 * lib/registry/outstanding.h.
 */
#ifndef LM_REGISTRY_AUTH_H
#define LM_REGISTRY_AUTH_H

#include "lib/crypto/key.h"
#include "lib/record/record.h"
#include "lib/registry/registry.h"
#include "lib/registry/sent.h"

/* When it is, and what is allowed. */
struct lm_auth_clock {
    int64_t now_s;
    int64_t skew_s; /* by so much the other's clock may differ from ours */
};

/* The digest of a signed message. */
int lm_auth_digest(const struct lm_record *message, char digest[LM_DIGEST_TEXT_SIZE],
                   struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* Appends a challenge of KEY's owner to PEER that expires TTL_S (1 to LM_CHALLENGE_SECONDS_MAX)
 * from now, signed, and fills what is to be remembered of it. */
int lm_auth_challenge(const struct lm_key *key, const char *peer, int64_t now_s, int64_t ttl_s,
                      struct lm_buffer *out, struct lm_sent *sent,
                      struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/*
 * Appends the signed response of KEY's owner to QUESTION, a challenge or response whose digest is
 * given and which lm_auth_question and lm_registry_check have let pass. ATTEST may be NULL. The
 * response to a challenge asks for an answer within TTL_S, that to a response asks for none.
 */
int lm_auth_respond(const struct lm_key *key, const struct lm_record *question, const char *digest,
                    const char *attest, int64_t now_s, int64_t ttl_s, struct lm_buffer *out,
                    struct lm_sent *sent, struct lm_error *error)
    LM_NONNULL_AT(1, 2, 3, 7, 8, 9) LM_MUST_CHECK;

/*
 * Whether a response counts that came to US, but for its signature. ASKED is our message of the
 * digest that it answers, or NULL. LM_REFLECTED, LM_NOT_FOR_US, LM_UNKNOWN_CHALLENGE, LM_NOT_ASKED,
 * LM_REPLAYED, LM_CHALLENGE_EXPIRED, LM_CLOCK_SKEW.
 */
int lm_auth_answer(const struct lm_response *response, const char *us, const struct lm_sent *asked,
                   const struct lm_auth_clock *clock, struct lm_error *error)
    LM_NONNULL_AT(1, 2, 4, 5) LM_MUST_CHECK;
/*
 * Whether we, US, may answer a challenge or a response of that digest, but for its signature. ASKED
 * is our message that a response answers, or NULL; REPLY our message that answers this one already,
 * or NULL. LM_REFLECTED, LM_NOT_FOR_US, LM_CHALLENGE_EXPIRED, LM_CLOCK_SKEW, LM_REPLAYED,
 * LM_NO_QUESTION, LM_UNKNOWN_CHALLENGE, LM_UNCHECKED.
 */
int lm_auth_question(const struct lm_record *question, const char *digest, const char *us,
                     const struct lm_sent *asked, const struct lm_sent *reply,
                     const struct lm_auth_clock *clock, struct lm_error *error)
    LM_NONNULL_AT(1, 2, 3, 6, 7) LM_MUST_CHECK;
/*
 * Whether a response attests firmware that who sends it may run now (lm_authority_firmware): the
 * first word of what it attests is the firmware's digest, the rest is for others to judge.
 * LM_UNATTESTED, LM_FIRMWARE.
 */
int lm_auth_attested(const struct lm_registry *registry, const struct lm_response *response,
                     int64_t now_s, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

#endif
