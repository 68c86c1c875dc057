/*
 * Writes lm-records(5): the record types, their members and the reasons for refusal out of the
 * tables that the programs themselves obey, the text between them from here.
 */
#include <stdio.h>
#include <string.h>

#include "lib/base/error.h"
#include "lib/base/limits.h"
#include "lib/record/types.h"

/* How each kind is spelled. */
static const struct {
    enum lm_kind kind;
    const char *spelling;
} spellings[] = {
    {LM_KIND_ID,
     "A string of 1 to 64 of\n.Sy A-Z a-z 0-9 \\&. _ \\&: - .\nIds are compared byte by byte."},
    {LM_KIND_TEXT, "Any string."},
    {LM_KIND_CURRENCY, "Three capital letters, as in ISO 4217:\n.Ql EUR ."},
    {LM_KIND_ZONE, "The name of an IANA time zone:\n.Ql Europe/Brussels .\nWhether the machine "
                   "knows it shows where it is used."},
    {LM_KIND_DIGEST, "32 bytes in base64url without padding, so 43 characters: a SHA-256 digest, "
                     "or a public key."},
    {LM_KIND_BINARY, "Bytes in base64url without padding; the bits behind the last byte are zero."},
    {LM_KIND_PRICE_RULE,
     ".Sy midpoint , low , high ,\nor\n.Sy k=\nand a decimal from 0 to 1 of at most 6 fraction "
     "digits:\n.Ql k=0.25\nlies a quarter of the way from the lowest clearing price to the "
     "highest."},
    {LM_KIND_COUNT, "An integer from 0 to 9007199254740991."},
    {LM_KIND_ENERGY, "Watt-hours: an integer from 0 to 9007199254740991."},
    {LM_KIND_PRICE, "Currency units per kWh: a decimal string of at most 6 fraction digits, which "
                    "may be negative:\n.Ql \\(dq0.11\\(dq ."},
    {LM_KIND_AMOUNT, "Currency units: a decimal string of at most 9 fraction digits.\nWhat is paid "
                     "to the party is positive, what is paid by it negative."},
    {LM_KIND_PERIOD,
     "A settlement period, half-open, in this spelling only:\n.Ql 2016-04-01T12:00Z/PT30M .\nThe "
     "minutes divide 1440, and the start is a multiple of them since midnight UTC."},
    {LM_KIND_VALIDITY, "Start and end in UTC, half-open, the end after the start:\n.Ql "
                       "2016-01-01T00:00Z/2017-01-01T00:00Z ."},
    {LM_KIND_INSTANT, "UTC, to the second:\n.Ql 2016-04-01T11:40:00Z ."},
    {LM_KIND_MONTH, ".Ql 2016-04 ."},
    {LM_KIND_CLOCK, "A local time of day from\n.Ql 00:00\nto\n.Ql 24:00 ."},
    {LM_KIND_WORD, "One of the words that the member lists."},
    {LM_KIND_OBJECT, "An object of the members that are listed under it."},
    {LM_KIND_JSON, "A record, as an object."},
};

#define BY_HAND "hand or script, then signed with lm-sign"

/* Who signs a type, and which program of this version writes it; NULL for nobody and none. */
static const struct {
    enum lm_type type;
    const char *signer;
    const char *writer;
} origins[] = {
    {LM_TYPE_IDENTITY, "the registrar", "lm-keygen"},
    {LM_TYPE_REVOCATION, "the registrar", BY_HAND},
    {LM_TYPE_FIRMWARE, "the registrar", BY_HAND},
    {LM_TYPE_MARKET_RULES, "the registrar", BY_HAND},
    {LM_TYPE_TARIFF, "the supplier", BY_HAND},
    {LM_TYPE_CONTRACT, "the supplier", BY_HAND},
    {LM_TYPE_NETWORK_FEE, "the DSO or TSO", BY_HAND},
    {LM_TYPE_ORDER, "the user or supplier that it is from", "lm-bid"},
    {LM_TYPE_CLEARING, "the market", "lm-clear"},
    {LM_TYPE_TRADE, "the market", "lm-clear"},
    {LM_TYPE_CURVE, NULL, "lm-clear"},
    {LM_TYPE_NOTICE, "the market", "lm-inform"},
    {LM_TYPE_READING, "the meter", "lm-meter"},
    {LM_TYPE_TOTAL, "the DSO", "lm-inform"},
    {LM_TYPE_SETTLEMENT, "the supplier", "lm-settle"},
    {LM_TYPE_TRANSFER, "the supplier that pays", "lm-settle"},
    {LM_TYPE_ADJUSTMENT, "the supplier", "lm-settle"},
    {LM_TYPE_BILL, "the supplier", "lm-settle"},
    {LM_TYPE_CHALLENGE, "who asks", "lm-auth"},
    {LM_TYPE_RESPONSE, "who responds", "lm-auth"},
    {LM_TYPE_SEALED, NULL, "lm-seal"},
    {LM_TYPE_ENTRY, NULL, "lm-log"},
    {LM_TYPE_RECEIPT, "the keeper of the log", "lm-log"},
    {LM_TYPE_REJECT, NULL, "every filter, with --rejects"},
    {LM_TYPE_ALERT, NULL, "lm-verify"},
    {LM_TYPE_CLAIM, "the claimant", BY_HAND},
    {LM_TYPE_FINDING, "the auditor, or nobody", "lm-audit"},
    {LM_TYPE_VERDICT, "the auditor, or nobody", "lm-audit"},
    {LM_TYPE_EXHIBIT, "the auditor, or nobody", "lm-audit"},
};
_Static_assert(sizeof spellings / sizeof *spellings == LM_KIND_JSON + 1, "every kind is spelled");
_Static_assert(sizeof origins / sizeof *origins == LM_TYPE_COUNT, "every type has its origin");

static const char head[] =
    ".\\\" Written by tests/tools/records-man.c from the tables in lib/; see make generate.\n"
    ".Dd November 24, 2026\n"
    ".Dt LM-RECORDS 5\n"
    ".Os\n"
    ".Sh NAME\n"
    ".Nm lm-records\n"
    ".Nd the lines that the programs of lm read and write\n"
    ".Sh DESCRIPTION\n"
    "Everything that flows between the programs of\n"
    ".Xr lm 7\n"
    "is a record: one JSON object on one line.\n"
    "The member\n"
    ".Ic type\n"
    "names what the record is, and\n"
    ".Ic v\n"
    "is the version of its type, the integer 1.\n"
    "One stream may mix types: a program passes over those that it knows and does not need.\n"
    ".Pp\n"
    "A record of an unknown type, without a member that it must have, with a member that is\n"
    "ill-typed, or with one that its type does not have, is rejected and never guessed at.\n"
    "Members whose names begin with\n"
    ".Ql x_\n"
    "are free for whoever uses them; a signature covers them like all others.\n"
    ".Ss Lines\n"
    "A line is I-JSON (RFC 7493): UTF-8, no name twice in an object, no Unicode noncharacter.\n"
    "Numbers are integers within 2^53-1 of zero, without fraction and exponent.\n"
    "Arrays and objects are nested at most %d deep in a record; one that another holds, as in an\n"
    ".Ic entry ,\n"
    "is counted by itself.\n"
    "A record has at most %d bytes.\n"
    "The line of an\n"
    ".Ic entry\n"
    "may have %d, and that of an\n"
    ".Ic exhibit ,\n"
    "which holds such a line, a path of at most 64 hashes and a checkpoint of at most %d bytes,\n"
    "may have %d: whatever stands in a log can be exhibited.\n"
    "An exhibit longer than a record is read by\n"
    ".Xr lm-sign 1 ,\n"
    ".Xr lm-verify 1 ,\n"
    ".Xr lm-audit 1\n"
    "and\n"
    ".Cm lm-log check ;\n"
    "no log takes it in.\n"
    "Lines end in a line feed, the last one too, and none is empty.\n"
    ".Pp\n"
    "Programs write the canonical form of RFC 8785: no white space, names sorted, one spelling "
    "for\n"
    "every string and number.\n"
    "They read any other spelling of the same object as well.\n"
    "A byte-identical repeat of a record counts once.\n"
    ".Ss Units\n"
    "Names of energies end in\n"
    ".Ql _wh :\n"
    "they are whole watt-hours.\n"
    "Prices and amounts are decimal strings and never JSON numbers, so that no program on the way\n"
    "rounds them.\n"
    "They are written in the shortest way\n"
    ".Po\n"
    ".Sy 0.62 , -0.8 , 0\n"
    ".Pc\n"
    "and may be read with zeros behind\n"
    ".Pq Sy 0.620 .\n"
    "A price times an energy is an amount without rounding.\n"
    "Time is UTC, but for the local times of tariffs.\n"
    ".Ss Kinds\n"
    "What a member holds is one of these:\n"
    ".Bl -tag -width Ds\n";

static const char after_kinds[] =
    ".El\n"
    ".Pp\n"
    "A list is an array of its kind.\n"
    "Members are required unless they are marked optional; those marked nullable may be\n"
    ".Sy null .\n"
    "Ids that begin with\n"
    ".Ql p-\n"
    "or\n"
    ".Ql r-\n"
    "are reserved, and no identity has one.\n"
    ".Ss Signatures\n"
    "A signed record has one member more,\n"
    ".Ic sig :\n"
    "a JSON Web Signature (RFC 7515, EdDSA of RFC 8037) with detached, unencoded payload\n"
    "(RFC 7797).\n"
    "Its payload is the canonical form of the record without\n"
    ".Ic sig .\n"
    "The protected header, decoded, is exactly\n"
    ".Ql {\\(dqalg\\(dq:\\(dqEdDSA\\(dq,\\(dqb64\\(dq:false,\\(dqcrit\\(dq:[\\(dqb64\\(dq],"
    "\\(dqkid\\(dq:KID} ;\n"
    "KID is the thumbprint (RFC 7638) of the Ed25519 public key, and the algorithm may also be\n"
    "called Ed25519 (RFC 9864).\n"
    "An identity carries a second one,\n"
    ".Ic proof ,\n"
    "by its own key over the record without\n"
    ".Ic sig\n"
    "and\n"
    ".Ic proof :\n"
    "it shows that the key is its owner's.\n"
    "Both have these members and no others, none that begins with\n"
    ".Ql x_\n"
    "either, as no signature would cover it:\n";

static const char before_types[] =
    ".Ss Which record counts\n"
    "An order is named by its\n"
    ".Ic market , period , from\n"
    "and\n"
    ".Ic id ,\n"
    "a reading by its\n"
    ".Ic meter\n"
    "and\n"
    ".Ic period .\n"
    "Of several records of one name the one with the highest\n"
    ".Ic seq\n"
    "counts; two different ones of one\n"
    ".Ic seq\n"
    "void the order, or disagree about the reading.\n"
    "Of several identities of one id, tariffs, fees or rules that hold at an instant, the one "
    "whose\n"
    "validity started last counts; those that start together and differ are all rejected.\n"
    "Contracts, regions, tariffs and fees are judged at the start of a period; keys at the\n"
    ".Ic at\n"
    "of the entry that the record is in, or else at the present instant, never at an instant that\n"
    "the record itself names.\n"
    ".Sh RECORD TYPES\n";

static const char before_reasons[] =
    ".Sh REASONS\n"
    "The\n"
    ".Ic reason\n"
    "of a reject is one of these words; they never change their meaning.\n"
    ".Bl -tag -width Ds\n";

static const char tail[] =
    ".El\n"
    ".Sh EXAMPLES\n"
    "An offer of 2 kWh at 0.11 a kWh:\n"
    ".Bd -literal\n"
    "{\"at\":\"2016-04-01T10:00:00Z\",\"energy_wh\":2000,\"from\":\"u1\",\\e\n"
    "\"id\":\"offer-0.11\",\"market\":\"m1\",\"period\":\"2016-04-01T12:00Z/PT30M\",\\e\n"
    "\"price\":\"0.11\",\"seq\":1,\"side\":\"offer\",\"type\":\"order\",\"v\":1}\n"
    ".Ed\n"
    ".Pp\n"
    "The line is folded here where a backslash ends it.\n"
    ".Sh SEE ALSO\n"
    ".Xr lm 7\n"
    ".Sh STANDARDS\n"
    "RFC 6962 (orders_root), RFC 7493 (I-JSON), RFC 7515, 7797, 8037 and 9864 (signatures),\n"
    "RFC 7638 (thumbprints), RFC 8785 (canonical form).\n"
    ".Sh SECURITY CONSIDERATIONS\n"
    "A record without\n"
    ".Ic sig\n"
    "says nothing about who wrote it, and one with it nothing before\n"
    ".Xr lm-verify 1\n"
    "has let it through.\n"
    "Texts may hold any character: escape them before they reach a terminal or a page, as the\n"
    "programs do in their messages.\n";

/* A line of running text: mdoc takes a leading dot or quote for a request, and a backslash. */
static void write_text(const char *text) {
    if (*text == '.' || *text == '\'')
        (void)fputs("\\&", stdout);
    for (const char *c = text; *c; c++) {
        if (*c == '\\')
            (void)fputs("\\e", stdout);
        else
            (void)putchar(*c);
    }
}

static void write_members(const struct lm_members *members);

static void write_member(const struct lm_member *row) {
    (void)printf(".It Ic %s Pq %s%s%s%s\n", row->name, row->flags & LM_LIST ? "list of " : "",
                 lm_kind_name(row->kind), row->flags & LM_OPTIONAL ? ", optional" : "",
                 row->flags & LM_NULLABLE ? ", nullable" : "");
    write_text(row->meaning);
    if (row->words) {
        (void)printf(":\n.Sy ");
        for (size_t i = 0; row->words[i]; i++)
            (void)printf("%s%s", i ? " , " : "", row->words[i]);
    }
    (void)putchar('\n');
    if (row->object)
        write_members(row->object);
}

static void write_members(const struct lm_members *members) {
    (void)printf(".Bl -tag -width Ds -compact\n");
    for (size_t i = 0; i < members->count; i++)
        write_member(&members->rows[i]);
    (void)printf(".El\n");
}

static void write_type(enum lm_type type, const char *signer, const char *writer) {
    const struct lm_schema *schema = lm_schema_of(type);
    (void)printf(".Ss %s\n", schema->name);
    write_text(schema->meaning);
    (void)putchar('\n');
    if (signer)
        (void)printf("Signed by %s.\n", signer);
    else
        (void)printf("Never signed.\n");
    if (!writer)
        (void)printf("No program of this version writes it.\n");
    else if (strncmp(writer, "lm-", 3) == 0)
        (void)printf("Written by\n.Xr %s 1 .\n", writer);
    else
        (void)printf("Written by %s.\n", writer);
    (void)printf(".Pp\n");
    write_members(schema->members);
}

int main(void) {
    (void)printf(head, LM_DEPTH_MAX, LM_RECORD_SIZE_MAX, LM_ENTRY_SIZE_MAX, LM_NOTE_SIZE_MAX,
                 LM_EXHIBIT_SIZE_MAX);
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++)
        (void)printf(".It Sy %s\n%s\n", lm_kind_name(spellings[i].kind), spellings[i].spelling);
    (void)fputs(after_kinds, stdout);
    write_members(&lm_signature_members);
    (void)fputs(before_types, stdout);
    for (size_t i = 0; i < sizeof origins / sizeof *origins; i++)
        write_type(origins[i].type, origins[i].signer, origins[i].writer);
    (void)fputs(before_reasons, stdout);
    for (int reason = LM_NONE + 1; reason < LM_REASON_COUNT; reason++) {
        /* The others are of the program's surroundings and end it: no line is rejected for them. */
        if (lm_reason_exit((enum lm_reason)reason) != LM_EXIT_REJECT)
            continue;
        (void)printf(".It Ic %s\n", lm_reason_word((enum lm_reason)reason));
        write_text(lm_reason_meaning((enum lm_reason)reason));
        (void)putchar('\n');
    }
    (void)fputs(tail, stdout);
    return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
