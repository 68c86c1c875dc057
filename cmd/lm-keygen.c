#include <stdio.h>
#include <string.h>

#include "cmd/key_input.h"
#include "lib/base/id.h"
#include "lib/registry/identity.h"

struct options {
    struct lm_common common;
    const char *id;
    int role;
    const char *supplier;
    struct lm_list regions;
    const char *user;
    struct lm_list firmware;
    const char *valid;
    const char *output;
    bool force;
    bool passphrase;
    const char *passphrase_file;
};

static const struct lm_option option_table[] = {
    {0, "id", LM_OPTION_ID, "ID", NULL, offsetof(struct options, id), "what the entity is called"},
    {0, "role", LM_OPTION_WORD, "ROLE", lm_role_words, offsetof(struct options, role),
     "registrar, market, user, supplier, dso, tso, meter or auditor"},
    {0, "supplier", LM_OPTION_ID, "ID", NULL, offsetof(struct options, supplier),
     "user: who supplies her"},
    {0, "region", LM_OPTION_LIST, "ID", NULL, offsetof(struct options, regions),
     "user: where she is; market, supplier, dso, tso: where it acts, several times if need be"},
    {0, "user", LM_OPTION_ID, "ID", NULL, offsetof(struct options, user), "meter: whose it is"},
    {0, "firmware", LM_OPTION_LIST, "DIGEST", NULL, offsetof(struct options, firmware),
     "meter: a firmware that it may run, several times if need be"},
    {0, "valid", LM_OPTION_TEXT, "A/B", NULL, offsetof(struct options, valid),
     "when the identity holds; without it, ten years from today's 00:00 UTC"},
    {'o', "output", LM_OPTION_FILE, "FILE", NULL, offsetof(struct options, output),
     "the key file; without it ID.jwk"},
    {'f', "force", LM_OPTION_FLAG, NULL, NULL, offsetof(struct options, force),
     "replace an existing key file, whose key is then lost"},
    {0, "passphrase", LM_OPTION_FLAG, NULL, NULL, offsetof(struct options, passphrase),
     "put the key file under a passphrase, which is asked for"},
    {0, "passphrase-file", LM_OPTION_FILE, "FILE", NULL, offsetof(struct options, passphrase_file),
     "put the key file under the passphrase in the first line of FILE"},
    {0}};

static const struct lm_program program = {
    .name = "lm-keygen",
    .purpose = "Makes an entity's keys and its identity",
    .synopsis = "--id ID --role ROLE [OPTION]…",
    .options = option_table,
    .common = lm_clock_options,
    .common_offset = offsetof(struct options, common),
};

int main(int argc, char **argv) {
    struct options options = {.role = -1};
    struct lm_run run;
    struct lm_error error;
    struct lm_key key;
    struct lm_passphrase passphrase = {0};
    struct lm_buffer line = {0};
    char path[LM_ID_SIZE_MAX + 8];

    lm_crypto_guard_process();
    lm_run_start(&run, &program, argc, argv, &options);
    if (!options.id || options.role < 0)
        lm_run_usage(&run, "--id and --role are needed");
    if (options.passphrase && options.passphrase_file)
        lm_run_usage(&run, "--passphrase and --passphrase-file exclude each other");
    struct lm_identity_request request = {
        .id = options.id,
        .role = options.role,
        .supplier = options.supplier,
        .user = options.user,
        .regions = options.regions.items,
        .region_count = options.regions.count,
        .firmware = options.firmware.items,
        .firmware_count = options.firmware.count,
    };
    if (options.valid && !lm_validity_parse(options.valid, strlen(options.valid), &request.valid))
        lm_run_usage(&run, "--valid: '%s' is not like 2016-01-01T00:00Z/2017-01-01T00:00Z",
                     options.valid);
    if (!options.valid)
        request.valid = lm_identity_ten_years(lm_run_now(&run));
    if (!options.output) {
        /* An id may begin with a dash or a dot; a file name had better not. */
        (void)snprintf(path, sizeof path, "%s%s.jwk", strchr("-.", options.id[0]) ? "./" : "",
                       options.id);
        options.output = path;
    }

    struct lm_key_saving saving = {.cost = lm_lock_cost_default, .replace = options.force};
    if (options.passphrase || options.passphrase_file) {
        lm_run_new_passphrase(&run, options.passphrase_file, &passphrase);
        saving.passphrase = &passphrase;
    }
    lm_run_allow(&run, options.output, LM_SANDBOX_WRITE);
    lm_run_confine(&run);
    if (lm_crypto_start(&error) < 0 || lm_key_generate(options.id, &key, &error) < 0 ||
        lm_identity_write(&request, &key, &line, &error) < 0 ||
        lm_key_save(options.output, &key, &saving, &error) < 0)
        lm_run_fatal(&run, &error);
    lm_key_free(&key);
    lm_passphrase_free(&passphrase);
    lm_run_write_buffer(&run, &line);
    lm_buffer_free(&line);
    lm_list_free(&options.regions);
    lm_list_free(&options.firmware);
    return lm_run_finish(&run);
}
