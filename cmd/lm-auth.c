#include "cmd/lm-auth/auth.h"

#define TTL_DEFAULT  60
#define SKEW_DEFAULT 30
#define SKEW_MAX     3600

#define ROW(letter, name, kind, argument, field, help)                                             \
    {                                                                                              \
        letter, name, LM_OPTION_##kind, argument, NULL, offsetof(struct lm_auth_options, field),   \
            help                                                                                   \
    }

static const struct lm_option option_table[] = {
    LM_KEY_OPTIONS(struct lm_auth_options, key, "challenge, respond: sign with this key file"),
    ROW('s', "state", FILE, "FILE", state, "what we asked and is not answered yet"),
    ROW('t', "to", LIST, "ID", to, "challenge: whom; several times for several"),
    ROW(0, "ttl", NUMBER, "SECONDS", ttl_s,
        "challenge, respond: how long an answer counts; without it 60"),
    LM_REGISTRY_OPTION_ROWS(struct lm_auth_options, registry),
    ROW(0, "skew", NUMBER, "SECONDS", skew_s,
        "respond, check: how much clocks may differ; without it 30"),
    ROW(0, "attest", TEXT, "PROGRAM", attest,
        "respond: include what PROGRAM prints, called with the challenge's digest"),
    ROW('f', "from", ID, "ID", from, "check: nobody else's response will do"),
    {0, "role", LM_OPTION_WORD, "ROLE", lm_role_words, offsetof(struct lm_auth_options, role),
     "check: only one of that role will do"},
    ROW(0, "answering", FILE, "FILE", answering,
        "check: only a response to what is in FILE will do"),
    ROW(0, "attested", FLAG, NULL, attested,
        "check: only one that attests approved firmware will do"),
    {0},
};

static const struct lm_program program = {
    .name = "lm-auth",
    .purpose = "Challenges and responses: shows that an entity is there now",
    .synopsis = "challenge -k FILE -s FILE -t ID… [OPTION]…\n"
                "       lm-auth respond -k FILE -s FILE -r FILE --root FILE|KID [OPTION]… [FILE]…\n"
                "       lm-auth check -s FILE -r FILE --root FILE|KID [OPTION]… [FILE]…",
    .options = option_table,
    .common = lm_parallel_options,
    .common_offset = offsetof(struct lm_auth_options, common),
    .operands = true,
};

static const struct lm_command commands[] = {
    {"challenge", lm_auth_challenge_command, " key passphrase-file state to ttl "},
    {"respond", lm_auth_respond_command,
     " key passphrase-file state ttl registry root registry-checkpoint max-age skew attest "},
    {"check", lm_auth_check_command,
     " state registry root registry-checkpoint max-age skew from role answering attested "},
    {0},
};

static void set_defaults(struct lm_run *run, struct lm_auth_options *options) {
    if (options->ttl_s == LM_ABSENT)
        options->ttl_s = TTL_DEFAULT;
    if (options->skew_s == LM_ABSENT)
        options->skew_s = SKEW_DEFAULT;
    if (options->ttl_s < 1 || options->ttl_s > LM_CHALLENGE_SECONDS_MAX)
        lm_run_usage(run, "--ttl is from 1 to %d seconds", LM_CHALLENGE_SECONDS_MAX);
    if (options->skew_s > SKEW_MAX)
        lm_run_usage(run, "--skew is at most %d seconds", SKEW_MAX);
}

int main(int argc, char **argv) {
    static const struct lm_auth_options defaults = {
        .ttl_s = LM_ABSENT, .skew_s = LM_ABSENT, .role = -1};
    struct lm_auth_options options = defaults;
    struct lm_run run;

    lm_crypto_guard_process();
    lm_run_start(&run, &program, argc, argv, &options);
    const struct lm_command *command = lm_command_take(&run, commands, &defaults);
    set_defaults(&run, &options);
    command->run(&run);
    lm_list_free(&options.to);
    lm_list_free(&options.registry.files);
    return lm_run_finish(&run);
}
