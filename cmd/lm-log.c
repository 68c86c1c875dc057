#include "cmd/lm-log/log.h"
#include "lib/base/period_argument.h"

#define ROW(letter, name, kind, argument, field, help)                                             \
    { letter, name, LM_OPTION_##kind, argument, NULL, offsetof(struct lm_log_options, field), help }

static const struct lm_option option_table[] = {
    LM_KEY_OPTIONS(struct lm_log_options, key, "sign with this key file"),
    ROW(0, "origin", TEXT, "NAME", origin, "the log's name in checkpoints and receipts"),
    ROW(0, "rules", FILES, "FILE", rules, "take gates and lengths from the market-rules in FILE"),
    ROW('o', "output", FILE, "FILE", output, "keep the checkpoint in FILE, not in LOG.checkpoint"),
    ROW(0, "state", FILE, "FILE", state, "the last checkpoint that the witness saw"),
    ROW(0, "first", FLAG, NULL, first, "there is no state yet: begin with this checkpoint"),
    ROW(0, "name", TEXT, "NAME", name, "the witness's name; without it the key's id"),
    ROW(0, "log-key", FILE, "VKEY|FILE", log_key, "the log's public key"),
    ROW(0, "keeper", ID, "ID", keeper, "whose key in the registry the log's is"),
    LM_REGISTRY_OPTION_ROWS(struct lm_log_options, registry),
    ROW(0, "log", FILE, "LOG", log, "take what proves consistency from the log itself"),
    ROW(0, "checkpoint", FILE, "FILE", checkpoint, "prove against this one, not LOG.checkpoint"),
    ROW(0, "from", FILE, "OLD|SIZE", from, "an earlier checkpoint, or its size"),
    ROW(0, "with-entry", FLAG, NULL, entry_too, "put the entry into the proof"),
    ROW(0, "exhibit", FLAG, NULL, exhibit, "write an exhibit record, which holds the entry"),
    ROW(0, "claim", TEXT, "DIGEST", claim, "the claim that the exhibit is about"),
    ROW(0, "entry", FILE, "FILE", entry, "check that the entry in FILE is what is proved"),
    ROW(0, "leaf", TEXT, "DIGEST", leaf, "check that this is the leaf that is proved"),
    ROW(0, "receipt", FILE, "FILE", receipt, "check that the receipt in FILE is kept"),
    ROW('w', "witness", FILES, "VKEY|FILE", witnesses, "want this witness's cosignature, too"),
    ROW('p', "period", TEXT, "PERIOD", period, "leave out what belongs to other periods"),
    ROW('t', "type", LIST, "TYPE", types, "only records of this type; several times if need be"),
    ROW('l', "length", NUMBER, "N", length_minutes, "minutes of a period; without it 30"),
    ROW(0, "bare", FLAG, NULL, bare, "write the records without their entries"),
    {0},
};

static const struct lm_program program = {
    .name = "lm-log",
    .purpose = "Keeps append-only logs, and proves and checks what is in them",
    .synopsis = "append LOG -k FILE [OPTION]… [FILE]…\n"
                "              checkpoint LOG -k FILE [--origin NAME] [-o FILE]\n"
                "              vkey [LOG] -k FILE [--origin NAME] [--name NAME]\n"
                "              cosign -k FILE --state FILE --log-key VKEY|FILE [--log LOG] [FILE]\n"
                "              prove LOG N [--checkpoint FILE] [--with-entry|--exhibit]\n"
                "              prove LOG --from OLD|SIZE [--checkpoint FILE]\n"
                "              check --log-key VKEY|FILE [OPTION]… [PROOF]\n"
                "              cat LOG… [--period PERIOD] [--type TYPE]… [--bare]",
    .options = option_table,
    .common = lm_parallel_options,
    .common_offset = offsetof(struct lm_log_options, common),
    .operands = true,
};

static const struct lm_command commands[] = {
    {"append", lm_log_append_command, " key passphrase-file origin rules "},
    {"checkpoint", lm_log_checkpoint_command, " key passphrase-file origin output "},
    {"vkey", lm_log_vkey_command, " key passphrase-file origin name "},
    {"cosign", lm_log_cosign_command,
     " key passphrase-file state first name log-key keeper registry root registry-checkpoint "
     "max-age"
     " log "},
    {"prove", lm_log_prove_command, " checkpoint from with-entry exhibit claim "},
    {"check", lm_log_check_command,
     " log-key keeper registry root registry-checkpoint max-age from entry leaf receipt witness "},
    {"cat", lm_log_cat_command, " rules period type length bare "},
    {0},
};

int main(int argc, char **argv) {
    static const struct lm_log_options defaults = {.length_minutes = LM_PERIOD_MINUTES_DEFAULT};
    struct lm_log_options options = defaults;
    struct lm_run run;
    struct lm_error error;
    lm_crypto_guard_process();
    lm_run_start(&run, &program, argc, argv, &options);
    if (lm_crypto_start(&error) < 0)
        lm_run_fatal(&run, &error);
    lm_command_take(&run, commands, &defaults)->run(&run);
    lm_list_free(&options.registry.files);
    lm_list_free(&options.rules);
    lm_list_free(&options.witnesses);
    lm_list_free(&options.types);
    return lm_run_finish(&run);
}
