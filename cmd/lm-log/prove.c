#include <stdlib.h>
#include <string.h>

#include "cmd/lm-log/log.h"
#include "lib/evidence/exhibit.h"
#include "lib/evidence/log_view.h"
#include "lib/evidence/proof_text.h"

struct proving {
    struct lm_run *run;
    const struct lm_log_options *options;
    struct lm_log_view *view;
    struct lm_buffer bytes; /* of the checkpoint */
    struct lm_checkpoint checkpoint;
    struct lm_proof_text text;
};

static void write_exhibit(struct proving *proving, const struct lm_buffer *line) {
    struct lm_run *run = proving->run;
    struct lm_error error;
    struct lm_buffer note = {0};
    struct lm_buffer out = {0};
    struct lm_exhibit exhibit = {.claim = proving->options->claim,
                                 .entry = lm_json_parse(line->data, line->size, &error),
                                 .log = proving->checkpoint.origin,
                                 .n = (int64_t)proving->text.number};
    if (!exhibit.entry || lm_exhibit_prove(&exhibit, &proving->text.proof, proving->bytes.data,
                                           proving->bytes.size, &note, &error) < 0)
        lm_run_fatal(run, &error);
    lm_record_write(LM_TYPE_EXHIBIT, &exhibit, &out);
    lm_run_write_buffer(run, &out);
    json_decref(exhibit.path);
    json_decref(exhibit.entry);
    lm_buffer_free(&note);
    lm_buffer_free(&out);
}

static void prove_inclusion(struct proving *proving, const char *number) {
    struct lm_run *run = proving->run;
    const struct lm_log_options *options = proving->options;
    const struct lm_checkpoint *checkpoint = &proving->checkpoint;
    struct lm_proof_text *text = &proving->text;
    struct lm_error error;
    struct lm_buffer out = {0};
    text->kind = LM_PROOF_INCLUSION;
    if (!lm_tree_size_parse(number, strlen(number), &text->number))
        lm_run_usage(run, "'%s' is not the number of an entry", number);
    if (lm_log_view_inclusion(proving->view, text->number, checkpoint->size, checkpoint->root,
                              &text->proof, &text->extra, &error) < 0)
        lm_run_fatal(run, &error);
    if (options->exhibit) {
        write_exhibit(proving, &text->extra);
        return;
    }
    text->has_extra = options->entry_too;
    lm_proof_text_write(text, &out);
    lm_run_write_text(run, &out);
    lm_buffer_free(&out);
}

/* --from is a file with the old checkpoint, or its size. */
static void prove_consistency(struct proving *proving) {
    struct lm_run *run = proving->run;
    const char *from = proving->options->from;
    const struct lm_checkpoint *checkpoint = &proving->checkpoint;
    struct lm_proof_text *text = &proving->text;
    struct lm_checkpoint old;
    struct lm_error error;
    struct lm_buffer bytes = {0};
    struct lm_buffer out = {0};
    text->kind = LM_PROOF_CONSISTENCY;
    bool by_size = lm_tree_size_parse(from, strlen(from), &text->number);
    if (!by_size) {
        lm_log_read_checkpoint(run, from, &bytes, &old);
        text->number = old.size;
        if (strcmp(old.origin, checkpoint->origin) != 0)
            lm_run_usage(run, "--from: a checkpoint of %s, not of %s", old.origin,
                         checkpoint->origin);
    }
    if (lm_log_view_consistency(proving->view, text->number, by_size ? NULL : old.root,
                                checkpoint->size, checkpoint->root, &text->proof, &error) < 0)
        lm_run_fatal(run, &error);
    lm_proof_text_write(text, &out);
    lm_run_write_text(run, &out);
    lm_buffer_free(&bytes);
    lm_buffer_free(&out);
}

void lm_log_prove_command(struct lm_run *run) {
    const struct lm_log_options *options = run->options;
    struct proving proving = {.run = run, .options = options};
    struct lm_error error;
    const char *path = lm_operand_need(run, "log");
    const char *number = lm_operand_take(run);
    lm_operand_no_more(run);
    if (!number == !options->from)
        lm_run_usage(run, "say what to prove: the number of an entry, or --from");
    if (options->from && (options->entry_too || options->exhibit))
        lm_run_usage(run, "--with-entry and --exhibit do not go with --from");
    if (options->claim && (!options->exhibit || !lm_kind_text_valid(LM_KIND_DIGEST, options->claim,
                                                                    strlen(options->claim))))
        lm_run_usage(run, "--claim takes the digest of a claim, for an --exhibit");
    char *beside = lm_log_beside(run, path, "checkpoint");
    lm_log_read_checkpoint(run, options->checkpoint ? options->checkpoint : beside, &proving.bytes,
                           &proving.checkpoint);
    proving.text.checkpoint = proving.bytes.data;
    proving.text.checkpoint_size = proving.bytes.size;
    proving.view = lm_log_view_open(path, &error);
    if (!proving.view)
        lm_run_fatal(run, &error);
    if (number)
        prove_inclusion(&proving, number);
    else
        prove_consistency(&proving);
    if (lm_log_view_scanned(proving.view)) {
        const struct lm_input place = {.source = path};
        lm_fail(&error, LM_NONE, "its index is missing or wrong, and the whole log was read");
        lm_hint(&error, "lm-log append and lm-log checkpoint make it again");
        lm_run_note(run, &place, &error);
    }
    lm_log_view_free(proving.view);
    lm_proof_text_free(&proving.text);
    lm_buffer_free(&proving.bytes);
    free(beside);
}
