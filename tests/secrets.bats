# No secret stays behind in memory: neither in blocks that were freed, nor, at the end, in anything
# that a program can write to.
# shellcheck disable=SC2154
bats_require_minimum_version 1.5.0
load helper

setup_file() {
    cd "$BATS_FILE_TMPDIR" || exit
    local valid=2016-01-01T00:00Z/2017-01-01T00:00Z
    (umask 077 && echo 'a long enough passphrase' >pass)
    lm-keygen --id registrar --role registrar --valid $valid | lm-sign -k registrar.jwk >registry
    for id in plain locked; do
        options=()
        [ $id = plain ] || options=(--passphrase-file pass)
        lm-keygen --id $id --role market --region north --valid $valid "${options[@]}" |
            lm-sign -k registrar.jwk >>registry
        for ((n = 0; n < 50; n++)); do
            echo '{"v":1,"type":"reading","meter":"mt1","period":"2016-04-01T12:00Z/PT30M","import_wh":'$n',"export_wh":0,"quality":"measured","seq":1,"to":"'$id'"}'
        done | lm-seal -r registry --root registrar.jwk --now 2016-04-01T13:00:00Z >sealed.$id
        echo '{"v":1,"type":"claim","claimant":"'$id'","kind":"price","entries":[],"text":"remember-this"}' >claim.$id
    done
}

setup() {
    cd "$BATS_TEST_TMPDIR" || exit
    cp -p "$BATS_FILE_TMPDIR"/* .
    library=${LM_BUILD:-${LM_BIN%/bin}}/tests/preload/freed.so
    [ -e "$library" ] || skip "$library is not built (make check builds it)"
    ! grep -qa __asan_init "$LM_BIN/lm-sign" || skip "a sanitizer has its own memory"
}

# watched PROGRAM…: runs it with what it leaves behind going to the file `left`.
watched() {
    rm -f left
    run -0 --separate-stderr env LM_FREED_OUT=left LD_PRELOAD="$library" "$@"
    grep -qa 'THE END: ' left
}

# found: what of the secrets is in `left`, by name: those of KEY in both spellings, of another file
# where it has them, and the passphrase.
found() {
    python3 - "$@" <<'PYTHON'
import base64, json, sys
left = open("left", "rb").read()
secrets = {"passphrase": b"a long enough passphrase"}
for path in sys.argv[1:]:
    for key in json.load(open(path))["keys"]:
        if "d" in key:
            raw = base64.urlsafe_b64decode(key["d"] + "=")
            secrets[key["crv"]] = raw
            secrets[key["crv"] + " as text"] = key["d"].encode()
            # A part tells enough.
            secrets[key["crv"] + ", first half"] = raw[:16]
            secrets[key["crv"] + ", second half"] = raw[16:]
            secrets[key["crv"] + " as text, first half"] = key["d"][:22].encode()
            secrets[key["crv"] + " as text, second half"] = key["d"][22:].encode()
print(*(name for name, secret in secrets.items() if secret in left))
PYTHON
}

@test "the scan itself finds what is left" {
    watched lm-sign -k plain.jwk claim.plain
    grep -qa remember-this left
    # And the secrets of a program that does not care.
    watched jq . plain.jwk
    [[ $(found plain.jwk) == *Ed25519*X25519* ]]
}

@test "lm-sign" {
    for jobs in 1 2; do
        watched lm-sign --jobs $jobs -k plain.jwk claim.plain
        [ "$(found plain.jwk)" = '' ]
    done
}

@test "lm-sign, under a passphrase" {
    # One key in two files, so that the secrets of the locked one are known.
    "${library%/preload/*}/tools/twin" locked open.jwk twin.jwk pass
    watched lm-sign -k twin.jwk --passphrase-file pass claim.locked
    [ "$(found open.jwk)" = '' ]
    diff <(lm-sign -k open.jwk claim.locked) <(echo "$output")
}

@test "lm-open" {
    for jobs in 1 2; do
        watched lm-open --jobs $jobs -k plain.jwk sealed.plain
        [ "$(wc -l <<<"$output")" -eq 50 ]
        [ "$(found plain.jwk)" = '' ]
    done
    watched lm-open -k plain.jwk -k locked.jwk --passphrase-file pass sealed.locked sealed.plain
    [ "$(wc -l <<<"$output")" -eq 100 ]
    [ "$(found plain.jwk)" = '' ]
}

@test "lm-keygen" {
    watched lm-keygen --id new --role auditor
    [ "$(found new.jwk)" = '' ]
    watched lm-keygen --id new --role auditor --force --passphrase-file pass
    [ "$(found)" = '' ]
}

@test "a passphrase that is typed" {
    rm -f left
    run -0 python3 "$LM_ROOT/tests/tools/terminal.py" 'a long enough passphrase' -- \
        env LM_FREED_OUT=left LD_PRELOAD="$library" lm-sign -k locked.jwk claim.locked
    grep -qa 'THE END: ' left
    [ "$(found)" = '' ]
}

@test "lm-seal and lm-verify, whose root is a private key file" {
    jq -c '.to = "plain" | {v: 1, type: "notice", market: "m1", period: "2016-04-01T12:00Z/PT30M", price: null, orders: [], to}' \
        sealed.plain >notices
    watched lm-seal -r registry --root registrar.jwk --now 2016-04-01T13:00:00Z notices
    [ "$(wc -l <<<"$output")" -eq 50 ]
    [ "$(found registrar.jwk)" = '' ]
    watched lm-verify -r registry --root registrar.jwk --now 2016-04-01T13:00:00Z registry
    [ "$(found registrar.jwk)" = '' ]
}

@test "a key file that is refused" {
    jq -c '.keys[0].x = .keys[1].x' plain.jwk >mixed.jwk
    jq -c '.keys[0].d += "A"' plain.jwk >odd.jwk
    head -c 250 plain.jwk >cut.jwk
    { cat plain.jwk && echo '['; } >twice.jwk
    chmod 600 ./*.jwk
    for file in mixed odd cut twice; do
        rm -f left
        run -66 env LM_FREED_OUT=left LD_PRELOAD="$library" lm-sign -k $file.jwk claim.plain
        [ -e left ]
        [ "$(found plain.jwk)" = '' ]
    done
}
