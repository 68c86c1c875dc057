# lm-sign: canonical signed lines, in order, and nothing that the key may not say.
# shellcheck disable=SC2154
bats_require_minimum_version 1.5.0
load helper

setup_file() {
    cd "$BATS_FILE_TMPDIR" || exit
    lm-keygen --id u1 --role user --supplier s1 --region north >u1.json
    lm-keygen --id m1 --role market --region north >m1.json
}

setup() {
    cd "$BATS_TEST_TMPDIR" || exit
    cp "$BATS_FILE_TMPDIR"/*.jwk .
    echo '{"v":1,"type":"order","market":"m1","period":"2016-04-01T12:00Z/PT30M","id":"a","seq":1,"from":"u1","side":"offer","energy_wh":2000,"price":"0.110","at":"2016-04-01T10:00:00Z"}' >order
}

@test "a record comes out canonical, with everything that it said and a signature" {
    run -0 --separate-stderr lm-sign -k u1.jwk order
    [ -z "$stderr" ]
    [ "$(jq -cS . <<<"$output")" = "$output" ]
    [ "$(jq -cS 'del(.sig)' <<<"$output")" = "$(jq -cS . order)" ]
    [ "$(jq -r '.sig | keys | join(" ")' <<<"$output")" = 'protected signature' ]
    # RFC 7797: exactly these four, the payload not encoded.
    header=$(jq -r '.sig.protected | gsub("-"; "+") | gsub("_"; "/") | @base64d' <<<"$output")
    [ "$header" = '{"alg":"EdDSA","b64":false,"crit":["b64"],"kid":"'"$(jq -r '.keys[0].kid' u1.jwk)"'"}' ]
}

@test "the same record and key give the same bytes" {
    lm-sign -k u1.jwk order >one
    jq -S . order | jq -c . | lm-sign -k u1.jwk >two
    cmp one two
}

@test "members of one's own are signed as well" {
    jq -c '.x_note = "Größe" | .x_list = [3, {"b": 1, "a": null}]' order | lm-sign -k u1.jwk >signed
    [ "$(jq -c .x_list signed)" = '[3,{"a":null,"b":1}]' ]
}

@test "thousands of lines stay in order, whatever the number of threads" {
    for ((n = 1; n <= 3000; n++)); do
        sed "s/\"seq\":1/\"seq\":$n/" order
    done >many
    for jobs in 1 2 7; do
        lm-sign -k u1.jwk --jobs $jobs many >signed.$jobs
        [ "$(jq -r .seq signed.$jobs | md5sum)" = "$(seq 3000 | md5sum)" ]
    done
    cmp signed.1 signed.2
    cmp signed.1 signed.7
}

@test "nobody signs for somebody else" {
    sed 's/"from":"u1"/"from":"u2"/' order >other
    run -1 --separate-stderr lm-sign -k u1.jwk --rejects rejects other order
    [ "$(wc -l <<<"$output")" -eq 1 ]
    [ "$(reasons rejects)" = wrong_subject ]
    [[ $stderr == 'lm-sign: other:1: '*u2*u1* ]]
}

@test "what is signed already is not signed again unawares" {
    lm-sign -k u1.jwk order >signed
    run -1 --separate-stderr lm-sign -k u1.jwk --rejects rejects signed
    [ -z "$output" ]
    [ "$(reasons rejects)" = signed ]
    lm-sign -k u1.jwk --again signed | cmp - signed
}

@test "types that nobody signs, and what stands in an entry, are rejected" {
    echo '{"type":"curve","v":1,"market":"m1","period":"2016-04-01T12:00Z/PT30M","side":"bid","price":"1","cumulative_wh":1}' >curve
    jq -c '{type: "entry", v: 1, n: 0, at: "2016-04-01T10:00:00Z", record: .}' order >entry
    run -1 --separate-stderr lm-sign -k u1.jwk --rejects rejects curve entry
    [ -z "$output" ]
    [ "$(reasons rejects | sort -u)" = not_signable ]
    [[ $stderr == "lm-sign: curve:1: curve records are never signed"* ]]
}

@test "a record that is too long with its signature is rejected" {
    jq -c --arg text "$(printf '%065150d' 0)" '.x_text = $text' order >long
    [ "$(wc -c <long)" -lt 65537 ]
    run -1 --separate-stderr lm-sign -k u1.jwk --rejects rejects long
    [ -z "$output" ]
    [ "$(reasons rejects)" = too_long ]
}

@test "a key that others can read gives 77, a missing one 66, no key 66" {
    for mode in 640 604 620 602 610 601; do
        chmod $mode u1.jwk
        run -77 --separate-stderr lm-sign -k u1.jwk order
        [ -z "$output" ]
    done
    run -66 lm-sign -k nowhere.jwk order
    echo '{}' >empty.jwk
    chmod 600 empty.jwk
    run -66 lm-sign -k empty.jwk order
    run -66 lm-sign -k . order
    run -2 lm-sign order
}

@test "a key file whose public half is another's is refused" {
    jq -c --slurpfile m m1.jwk '.keys[0].x = $m[0].keys[0].x' u1.jwk >mixed.jwk
    chmod 600 mixed.jwk
    run -66 --separate-stderr lm-sign -k mixed.jwk order
    [ -z "$output" ]
}

@test "no secret shows in messages or rejects" {
    run -1 --separate-stderr lm-sign -k u1.jwk --rejects rejects <(echo '{') order
    for secret in $(jq -r '.keys[].d' u1.jwk); do
        [[ $stderr != *"$secret"* ]]
        run -1 grep -q -- "$secret" rejects
    done
}

@test "the registrar's own key may be made in the same pipeline" {
    for ((n = 0; n < 10; n++)); do
        rm -f registrar.jwk
        lm-keygen --id registrar --role registrar | lm-sign -k registrar.jwk >registry
        [ "$(jq -r .id registry)" = registrar ]
    done
}
