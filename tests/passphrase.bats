# Key files under a passphrase: how it is given, what is refused, and that the terminal stays whole.
# shellcheck disable=SC2154
bats_require_minimum_version 1.5.0
load helper

setup_file() {
    cd "$BATS_FILE_TMPDIR" || exit
    (umask 077 && printf 'correct horse\nsecond line\n' >pass)
    lm-keygen --id u1 --role user --supplier s1 --region north --passphrase-file pass >u1.json
    lm-keygen --id plain --role auditor >plain.json
    echo '{"v":1,"type":"claim","claimant":"u1","kind":"price","entries":[]}' >claim
}

setup() {
    cd "$BATS_TEST_TMPDIR" || exit
    cp -p "$BATS_FILE_TMPDIR"/{*.jwk,*.json,pass,claim} .
}

# An address sanitizer needs more memory than any limit leaves it.
no_limits_with_asan() {
    ! grep -qa __asan_init "$LM_BIN/lm-sign" || skip "built with the address sanitizer"
}

# terminal ANSWER… -- COMMAND…: the command at a terminal, where these answers are typed.
terminal() {
    python3 "$LM_ROOT/tests/tools/terminal.py" "$@"
}

@test "a locked file has its public parts and no secret, and its identity is whole" {
    [ "$(stat -c %a u1.jwk)" = 600 ]
    run -0 jq -e '(.keys | length == 2) and all(.keys[]; has("d") | not) and .id == "u1"' u1.jwk
    for use in sign:0 seal:1; do
        [ "$(jq -r ".keys.${use%:*}.x" u1.json)" = "$(jq -r ".keys[${use#*:}].x" u1.jwk)" ]
    done
    # Argon2id as RFC 9106 section 4 recommends it where memory is scarce.
    [ "$(jq -c '.locked | [.kdf, .memory_bytes, .passes]' u1.jwk)" = '["argon2id",67108864,3]' ]
    run -0 lm-sign -k plain.jwk </dev/null
}

@test "two files under one passphrase have nothing in common" {
    lm-keygen --id u1 --role auditor --passphrase-file pass -o other.jwk >/dev/null
    for member in salt nonce box; do
        [ "$(jq ".locked.$member" u1.jwk)" != "$(jq ".locked.$member" other.jwk)" ]
    done
}

@test "--passphrase-file: its first line, from a file or a pipe, opens the key" {
    run -0 --separate-stderr lm-sign -k u1.jwk --passphrase-file pass claim
    [ -z "$stderr" ]
    signed=$output
    run -0 --separate-stderr lm-sign -k u1.jwk --passphrase-file <(printf 'correct horse') claim
    [ "$output" = "$signed" ]
    run -0 --separate-stderr lm-sign -k u1.jwk --passphrase-file <(printf 'correct horse\r\n') claim
    [ "$output" = "$signed" ]
    # A file that is under none does not mind.
    sed 's/u1/plain/' claim | lm-sign -k plain.jwk --passphrase-file pass
}

@test "another passphrase, or an altered file, opens nothing" {
    for text in 'correct hors' 'correct horse ' 'Correct horse' 'second line'; do
        run -66 --separate-stderr lm-sign -k u1.jwk --passphrase-file <(echo "$text") claim
        [ -z "$output" ]
        [[ $stderr == *'wrong passphrase, or the file was altered'* ]]
    done
    lm-keygen --id u2 --role auditor >/dev/null
    jq -c '.id = "u2"' u1.jwk >id.jwk
    jq -c '.x_more = 1' u1.jwk >more.jwk
    jq -c '.keys |= reverse' u1.jwk >order.jwk
    jq -c --slurpfile u2 u2.jwk '.keys[0].x = $u2[0].keys[0].x' u1.jwk >public.jwk
    jq -c '.keys[1].kid = .keys[0].kid' u1.jwk >kid.jwk
    jq -c '.locked.passes = 4' u1.jwk >passes.jwk
    jq -c '.locked.memory_bytes = 33554432' u1.jwk >memory.jwk
    for member in salt nonce box; do
        jq -c --arg m $member '.locked[$m] |= (if .[:1] == "A" then "B" else "A" end) + .[1:]' \
            u1.jwk >$member.jwk
    done
    for altered in id more order public kid passes memory salt nonce box; do
        chmod 600 $altered.jwk
        run -66 --separate-stderr lm-sign -k $altered.jwk --passphrase-file pass claim
        [ -z "$output" ]
        [[ $stderr == *'wrong passphrase, or the file was altered'* ]]
    done
}

@test "a lock that asks for too much is refused before anything is spent on it" {
    no_limits_with_asan
    # 1 GiB, or 4 passes over it, are the most.
    for cost in 1073741825:1 1073741824:5 9007199254740991:1 67108864:65 8192:524289 8191:1 8192:0 \
        9007199254740991:9007199254740991; do
        jq -c --argjson m "${cost%:*}" --argjson p "${cost#*:}" \
            '.locked.memory_bytes = $m | .locked.passes = $p' u1.jwk >greedy.jwk
        chmod 600 greedy.jwk
        # In 200 MB and a second of computing: without trying.
        run -66 --separate-stderr bash -c 'ulimit -v 200000 -t 1
            lm-sign -k greedy.jwk --passphrase-file pass claim'
        [[ $stderr == *'asks for more memory or time than is allowed'* ]]
    done
    for change in '.locked.kdf = "scrypt"' '.locked.cipher = "none"' 'del(.locked.salt)' \
        '.locked.x_ = 1' '.locked.passes = "3"' '.locked.passes = -1' '.locked = 1' '.locked.box = ""' \
        '.locked.nonce += "A"' '.keys += [.keys[0]]' '.keys = []' 'del(.keys)' '.locked.box += "AAAA"'; do
        jq -c "$change" u1.jwk >odd.jwk
        chmod 600 odd.jwk
        run -66 --separate-stderr lm-sign -k odd.jwk --passphrase-file pass claim
        [[ $stderr == *'is no key file'* ]]
    done
}

@test "where memory does not suffice the status is 70" {
    no_limits_with_asan
    run -70 --separate-stderr bash -c 'ulimit -v 60000
        lm-sign --jobs 1 -k u1.jwk --passphrase-file pass claim'
    [[ $stderr == *'needs 64 MiB'* ]]
}

@test "a passphrase file that others can read gives 77, a missing, empty, odd one 66" {
    for mode in 640 604 620 602 610 601; do
        chmod $mode pass
        run -77 --separate-stderr lm-sign -k u1.jwk --passphrase-file pass claim
        [ -z "$output" ]
        [[ $stderr == *'hint: chmod 600 pass'* ]]
        run -77 lm-keygen --id new --role auditor --passphrase-file pass
        [ ! -e new.jwk ]
        # Whether or not it is needed.
        run -77 lm-sign -k plain.jwk --passphrase-file pass claim
    done
    run -66 lm-sign -k u1.jwk --passphrase-file nowhere claim
    run -66 lm-sign -k u1.jwk --passphrase-file . claim
    for text in '' '\n' '\nlate\n' '\r\n' 'a\0b\n'; do
        # shellcheck disable=SC2059
        run -66 --separate-stderr lm-keygen --id new --role auditor --passphrase-file <(printf "$text")
        [ ! -e new.jwk ]
    done
    run -66 lm-keygen --id new --role auditor --passphrase-file <(head -c 1025 /dev/zero | tr '\0' x)
    run -0 lm-keygen --id new --role auditor --passphrase-file <(head -c 1024 /dev/zero | tr '\0' x)
}

@test "at a terminal: asked without echo, three times at most" {
    run -0 --separate-stderr terminal 'correct horse' -- lm-sign -k u1.jwk claim
    [[ $stderr == 'passphrase of u1.jwk: '* ]]
    [[ $stderr != *horse* ]]
    [ "$(jq -r .claimant <<<"$output")" = u1 ]
    run -0 terminal wrong 'correct horse' -- lm-sign -k u1.jwk claim
    run -66 --separate-stderr terminal wrong wrong wrong 'correct horse' -- lm-sign -k u1.jwk claim
    [ -z "$output" ]
    run -66 terminal ^D -- lm-sign -k u1.jwk claim
    run -66 terminal '' -- lm-sign -k u1.jwk claim
}

@test "at a terminal: interrupted, stopped, and the echo is back" {
    run -130 terminal ^C -- lm-sign -k u1.jwk claim
    run -130 terminal wrong ^C -- lm-sign -k u1.jwk claim
    run -0 terminal ^Z 'correct horse' -- lm-sign -k u1.jwk claim
    run -130 terminal ^Z ^Z ^C -- lm-sign -k u1.jwk claim
}

@test "at a terminal: a new passphrase is asked for twice" {
    run -0 terminal secret secret -- lm-keygen --id new --role auditor --passphrase
    run -0 bash -c 'lm-sign -k new.jwk --passphrase-file <(echo secret) </dev/null'
    run -2 --separate-stderr terminal secret Secret -- lm-keygen --id two --role auditor --passphrase
    [ -z "$output" ]
    [ ! -e two.jwk ]
    run -130 terminal secret ^C -- lm-keygen --id two --role auditor --passphrase
    [ ! -e two.jwk ]
    run -2 lm-keygen --id two --role auditor --passphrase --passphrase-file pass
    [ ! -e two.jwk ]
}

@test "without a terminal and a file there is a hint, and nothing is written" {
    run -66 --separate-stderr setsid -w lm-sign -k u1.jwk claim
    [ -z "$output" ]
    [[ $stderr == *'no terminal'*'hint: --passphrase-file'* ]]
    run -66 --separate-stderr setsid -w lm-keygen --id two --role auditor --passphrase
    [ -z "$output" ]
    [ ! -e two.jwk ]
}

@test "the programs of a pipeline ask one after the other" {
    # The registrar's key is made, under a passphrase, and signs itself: two new, one to open it.
    run -0 --separate-stderr terminal one one one -- \
        bash -c 'lm-keygen --id registrar --role registrar --passphrase | lm-sign -k registrar.jwk'
    [ "$(jq -r .id <<<"$output")" = registrar ]
    [ "$(tr -d '\r' <<<"$stderr")" = $'new passphrase: \nonce more: \npassphrase of registrar.jwk: ' ]
}

@test "a locked key file is a root of trust by its public part" {
    lm-keygen --id registrar --role registrar --passphrase-file pass |
        lm-sign -k registrar.jwk --passphrase-file pass >registry.ndjson
    run -0 lm-verify -r registry.ndjson --root registrar.jwk registry.ndjson
}

@test "no passphrase and no secret in messages, and an id of control characters is shown as text" {
    cp -p u1.jwk $'u\e[31m.jwk'
    run -130 --separate-stderr terminal ^C -- lm-sign -k $'u\e[31m.jwk' claim
    [[ $stderr != *$'\e'* ]]
    run -66 --separate-stderr lm-sign -k u1.jwk --passphrase-file <(echo hunter2) claim
    [[ $stderr != *hunter2* ]]
}
