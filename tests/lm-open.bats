# lm-open: each thing that can be wrong with a box has its own reason, and spoils nothing around it.
# shellcheck disable=SC2154
bats_require_minimum_version 1.5.0
load helper
load programs

now=2016-04-01T11:00:00Z

setup_file() {
    make_inputs
    entity --id m2 --role market --region north
    lm-seal -r registry.ndjson --root registrar.jwk --now $now signed.ndjson >sealed.ndjson
}

setup() {
    cd "$BATS_TEST_TMPDIR" || exit
    cp -p "$BATS_FILE_TMPDIR"/{*.jwk,*.ndjson} .
}

# refused REASON MESSAGE CHANGE: with the second of three boxes changed by jq, the others are opened
# and that one is rejected.
refused() {
    jq -c "if input_line_number == 2 then $3 else . end" sealed.ndjson >changed
    rm -f rejects
    run -1 --separate-stderr lm-open -k m1.jwk --rejects rejects changed
    [ "$output" = "$(sed 2d signed.ndjson)" ]
    [ "$(jq -r '"\(.line) \(.reason)"' rejects)" = "2 $1" ]
    [[ $stderr == "lm-open: changed:2: "*"$2"* ]]
}

@test "a flipped byte anywhere in the box" {
    length=$(head -n 1 sealed.ndjson | jq -r '.box | length')
    for at in 0 1 42 43 63 64 100 $((length / 2)) $((length - 2)); do
        refused bad_box 'altered, or is for another key' \
            ".box |= .[:$at] + (if .[$at:$((at + 1))] == \"A\" then \"B\" else \"A\" end) + .[$((at + 1)):]"
    done
}

@test "a truncated box" {
    for size in 0 4 64 100 400 740; do
        refused box_size 'truncated' ".box |= .[:$size]"
    done
    refused box_size 'truncated' '.box += "AAAA"'
    # By whole blocks it has a size that a box may have.
    refused bad_box 'altered' '.box |= .[:404] + "AA"'
    refused bad_member 'box' '.box |= .[:-1] + "="'
    refused bad_member 'box' '.box |= "+" + .[1:]'
}

@test "a box that is meant for somebody else" {
    refused wrong_addressee 'it is sealed to m2' '.to = "m2"'
    # All of it really to m2.
    refused wrong_addressee 'it is sealed to m2' \
        ".to = \"m2\" | .kid = \"$(jq -r '.keys[1].kid' m2.jwk)\""
    run -1 --separate-stderr lm-open -k m2.jwk --rejects rejects2 sealed.ndjson
    [ -z "$output" ]
    [ "$(reasons rejects2 | sort -u)" = wrong_addressee ]
}

@test "a box for another key of one's own" {
    refused other_key 'another key of m1' ".kid = \"$(jq -r '.keys[0].kid' m1.jwk)\""
    lm-keygen --id m1 --role market --region north -o new.jwk >/dev/null
    run -1 --separate-stderr lm-open -k new.jwk --rejects rejects2 sealed.ndjson
    [ -z "$output" ]
    [ "$(reasons rejects2 | sort -u)" = other_key ]
    # Whose kid was changed, so that the wrong key is tried.
    kid=$(jq -r '.keys[1].kid' new.jwk)
    jq -c --arg kid "$kid" '.kid = $kid' sealed.ndjson >changed
    run -1 --separate-stderr lm-open -k new.jwk --rejects rejects3 changed
    [ -z "$output" ]
    [ "$(reasons rejects3 | sort -u)" = bad_box ]
}

@test "several key files: the kid says which, in any order" {
    lm-keygen --id m1 --role market --region north -o new.jwk --valid 2016-01-01T00:00Z/2017-01-01T00:00Z |
        lm-sign -k registrar.jwk >new
    grep -v '"id":"m1"' registry.ndjson | cat - new >registry2
    lm-seal -r registry2 --root registrar.jwk --now $now signed.ndjson >sealed2
    for keys in '-k m1.jwk -k new.jwk' '-k new.jwk -k m2.jwk -k m1.jwk'; do
        # shellcheck disable=SC2086
        lm-open $keys sealed.ndjson sealed2 | cmp <(cat signed.ndjson signed.ndjson) -
    done
}

@test "an order that another market got cannot be passed on as if it were meant for this one" {
    # m1 opens it and would seal it to m2: lm-seal does not, and an envelope that says so is none.
    run -1 --separate-stderr lm-seal -r registry.ndjson --root registrar.jwk --now $now --to m2 signed.ndjson
    [ -z "$output" ]
    jq -c '.to = "m2" | .kid = $kid' --arg kid "$(jq -r '.keys[1].kid' m2.jwk)" sealed.ndjson >passed
    run -1 --separate-stderr lm-open -k m2.jwk --rejects rejects passed
    [ -z "$output" ]
    [ "$(reasons rejects | sort -u)" = bad_box ]
}

@test "a notice that is meant for somebody else does not come out, though the box opens" {
    # To u1 by what is signed; in a box for m2's key, as a made-up order can have it, and addressed so.
    echo '{"market":"m1","orders":[],"period":"2016-04-01T12:00Z/PT30M","price":null,"to":"u1","type":"notice","v":1}' |
        lm-sign -k m1.jwk >notice
    jq -c --slurpfile m2 m2.jwk '.seal = ($m2[0].keys[1] | {crv, kty, x})' orders.ndjson >made-up
    lm-seal -r registry.ndjson --root registrar.jwk --now $now --orders made-up notice |
        jq -c '.to = "m2"' >passed
    [ "$(jq -r .kid passed)" = "$(jq -r '.keys[1].kid' m2.jwk)" ]
    run -1 --separate-stderr lm-open -k m2.jwk --rejects rejects passed
    [ -z "$output" ]
    [ "$(reasons rejects)" = wrong_addressee ]
    [[ $stderr == *'the notice in the box is meant for u1, not for m2'* ]]
}

@test "what is not sealed is passed over, and said so" {
    run -0 --separate-stderr lm-open -k m1.jwk sealed.ndjson signed.ndjson registry.ndjson
    [ "$output" = "$(<signed.ndjson)" ]
    [ "$stderr" = "lm-open: $(cat signed.ndjson registry.ndjson | wc -l) records that are not sealed are passed over" ]
}

@test "in an entry the record is opened, and n and at stay for lm-verify" {
    jq -cS '{type: "entry", v: 1, n: input_line_number, at: "2016-04-01T11:00:00Z", record: .}' \
        sealed.ndjson >entries
    run -0 --separate-stderr lm-open -k m1.jwk entries
    diff <(jq -c '[.n, .at]' <<<"$output") <(jq -c '[.n, .at]' entries)
    diff <(jq -c .record <<<"$output") signed.ndjson
    [ "$(jq -cS . <<<"$output")" = "$output" ]
    # Long after the identities have expired, the entry's instant counts.
    run -0 lm-verify -r registry.ndjson --root registrar.jwk --now 2030-01-01T00:00:00Z <<<"$output"
}

@test "a key that others can read gives 77, a missing one 66, none 2" {
    chmod 640 m1.jwk
    run -77 --separate-stderr lm-open -k m1.jwk sealed.ndjson
    [ -z "$output" ]
    chmod 600 m1.jwk
    run -66 lm-open -k m1.jwk -k nowhere.jwk sealed.ndjson
    run -2 lm-open sealed.ndjson
}

@test "one passphrase opens several key files" {
    (umask 077 && echo secret >pass)
    for id in a b; do
        lm-keygen --id m$id --role market --region north --passphrase-file pass -o $id.jwk \
            --valid 2016-01-01T00:00Z/2017-01-01T00:00Z | lm-sign -k registrar.jwk >>registry.ndjson
        sed "s/\"m1\"/\"m$id\"/" orders.ndjson
    done >orders
    lm-sign -k u1.jwk orders >signed
    lm-seal -r registry.ndjson --root registrar.jwk --now $now signed >sealed
    lm-open -k a.jwk -k b.jwk --passphrase-file pass sealed | cmp signed -
    run -0 --separate-stderr python3 "$LM_ROOT/tests/tools/terminal.py" secret secret -- \
        lm-open -k a.jwk -k b.jwk sealed
    [ "$output" = "$(<signed)" ]
    run -66 lm-open -k a.jwk -k b.jwk --passphrase-file <(echo other) sealed
}

@test "no secret shows in messages or rejects, and nothing of what is in a box" {
    jq -c '.to = "m2"' sealed.ndjson >changed
    run -1 --separate-stderr lm-open -k m1.jwk --rejects rejects changed
    for secret in $(jq -r '.keys[].d' m1.jwk) '"u1"' energy_wh; do
        [[ $stderr != *"$secret"* ]]
        run -1 grep -q -- "$secret" rejects
    done
}

@test "the manual's examples" {
    mkdir inbox
    cp sealed.ndjson inbox/one
    sed -n '/^\.Sh EXAMPLES$/,/^\.Sh SEE ALSO$/p' "$LM_ROOT/man/lm-open.1" |
        sed -n '/^\.Bd/,/^\.Ed$/p' | sed '/^\./d; s/\\e/\\/g' >examples
    [ "$(wc -l <examples)" -ge 2 ]
    echo "lm-verify() { command lm-verify --now $now \"\$@\"; }" >run
    run -0 --separate-stderr bash -euo pipefail <(cat run examples)
    [ -z "$stderr" ]
    cmp orders.ndjson signed.ndjson
}
