# --registry-checkpoint and --max-age: a registry is the registrar's whole log, and a recent one, or
# nothing is verified by it.
# shellcheck disable=SC2154
bats_require_minimum_version 1.5.0
load helper

now=2016-04-01T11:00:00Z
valid=2016-01-01T00:00Z/2017-01-01T00:00Z

entity() { # id role option…
    local id=$1 role=$2
    shift 2
    lm-keygen --id "$id" --role "$role" --valid $valid "$@" | lm-sign -k registrar.jwk >>registry
}

log() { # instant FILE…: appends to the log.
    local at=$1
    shift
    lm-log append log -k registrar.jwk --now "$at" "$@" >/dev/null
}

checkpoint() { lm-log checkpoint log -k registrar.jwk --now "$1" >/dev/null; }

setup_file() {
    cd "$BATS_FILE_TMPDIR" || exit
    entity registrar registrar
    entity m1 market --region north
    entity s1 supplier --region north
    entity u1 user --supplier s1 --region north
    entity u2 user --supplier s1 --region north
    log 2016-01-02T00:00:00Z registry
    printf '{"type":"revocation","v":1,"id":"u1","kid":"%s","at":"2016-03-01T00:00:00Z","reason":"lost"}\n' \
        "$(jq -r '.keys[0].kid' u1.jwk)" | lm-sign -k registrar.jwk >revocation
    cp log before
    checkpoint 2016-02-28T00:00:00Z
    cp log.checkpoint before.checkpoint
    log 2016-03-01T09:00:00Z revocation
    checkpoint 2016-04-01T10:00:00Z
    for user in u1 u2; do
        printf '{"type":"claim","v":1,"claimant":"%s","kind":"bill","entries":[]}\n' $user |
            lm-sign -k $user.jwk
    done >claims
}

setup() {
    cd "$BATS_TEST_TMPDIR" || exit
    cp "$BATS_FILE_TMPDIR"/* .
}

verify() { # LOG CHECKPOINT OPTION…
    local log=$1 checkpoint=$2
    shift 2
    lm-verify -r "$log" --root registrar.jwk --registry-checkpoint "$checkpoint" --now $now \
        --accept-rejects "$@" claims
}

# nothing TEXT LOG CHECKPOINT OPTION…: nothing is verified, and this is said.
nothing() {
    local text=$1
    shift
    run -66 --separate-stderr verify "$@"
    [ -z "$output" ] || return 1
    [[ $stderr == *"$text"* ]] || {
        echo "# wanted $text, got $stderr"
        return 1
    }
}

# refused STATUS COMMAND…: by the whole registry COMMAND ends with STATUS; by one whose last
# revocation was cut off it does what it should not, and with the whole one's checkpoint nothing,
# as by an old one. LOG stands for the registry in COMMAND, whose input is the file "input".
refused() {
    local want=$1
    shift
    run -0 --separate-stderr "${@//LOG/before}" <input
    [ -n "$output" ] || return 1
    run "-$want" --separate-stderr "${@//LOG/log}" --registry-checkpoint log.checkpoint --max-age 1h <input
    [[ $want -eq 0 || $stderr == *revoked* ]] || return 1
    run -66 --separate-stderr "${@//LOG/before}" --registry-checkpoint log.checkpoint <input
    [ -z "$output" ] || return 1
    [[ $stderr == *", and the checkpoint speaks of "* ]] || return 1
    run -66 --separate-stderr "${@//LOG/before}" --registry-checkpoint before.checkpoint --max-age 1d <input
    [ -z "$output" ] || return 1
    [[ $stderr == *"seconds old"* ]] || return 1
    run -2 "${@//LOG/log}" --max-age 1h <input
}

@test "the whole log counts, by the registrar's key however it is named" {
    for root in registrar.jwk "$(jq -r '.keys[0].kid' registrar.jwk)"; do
        run -0 --separate-stderr lm-verify -r log --root "$root" --registry-checkpoint log.checkpoint \
            --now $now --accept-rejects claims
        [ "$output" = "$(sed -n 2p claims)" ]
        [[ $stderr == *"is revoked"* ]]
    done
    # The root, computed here: leaves and nodes of RFC 6962.
    python3 - <<'PY' >root
import base64, hashlib
def tree(leaves):
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return hashlib.sha256(b"\1" + tree(leaves[:k]) + tree(leaves[k:])).digest()
print(base64.b64encode(tree(open("log", "rb").read().splitlines())).decode())
PY
    [ "$(sed -n 3p log.checkpoint)" = "$(cat root)" ]
    # Another spelling of an entry is the same entry.
    jq -c . log >respelled
    sed -i 's/,/, /g' respelled
    run -0 --separate-stderr verify respelled log.checkpoint
    [ "$output" = "$(sed -n 2p claims)" ]
}

@test "a registry with something left out, put in, altered, moved or repeated is none" {
    # The attack: the revocation is left out, and u1's thief is let in.
    run -0 --separate-stderr lm-verify -r before --root registrar.jwk --now $now claims
    [ "$output" = "$(cat claims)" ]
    nothing 'has 5 entries, and the checkpoint speaks of 6' before log.checkpoint
    sed 3d log >less
    nothing 'less:3: entry 3 stands where entry 2 is due' less log.checkpoint
    sed 3d log | jq -c '.n = input_line_number - 1' >less
    nothing 'has 5 entries, and the checkpoint speaks of 6' less log.checkpoint
    # A renumbered one that is as long again.
    sed 3d log | cat - <(sed -n 3p log) | jq -c '.n = input_line_number - 1' >moved
    nothing 'moved:6: entry 5 is earlier' moved log.checkpoint
    sed 3d log | cat - <(sed -n 3p log) | jq -c '.n = input_line_number - 1 | .at = "2016-01-02T00:00:00Z"' >moved
    nothing 'their roots differ' moved log.checkpoint
    sed 3p log >longer
    nothing 'longer:4: entry 2 stands where entry 3 is due' longer log.checkpoint
    jq -c 'if .n == 5 then .at = "2016-04-01T12:00:00Z" else . end' log >later
    nothing 'their roots differ' later log.checkpoint
    jq -c 'if .n == 4 then .record.region = "south" else . end' log >altered
    nothing 'their roots differ' altered log.checkpoint
    jq -c 'if .n == 4 then .record.x_note = "" else . end' log >altered
    nothing 'their roots differ' altered log.checkpoint
    # Bare records are in no log.
    nothing 'registry:1: no entry' registry log.checkpoint
    cat log revocation >mixed
    nothing 'mixed:7: no entry' mixed log.checkpoint
    # A line that is no record is an entry that is missing.
    sed '6s/.*/junk/' log >broken
    nothing 'has 5 entries, and the checkpoint speaks of 6' broken log.checkpoint
    : >empty
    run -66 verify empty log.checkpoint
    # A registry that has grown wants a checkpoint that knows it.
    nothing 'of which the checkpoint knows only 5' log before.checkpoint
}

@test "a checkpoint that the registrar has not signed speaks for nothing" {
    sed 's/^6$/5/' log.checkpoint >altered
    nothing 'checkpoint does not count' before altered
    lm-log checkpoint log -k m1.jwk --origin registrar/log -o foreign >/dev/null
    nothing 'checkpoint does not count' log foreign
    head -n 4 log.checkpoint >unsigned
    nothing 'checkpoint does not count' log unsigned
    echo junk >unsigned
    nothing 'checkpoint does not count' log unsigned
    nothing 'No such file' log no-such-file
    # That of another log of the registrar's.
    lm-log append other -k registrar.jwk --now $now revocation >/dev/null
    lm-log checkpoint other -k registrar.jwk --now $now >/dev/null
    nothing 'knows only 1' log other.checkpoint
}

@test "--max-age: by when the registrar's key says that it signed" {
    run -0 verify log log.checkpoint --max-age 1h
    nothing '2016-04-01T10:00:00Z: 3600 seconds old, and 3599 are allowed' log log.checkpoint --max-age 3599s
    nothing 'seconds old' log log.checkpoint --max-age 59m
    run -0 verify log log.checkpoint --max-age 60m
    run -0 verify log log.checkpoint --max-age 1d
    # The attack: an old registry with the checkpoint of its day.
    run -0 verify before before.checkpoint
    nothing 'seconds old' before before.checkpoint --max-age 7d
    run -0 verify before before.checkpoint --max-age 34d
    # Without a time nobody knows, and somebody else's says nothing.
    head -n 5 log.checkpoint >untimed
    run -0 verify log untimed
    nothing 'does not say when it was signed' log untimed --max-age 7d
    lm-log cosign untimed -k m1.jwk --state state --first --now $now \
        --log-key registrar.jwk >witnessed
    [ "$(wc -l <witnessed)" -eq 6 ]
    nothing 'does not say when it was signed' log witnessed --max-age 7d
    # Clocks differ by little.
    checkpoint 2016-04-01T11:05:00Z
    run -0 verify log log.checkpoint --max-age 1h
    checkpoint 2016-04-01T11:05:01Z
    nothing 'signed in the future' log log.checkpoint --max-age 1h
}

@test "bad usage" {
    for age in '' 0s 1 h 1w -1h 1.5h ' 1h' 1H 9999999999999d 999999999999d; do
        run -2 verify log log.checkpoint --max-age "$age"
    done
    run -2 lm-verify -r log --root registrar.jwk --max-age 1h claims
    run -2 lm-verify -r log -r registry --root registrar.jwk --registry-checkpoint log.checkpoint claims
}

# ---- the other programs that are told who is who ----

@test "lm-seal seals to no key whose revocation was cut off" {
    printf '%s\n' '{"type":"notice","v":1,"to":"u1","market":"m1","period":"2016-04-01T12:00Z/PT30M","price":null,"orders":[]}' >input
    refused 1 lm-seal -r LOG --root registrar.jwk --now $now
}

@test "lm-inform tells nothing by a registry whose end was cut off" {
    for bid in '--from u1 --offer' '--from u2 --bid'; do
        # shellcheck disable=SC2086
        lm-bid --market m1 --period 2016-04-01T12:00Z/PT30M --now $now $bid 2kWh@0.11
    done | lm-clear --all >input
    # A revocation takes nothing from what somebody may be told.
    refused 0 lm-inform -r LOG --root registrar.jwk --now $now
}

@test "lm-auth: nobody is asked, and nobody is there, by a key whose revocation was cut off" {
    lm-auth challenge -k u1.jwk -s u1.auth -t m1 --now $now >input
    # Each has a state of its own, as what was answered is not answered again.
    respond() { rm -f m1.auth && lm-auth respond -k m1.jwk -s m1.auth --root registrar.jwk --now $now "$@"; }
    refused 1 respond -r LOG
    lm-auth challenge -k m1.jwk -s asked --ttl 3600 -t u1 --now $now |
        lm-auth respond -k u1.jwk -s u1.auth -r log --root registrar.jwk --now $now >input
    check() { cp asked m1.auth && chmod 600 m1.auth && lm-auth check -s m1.auth --root registrar.jwk --now $now "$@"; }
    refused 1 check -r LOG
    run -2 --separate-stderr lm-auth challenge -k m1.jwk -s m1.auth -t u1 --registry-checkpoint log.checkpoint
    [[ $stderr == *"--registry-checkpoint does not go with challenge"* ]]
}

@test "lm-log: a log is nobody's by a key whose revocation was cut off" {
    lm-log append m1.log -k m1.jwk --now $now claims >/dev/null
    lm-log checkpoint m1.log -k m1.jwk --now $now >m1.checkpoint
    cp log before
    cp log.checkpoint before.checkpoint
    printf '{"type":"revocation","v":1,"id":"m1","kid":"%s","at":"2016-04-01T10:30:00Z","reason":"lost"}\n' \
        "$(jq -r '.keys[0].kid' m1.jwk)" | lm-sign -k registrar.jwk >revocation
    log 2016-04-01T10:30:00Z revocation
    checkpoint 2016-04-02T10:45:00Z
    local now=2016-04-02T11:00:00Z
    lm-log prove m1.log 0 --with-entry >proof
    cp proof input
    refused 1 lm-log check -r LOG --root registrar.jwk --now $now
    cp m1.checkpoint input
    cosign() { rm -f state* && lm-log cosign -k s1.jwk --state state --first --root registrar.jwk --now $now "$@"; }
    refused 1 cosign -r LOG
    run -2 --separate-stderr lm-log check --log-key m1.jwk --registry-checkpoint log.checkpoint proof
    [[ $stderr == *"--log-key and --registry do not go together"* ]]
}
