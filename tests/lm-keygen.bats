# lm-keygen: key files that only their owner reads, and identities that prove possession.
# shellcheck disable=SC2154
bats_require_minimum_version 1.5.0
load helper

valid=2016-01-01T00:00Z/2017-01-01T00:00Z

setup() {
    cd "$BATS_TEST_TMPDIR" || exit
}

@test "a user: a key file of mode 0600 and an identity with her public keys" {
    umask 000
    run -0 --separate-stderr lm-keygen --id u1 --role user --supplier s1 --region north --valid $valid
    [ -z "$stderr" ]
    [ "$(stat -c %a u1.jwk)" = 600 ]
    [ "$(jq -r '[.type, .id, .role, .supplier, .region, .valid] | join(" ")' <<<"$output")" = \
        "identity u1 user s1 north $valid" ]
    for use in sign:0 seal:1; do
        [ "$(jq -r ".keys.${use%:*}.x" <<<"$output")" = "$(jq -r ".keys[${use#*:}].x" u1.jwk)" ]
    done
    # No secret but in the file.
    for secret in $(jq -r '.keys[].d' u1.jwk); do
        [[ $output != *"$secret"* ]]
    done
    [ "$(jq -r .id u1.jwk)" = u1 ]
}

@test "without --valid an identity holds for ten years from today's midnight" {
    run -0 lm-keygen --id a --role auditor --now 2016-02-29T13:14:15Z
    [ "$(jq -r .valid <<<"$output")" = 2016-02-29T00:00Z/2026-02-28T00:00Z ]
    run -0 lm-keygen --id b --role auditor --now 2016-04-01T00:00:00Z
    [ "$(jq -r .valid <<<"$output")" = 2016-04-01T00:00Z/2026-04-01T00:00Z ]
}

@test "each role has the options that it needs, and no other" {
    n=0
    good() { n=$((n + 1)); run -0 --separate-stderr lm-keygen --id "e$n" --role "$@"; }
    bad() {
        n=$((n + 1))
        run -2 --separate-stderr lm-keygen --id "e$n" --role "$@"
        [ -z "$output" ]
        [[ $stderr == "lm-keygen: "*hint:* ]]
        [ ! -e "e$n.jwk" ]
    }
    good registrar
    good auditor
    good market --region a --region b
    [ "$(jq -c .regions <<<"$output")" = '["a","b"]' ]
    good supplier --region a
    good dso --region a
    good tso --region a
    good meter --user u1
    good meter --user u1 --firmware 47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU
    bad user --supplier s
    bad user --region a
    bad user --supplier s --region a --user u1
    bad market
    bad supplier
    bad meter
    bad meter --user u1 --firmware short
    bad registrar --region a
    bad auditor --supplier s
    bad market --region 'a b'
    bad nobody
    run -2 lm-keygen --id x --role user --supplier s --region a --region b
    run -2 lm-keygen --role auditor
    run -2 lm-keygen --id x
}

@test "ids that begin with p- or r- are reserved, and a bad --valid is refused" {
    run -2 lm-keygen --id p-1 --role auditor
    run -2 lm-keygen --id r-1 --role auditor
    run -2 lm-keygen --id 'a/b' --role auditor
    run -2 lm-keygen --id a --role auditor --valid 2017-01-01T00:00Z/2016-01-01T00:00Z
    run -2 lm-keygen --id a --role auditor --valid 2016
    [ -z "$(ls)" ]
}

@test "an id that begins with a dash or a dot gets a file name that does no harm" {
    run -0 lm-keygen --id=-rf --role auditor
    [ -f ./-rf.jwk ]
    run -0 lm-keygen --id .hidden --role auditor
    [ -f ./.hidden.jwk ]
}

@test "an existing key is never overwritten without --force" {
    run -0 lm-keygen --id a --role auditor
    cp a.jwk old
    run -2 --separate-stderr lm-keygen --id a --role auditor
    [ -z "$output" ]
    [[ $stderr == *exists* ]]
    cmp a.jwk old
    run -0 lm-keygen --id a --role auditor --force
    run -1 cmp -s a.jwk old
    [ "$(stat -c %a a.jwk)" = 600 ]
    [ "$(find . -name 'a.jwk*' | wc -l)" -eq 1 ]
}

@test "a symbolic link is not followed, wherever it leads" {
    echo precious >precious
    ln -s precious a.jwk
    ln -s nowhere b.jwk
    run -2 lm-keygen --id a --role auditor
    run -2 lm-keygen --id b --role auditor
    [ "$(cat precious)" = precious ]
    [ ! -e nowhere ]
}

@test "where the key cannot be written there is no identity" {
    run -74 --separate-stderr lm-keygen --id a --role auditor -o no/such/folder/a.jwk
    [ -z "$output" ]
    mkdir closed
    run -2 --separate-stderr lm-keygen --id a --role auditor -o /dev/full
    [ -z "$output" ]
}

@test "a folder that may not be written to, and a disk that is full half-way, leave nothing" {
    mkdir closed
    chmod 555 closed
    if [ "$(id -u)" -ne 0 ]; then
        run -74 --separate-stderr lm-keygen --id a --role auditor -o closed/a.jwk
        [ -z "$output" ]
    fi
    # Files may have a block of 512 bytes, no more: the key is longer.
    for options in '' --force "--passphrase-file pass"; do
        (umask 077 && echo secret >pass)
        # shellcheck disable=SC2016,SC2086
        run -74 bash -c 'mkdir -p small && cp pass small && cd small && ulimit -f 0 &&
            lm-keygen --id a --role auditor "$@"' _ $options
        [[ $output == "lm-keygen: a.jwk: File too large" ]]
        [ "$(ls small)" = pass ]
    done
    # An old key is still there.
    lm-keygen --id a --role auditor >/dev/null
    cp a.jwk old
    run -74 bash -c 'ulimit -f 0; lm-keygen --id a --role auditor --force'
    cmp a.jwk old
    [ "$(find . -name 'a.jwk*' | wc -l)" -eq 1 ]
}

@test "of many who make one key file at once one succeeds, and the file is hers" {
    for round in 1 2 3 4 5; do
        for n in 1 2 3 4 5 6; do
            { lm-keygen --id a --role auditor -o "$round.jwk" >"$round.$n.json" 2>/dev/null || rm "$round.$n.json"; } &
        done
        wait
        [ "$(find . -name "$round.*.json" | wc -l)" -eq 1 ]
        [ "$(jq -r .keys.sign.x "$round".*.json)" = "$(jq -r '.keys[0].x' $round.jwk)" ]
    done
    # Nothing is left of the others.
    [ "$(find . -name '*.jwk*' | wc -l)" -eq 5 ]
}

@test "a link that is put in the way while the key is made is not followed" {
    echo precious >precious
    for ((n = 0; n < 30; n++)); do
        rm -f a.jwk
        ln -s precious a.jwk &
        lm-keygen --id a --role auditor >a.json 2>/dev/null || [ -L a.jwk ]
        wait
        [ "$(cat precious)" = precious ]
    done
    # With --force the link is replaced, not what it leads to.
    ln -sf precious a.jwk
    run -0 lm-keygen --id a --role auditor --force
    [ ! -L a.jwk ]
    [ "$(cat precious)" = precious ]
}

@test "where the identity cannot be written the key is kept" {
    run -74 bash -c 'lm-keygen --id a --role auditor >/dev/full'
    [ -s a.jwk ]
}

@test "a registrar refuses an identity whose proof is not by its own key" {
    lm-keygen --id registrar --role registrar --valid $valid >registrar.json
    lm-keygen --id a --role auditor --valid $valid >a.json
    lm-keygen --id b --role auditor --valid $valid >b.json
    run -0 lm-sign -k registrar.jwk a.json
    jq -c '.id = "c"' a.json >id.json
    jq -c --slurpfile b b.json '.keys = $b[0].keys' a.json >keys.json
    jq -c --slurpfile b b.json '.proof = $b[0].proof' a.json >proof.json
    jq -c '.role = "registrar"' a.json >role.json
    jq -c '.valid = "2016-01-01T00:00Z/2018-01-01T00:00Z"' a.json >valid.json
    jq -c '.x_more = 1' a.json >more.json
    for file in id keys proof role valid more; do
        run -1 --separate-stderr lm-sign -k registrar.jwk --rejects rejects.$file $file.json
        [ -z "$output" ]
        [ "$(reasons rejects.$file)" = bad_proof ]
    done
}

@test "the manual's examples" {
    lm-keygen --id registrar --role registrar | lm-sign -k registrar.jwk >registry.ndjson
    lm-keygen --id u1 --role user --supplier s1 --region north |
        lm-sign -k registrar.jwk >>registry.ndjson
    lm-keygen --id m1 --role meter --user u1 |
        lm-sign -k registrar.jwk >>registry.ndjson
    run -0 lm-verify -r registry.ndjson --root registrar.jwk registry.ndjson
    [ "$(jq -r .id <<<"$output" | tr '\n' ' ')" = 'registrar u1 m1 ' ]
}
