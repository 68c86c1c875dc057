# lm-seal: what only its addressee can read, sealed to the key that is hers at that time, and of a
# size that tells nothing.
# shellcheck disable=SC2154
bats_require_minimum_version 1.5.0
load helper
load programs

now=2016-04-01T11:00:00Z

setup_file() {
    make_inputs
    {
        printf '{"amount":"1","carried_in":"0","carry":"0","currency":"EUR","difference":"0","items":[],'
        printf '"month":"2016-04","rounded":"1","supplier":"s1","type":"bill","user":"u1","v":1,"without_market":"1"}\n'
    } >bill
    {
        printf '{"amount":"1","currency":"EUR","from":"s1","market":"m1","period":"2016-04-01T12:00Z/PT30M",'
        printf '"to":"s2","type":"transfer","v":1}\n'
    } >transfer
    entity --id s2 --role supplier --region north
    lm-sign -k s1.jwk bill transfer >>settled.ndjson
}

setup() {
    cd "$BATS_TEST_TMPDIR" || exit
    cp -p "$BATS_FILE_TMPDIR"/{*.jwk,*.ndjson} .
}

seal() { lm-seal -r registry.ndjson --root registrar.jwk --now $now "$@"; }

# refused REASON FILE…: lm-seal rejects all of FILE for this reason and writes nothing.
refused() {
    rm -f rejects
    run -1 --separate-stderr seal --rejects rejects "${@:2}"
    [ -z "$output" ]
    [ "$(reasons rejects | sort -u)" = "$1" ]
}

@test "what is sealed is opened as it was, byte for byte, and verifies" {
    seal signed.ndjson | lm-open -k m1.jwk >opened
    cmp signed.ndjson opened
    run -0 lm-verify -r registry.ndjson --root registrar.jwk --now $now opened
    [ "${#lines[@]}" -eq 3 ]
}

@test "a sealed record names the addressee and the key, and shows nothing else" {
    seal signed.ndjson >sealed
    [ "$(jq -r .to sealed | sort -u)" = m1 ]
    [ "$(jq -r .kid sealed | sort -u)" = "$(jq -r '.keys[1].kid' m1.jwk)" ]
    [ "$(jq -r 'keys | join(" ")' sealed | sort -u)" = 'box kid to type v' ]
    run -1 grep -aE '"u1"|"offer"|0\.1' sealed
    # No two boxes of one record are alike.
    seal signed.ndjson signed.ndjson | jq -r .box >boxes
    [ "$(sort -u boxes | wc -l)" -eq 6 ]
}

@test "each type goes to whom it is meant for" {
    jq -c 'select(.type != "transfer" or .to == "s2")' settled.ndjson >records
    seal records >sealed
    paste <(jq -r '.type + " " + (.party // .user // .to)' records) <(jq -r .to sealed) >pairs
    awk '$2 != $3 { exit 1 }' pairs
    grep -q '^settlement u1' pairs
    grep -q '^bill u1' pairs
    grep -q '^transfer s2' pairs
    # A settlement and a bill concern their supplier as well.
    grep -E '"party":"u1"|"type":"bill"' settled.ndjson >u1.ndjson
    run -0 seal --to s1 u1.ndjson
    [ "$(jq -r .to <<<"$output" | sort -u)" = s1 ]
    lm-open -k s1.jwk <<<"$output" | cmp u1.ndjson -
}

@test "several recipients get one record each" {
    grep '"type":"bill"' settled.ndjson >bill
    run -0 seal --to u1 --to s1 bill
    [ "$(jq -r .to <<<"$output")" = $'u1\ns1' ]
    sealed=$output
    for id in u1 s1; do
        run -1 --separate-stderr lm-open -k $id.jwk <<<"$sealed"
        [ "$output" = "$(<bill)" ]
    done
    # To all of them or to none.
    refused wrong_addressee --to u1 --to s2 bill
}

@test "nothing is sealed to somebody that it does not name" {
    refused wrong_addressee --to u1 signed.ndjson
    [[ $stderr == *'meant for m1, not for u1'* ]]
    # Public records, and readings that were not written for anybody.
    lm-sign -k mt1.jwk reading.ndjson >reading
    refused no_addressee --to s1 reading
    [[ $stderr == *'hint: lm-meter --to'* ]]
    refused no_addressee registry.ndjson
    refused no_addressee market.ndjson
    jq -c '.to = "s1"' reading.ndjson | lm-sign -k mt1.jwk >reading
    run -0 seal reading
    [ "$(jq -r .to <<<"$output")" = s1 ]
    # What is sealed already is meant for whoever opens it.
    seal signed.ndjson >sealed
    refused no_addressee sealed
}

@test "boxes of orders have one size, whatever is offered, bid or withdrawn" {
    period=2016-04-01T12:00Z/PT30M
    {
        for quantity in 1Wh@0 9007199254740991Wh@-1234.123456 2kWh@0.11 5MWh@12.5; do
            for side in --offer --bid; do
                lm-bid --from u1 --market m1 --period $period --now $now $side $quantity
            done
        done
        lm-bid --from u1 --market m1 --period $period --now $now --bid 1Wh@0 | jq -c '.energy_wh = 0'
        for id in a offer-0.11 the-longest-name-that-a-user-gives; do
            lm-bid --from u1 --market m1 --period $period --now $now --id $id --bid 1Wh@0.1
        done
    } | lm-sign -k u1.jwk >orders
    [ "$(awk '{ print length }' orders | sort -u | wc -l)" -gt 5 ]
    [ "$(seal orders | awk '{ print length }' | sort -u | wc -l)" -eq 1 ]
    # Two blocks of 256, a key and a tag.
    [ "$(seal orders | jq -r '.box | length' | sort -u)" -eq $(((2 * 256 + 48) * 4 / 3 + 1)) ]
}

@test "the key is the one that the addressee has at that time" {
    grep -v '"id":"m1"' registry.ndjson >base
    lm-keygen --id m1 --role market --region north --valid 2016-01-01T00:00Z/2016-06-01T00:00Z -o old.jwk |
        lm-sign -k registrar.jwk >old
    lm-keygen --id m1 --role market --region north --valid 2016-04-01T12:00Z/2016-06-01T00:00Z -o new.jwk |
        lm-sign -k registrar.jwk >new
    at() { lm-seal -r base -r old -r new --root registrar.jwk --now "$1" --rejects rejects signed.ndjson; }
    for time in 2016-04-01T11:59:59Z:old 2016-04-01T12:00:00Z:new 2016-05-31T23:59:59Z:new; do
        run -0 at "${time%:*}"
        [ "$(jq -r .kid <<<"$output" | sort -u)" = "$(jq -r '.keys[1].kid' "${time##*:}.jwk")" ]
    done
    for time in 2015-12-31T23:59:59Z 2016-06-01T00:00:00Z; do
        run -1 at $time
        [ "$(reasons rejects | sort -u)" = no_identity ]
        [[ $output == *"m1: no identity is valid at $time"* ]]
    done
    # An order's own time changes nothing, nor does the entry that it is in.
    jq -c '{type: "entry", v: 1, n: 0, at: "2016-04-01T11:00:00Z", record: .}' signed.ndjson >entries
    run -0 lm-seal -r base -r old -r new --root registrar.jwk --now 2016-04-02T00:00:00Z entries
    [ "$(jq -r .record.kid <<<"$output" | sort -u)" = "$(jq -r '.keys[1].kid' new.jwk)" ]
}

@test "a notice is sealed with the key that the orders name, known to the registry or not" {
    period=2016-04-01T12:00Z/PT30M
    # A key of u1 for one period, and one of a pseudonym.
    lm-keygen --id u1 --role user --supplier s1 --region north -o once.jwk >/dev/null
    lm-keygen --id x --role auditor -o x.jwk >/dev/null
    jq -c '.id = "p-x"' x.jwk >pseudonym.jwk
    chmod 600 pseudonym.jwk
    ordered() { # FROM KEY-FILE
        jq -c --arg from "$1" --slurpfile key "$2" '.from = $from | .seal = ($key[0].keys[1] | {crv, kty, x})' \
            <(head -n "${3:-2}" orders.ndjson)
    }
    notice() {
        printf '{"market":"m1","orders":[],"period":"%s","price":null,"to":"%s","type":"notice","v":1}\n' "${2:-$period}" "$1"
    }
    { ordered u1 once.jwk; ordered p-x pseudonym.jwk; } >orders
    { notice u1; notice p-x; } >notices
    for form in . '{type: "entry", v: 1, n: 0, at: "2016-04-01T11:00:00Z", record: .}'; do
        jq -c "$form" orders >given
        run -0 --separate-stderr seal --orders given notices
        lm-open -k u1.jwk -k once.jwk -k pseudonym.jwk <<<"$output" | cmp notices -
        [ "$(jq -r .kid <<<"$output")" = "$(jq -r '.keys[1].kid' once.jwk pseudonym.jwk)" ]
    done
    # Another period, and another type: the registry's key, or none.
    notice u1 2016-04-01T12:30Z/PT30M >other
    run -0 seal --orders orders other
    [ "$(jq -r .kid <<<"$output")" = "$(jq -r '.keys[1].kid' u1.jwk)" ]
    notice p-x 2016-04-01T12:30Z/PT30M >other
    refused no_identity --orders orders other
    notice p-x >other
    refused no_identity other
}

@test "orders that name different keys, or something that is none, seal no notice" {
    lm-keygen --id u1 --role user --supplier s1 --region north -o a.jwk >/dev/null
    lm-keygen --id u1 --role user --supplier s1 --region north -o b.jwk >/dev/null
    for file in a b; do
        head -n 1 orders.ndjson | jq -c --slurpfile key $file.jwk '.seal = ($key[0].keys[1] | {crv, kty, x})'
    done >orders
    echo '{"market":"m1","orders":[],"period":"2016-04-01T12:00Z/PT30M","price":null,"to":"u1","type":"notice","v":1}' >notice
    refused ambiguous --orders orders notice
    head -n 1 orders | jq -c '.seal.crv = "Ed25519"' >odd
    run -1 --separate-stderr seal --orders odd notice
    [[ $stderr == *"odd:1: seal is not an OKP key on X25519"* ]]
    # All zeros: what is sealed with it anybody could open.
    head -n 1 orders | jq -c '.seal.x = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"' >weak
    refused weak_key --orders weak notice
}

@test "nothing is sealed to a revoked key, nor where identities contradict each other" {
    cp registry.ndjson base
    revocation='{"type":"revocation","v":1,"id":"m1","kid":"%s","at":"2016-04-01T11:00:00Z","reason":"stolen"}\n'
    # shellcheck disable=SC2059
    printf "$revocation" "$(jq -r '.keys[0].kid' m1.jwk)" | lm-sign -k registrar.jwk >>registry.ndjson
    refused revoked signed.ndjson
    run -0 lm-seal -r registry.ndjson --root registrar.jwk --now 2016-04-01T10:59:59Z signed.ndjson
    cp base registry.ndjson
    lm-keygen --id m1 --role market --region north --valid 2016-01-01T00:00Z/2017-01-01T00:00Z -o other.jwk |
        lm-sign -k registrar.jwk >>registry.ndjson
    refused ambiguous signed.ndjson
}

@test "an identity that the registrar did not sign is nobody's" {
    grep -v '"id":"m1"' registry.ndjson >base
    mv base registry.ndjson
    lm-keygen --id m1 --role market --region north --valid 2016-01-01T00:00Z/2017-01-01T00:00Z \
        -o mallory.jwk >>registry.ndjson
    run -1 --separate-stderr seal signed.ndjson
    [ -z "$output" ]
    [[ $stderr == *'registry.ndjson:'*'signed.ndjson:1: m1: '* ]]
}

@test "in an entry the record is sealed, and n and at stay" {
    jq -cS '{type: "entry", v: 1, n: 7, at: "2016-04-01T11:00:00Z", record: ., x_more: "é"}' \
        signed.ndjson >entries
    seal entries >sealed
    [ "$(jq -c '[.n, .at, .x_more, .record.type]' sealed | sort -u)" = \
        '[7,"2016-04-01T11:00:00Z","é","sealed"]' ]
    lm-open -k m1.jwk sealed | cmp entries -
}

@test "a record that is too long for a box in a line is told so" {
    fitted() {
        jq -cS 'del(.sig) | .x_ = ""' signed.ndjson | head -n 1 >short
        jq -cS --arg text "$(head -c $(($1 + 1 - $(wc -c <short))) /dev/zero | tr '\0' x)" '.x_ = $text' short
    }
    # 191 blocks with a byte of padding at least make the longest line.
    fitted 48895 >longest
    [ "$(tr -d '\n' <longest | wc -c)" -eq 48895 ]
    run -0 seal longest
    [ ${#output} -le 65536 ]
    lm-open -k m1.jwk <<<"$output" | cmp longest -
    fitted 48896 >longer
    refused too_long longer
    [[ $stderr == *'the record of 48896 bytes is longer than 65536'* ]]
}

@test "thousands of lines stay in order, whatever the number of threads" {
    for ((n = 1; n <= 2500; n++)); do
        sed "s/\"seq\":1/\"seq\":$n/" orders.ndjson
    done | head -n 2500 >many
    for jobs in 1 2 7; do
        seal --jobs $jobs many | lm-open -k m1.jwk --jobs $jobs | cmp many -
    done
}

@test "--to must be an id, and -r and --root are needed" {
    run -2 --separate-stderr seal --to 'u 1' signed.ndjson
    [ -z "$output" ]
    run -2 lm-seal -r registry.ndjson signed.ndjson
    run -2 lm-seal --root registrar.jwk signed.ndjson
}

@test "the manual's examples" {
    sed -n '/^\.Sh EXAMPLES$/,/^\.Sh SEE ALSO$/p' "$LM_ROOT/man/lm-seal.1" |
        sed -n '/^\.Bd/,/^\.Ed$/p' | sed '/^\./d; s/\\e/\\/g; s/\\(aq/'"'"'/g' >examples
    [ "$(wc -l <examples)" -ge 5 ]
    lm-bid --from u1 --market m1 --period 2016-04-01T12:00Z/PT30M --now $now --offer 2kWh@0.11 >order.ndjson
    grep '"party":"u1"' settled.ndjson | jq -c 'del(.sig)' >settlements.ndjson
    # The registry is of 2016, and the market is here.
    cat >run <<RUN
lm-seal() { command lm-seal --now $now "\$@"; }
ssh() { [ "\$1" = market ] && sh -c "\$2"; }
RUN
    run -0 --separate-stderr bash -euo pipefail <(cat run examples)
    [ -z "$stderr" ]
    [ -z "$output" ]
    for file in inbox sealed.ndjson archive.ndjson; do
        [ "$(jq -r .type $file | sort -u)" = sealed ]
    done
    [ "$(jq -r .to inbox sealed.ndjson archive.ndjson | sort -u | paste -sd ' ')" = 'm1 s1 u1' ]
}
