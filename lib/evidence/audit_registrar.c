/* The registrar: what its log says, and when that cannot be relied on. */
#include <stdio.h>
#include <string.h>

#include "lib/evidence/audit_state.h"

/* The input that a source of the registry is; NULL for none with a name. */
static struct lm_audited *find_input(const struct lm_audit *audit, const char *source) {
    for (size_t i = 0; source && i < audit->input_count; i++) {
        struct lm_audited *audited = audit->inputs[i];
        if (audited->file && strcmp(audited->file, source) == 0)
            return audited;
    }
    return NULL;
}

/* What the registry refuses shows among the lines' own findings; here it counts in which log. */
void lm_audit_doubt(void *context, const char *source, uint64_t line, const struct lm_error *why) {
    struct lm_audited *audited = find_input(context, source);
    (void)line;
    (void)why;
    if (audited && audited->log)
        audited->unsound = true;
}

static bool is_registrars(const struct lm_audited *audited) {
    return audited->log && audited->keeper && audited->keeper_role == LM_ROLE_REGISTRAR;
}

/* Where the registrar's log is not what it signed for, nobody can be blamed for what follows from
 * who is who. What others slip into their logs makes no doubt, nor does a copy that nobody has
 * signed for beside the log that the registrar has. */
static void find_doubts(struct lm_audit *audit) {
    bool any = false;
    for (size_t i = 0; i < audit->input_count; i++)
        any = any || (audit->inputs[i]->identities && is_registrars(audit->inputs[i]));
    for (size_t i = 0; i < audit->input_count; i++) {
        const struct lm_audited *audited = audit->inputs[i];
        bool of_registrar = audited->keeper ? is_registrars(audited) : audited->identities && !any;
        audit->logs_doubted = audit->logs_doubted || audited->contradicted;
        if (of_registrar && (audited->contradicted || audited->backdated || audited->unsound))
            audit->registry_doubted = true;
    }
}

const char *lm_audit_blame(const struct lm_audit *audit, const char *party) {
    return audit->registry_doubted ? NULL : party;
}

static bool is_in_registrars_log(void *context, const char *source) {
    const struct lm_audited *audited = find_input(context, source);
    return audited && is_registrars(audited);
}

/* Where the registry has a record, as findings say it. */
static struct lm_place find_place(const struct lm_audited *audited, const struct lm_place *place) {
    if (!audited)
        return (struct lm_place){"", place->line + 1};
    return (struct lm_place){audited->name, audited->log ? place->line : place->line + 1};
}

/* The registrar has signed both, and answers for what others make of them. */
static int tell_contradiction(void *context, enum lm_contradiction kind,
                              const struct lm_place *place, const struct lm_place *other,
                              struct lm_error *error) {
    static const struct {
        const char *text;
        enum lm_code code;
        enum lm_reason reason; /* LM_NONE where it is a code */
    } says[] = {
        [LM_CONTRADICTION_TOGETHER] = {"two identities of one id begin together and differ", 0,
                                       LM_AMBIGUOUS},
        [LM_CONTRADICTION_LATE] = {"an identity was changed for the time before it was logged",
                                   LM_CODE_RETROACTIVE, LM_NONE},
        [LM_CONTRADICTION_UNLOGGED] = {"the registrar has signed an identity that is not in its "
                                       "log, which says something else",
                                       LM_CODE_UNLOGGED, LM_NONE},
        [LM_CONTRADICTION_REGION] = {"rules of two markets name one region for one time",
                                     LM_CODE_REGION_SHARED, LM_NONE},
    };
    struct lm_audit *audit = context;
    const struct lm_audited *log = find_input(audit, other->source);
    const struct lm_place places[] = {find_place(log, other),
                                      find_place(find_input(audit, place->source), place)};
    audit->registry_doubted = audit->registry_doubted || kind != LM_CONTRADICTION_REGION;
    return lm_findings_tell(&audit->findings,
                            says[kind].reason == LM_NONE ? lm_code_word(says[kind].code)
                                                         : lm_reason_word(says[kind].reason),
                            log ? log->keeper : NULL, places, 2, says[kind].text, error);
}

void lm_audit_know_registrar(struct lm_audit *audit) {
    lm_registry_by_log(audit->registry, is_in_registrars_log, audit);
}

int lm_audit_judge_registrar(struct lm_audit *audit, struct lm_error *error) {
    find_doubts(audit);
    return lm_registry_contradictions(audit->registry, is_in_registrars_log, tell_contradiction,
                                      audit, error);
}
