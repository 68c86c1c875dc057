# lm-verify: the very bytes of what is right, and for all else a reason.
# shellcheck disable=SC2154
bats_require_minimum_version 1.5.0
load helper

now=2016-04-01T11:00:00Z
valid=2016-01-01T00:00Z/2017-01-01T00:00Z

entity() { # id role option…
    local id=$1 role=$2
    shift 2
    lm-keygen --id "$id" --role "$role" --valid $valid "$@" | lm-sign -k registrar.jwk >"$id.id"
    cat "$id.id" >>registry
}

setup_file() {
    cd "$BATS_FILE_TMPDIR" || exit
    entity registrar registrar
    entity m1 market --region north
    entity m2 market --region south
    entity s1 supplier --region north
    entity s2 supplier --region north
    entity d1 dso --region north
    entity t1 tso --region north --region south
    entity u1 user --supplier s1 --region north
    entity u2 user --supplier s2 --region north
    entity k1 meter --user u1
    entity a1 auditor
    order u1 m1 | lm-sign -k u1.jwk >signed
}

order() { # from market
    printf '{"at":"2016-04-01T10:00:00Z","energy_wh":2000,"from":"%s","id":"a","market":"%s",' "$1" "$2"
    printf '"period":"2016-04-01T12:00Z/PT30M","price":"0.11","seq":1,"side":"offer","type":"order","v":1}\n'
}

setup() {
    cd "$BATS_TEST_TMPDIR" || exit
    cp "$BATS_FILE_TMPDIR"/* .
}

verify() { lm-verify -r registry --root registrar.jwk --now $now "$@"; }

# refused REASON FILE…: nothing passes, and this is why.
refused() {
    local reason=$1
    shift
    rm -f rejects
    run -1 --separate-stderr verify --rejects rejects "$@"
    [ -z "$output" ] || return 1
    [ "$(reasons rejects)" = "$reason" ] || {
        echo "# wanted $reason, got $(reasons rejects): $stderr"
        return 1
    }
}

# An entry around each record, at an instant.
entries() { jq -c --arg at "$1" '{type: "entry", v: 1, n: 0, at: $at, record: .}' "$2"; }

@test "what is right comes out as the very bytes that went in" {
    # Signed, but spelled otherwise than canonically.
    jq '.' signed | tr -d '\n' | sed 's/$/\n/' >spaced
    cat signed registry spaced >in
    run -0 --separate-stderr verify in
    verify in | cmp - in
    [ -z "$stderr" ]
}

@test "no byte can be changed into another record" {
    for ((at = 0; at < $(stat -c %s signed) - 1; at += 3)); do
        for mask in 1 2 32; do
            python3 -c 'import sys
data = bytearray(open("signed", "rb").read())
data[int(sys.argv[1])] ^= int(sys.argv[2])
sys.stdout.buffer.write(data)' "$at" "$mask"
        done
    done >altered
    run -1 --separate-stderr bash -c "lm-verify -r registry --root registrar.jwk --now $now altered >out"
    # A flip in a name that nobody needs could only make another spelling of the same record.
    jq -cS . out | sort -u >meant
    [ ! -s meant ] || [ "$(cat meant)" = "$(jq -cS . signed)" ]
}

@test "unsigned, altered and foreign signatures" {
    order u1 m1 >unsigned
    refused unsigned unsigned
    sed 's/0\.11/0.12/' signed >altered
    refused bad_signature altered
    lm-keygen --id u1 --role user --supplier s1 --region north -o stranger.jwk >stranger.id
    order u1 m1 | lm-sign -k stranger.jwk >stranger
    refused unknown_signer stranger
    jq -c '.sig.protected = "e30"' signed >header
    refused bad_header header
    jq -c '.sig.signature = "AAAA"' signed >short
    refused bad_signature short
    order u2 m1 | lm-sign -k u2.jwk >theirs
    jq -c --slurpfile o theirs '.sig = $o[0].sig' signed >swapped
    refused wrong_subject swapped
}

@test "who signs must be whom the record speaks for" {
    # A key file with another id lets its owner try.
    jq -c '.id = "u1"' u2.jwk >liar.jwk
    chmod 600 liar.jwk
    order u1 m1 | lm-sign -k liar.jwk >forged
    refused wrong_subject forged
}

@test "roles sign what is theirs and nothing else" {
    clearing='{"type":"clearing","v":1,"market":"u1","period":"2016-04-01T12:00Z/PT30M","mechanism":"double-auction","price_rule":"midpoint","price":null,"price_low":null,"price_high":null,"energy_wh":0,"offered_wh":0,"demanded_wh":0,"offers":0,"bids":0,"orders_root":"47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"}'
    echo "$clearing" | lm-sign -k u1.jwk >user
    refused wrong_role user
    echo "${clearing/\"u1\"/\"m1\"}" | lm-sign -k m1.jwk >market
    run -0 verify market
    rules='{"type":"market-rules","v":1,"market":"m1","regions":["north"],"valid":"2016-01-01T00:00Z/2017-01-01T00:00Z","currency":"EUR","period_minutes":30,"gate_minutes":15,"grace_seconds":60,"mechanism":"double-auction","price_rule":"midpoint","max_orders":8,"min_group":1}'
    echo "$rules" | lm-sign -k m1.jwk >own_rules
    refused wrong_role own_rules
    echo "$rules" | lm-sign -k registrar.jwk >rules
    run -0 verify rules
    order m1 m1 | lm-sign -k m1.jwk >market_order
    refused wrong_role market_order
    reading='{"type":"reading","v":1,"meter":"%s","period":"2016-04-01T12:00Z/PT30M","import_wh":1,"export_wh":0,"quality":"measured","seq":1}\n'
    # shellcheck disable=SC2059
    printf "$reading" k1 | lm-sign -k k1.jwk >reading
    run -0 verify reading
    # shellcheck disable=SC2059
    printf "$reading" u1 | lm-sign -k u1.jwk >user_reading
    refused wrong_role user_reading
    echo '{"type":"verdict","v":1,"result":"clean","exhibits":[]}' >verdict
    lm-sign -k a1.jwk verdict >auditor
    run -0 verify auditor
    lm-sign -k s1.jwk verdict >supplier
    refused wrong_role supplier
}

@test "markets, regions and customers" {
    order u1 m2 | lm-sign -k u1.jwk >south
    refused wrong_market south
    order u1 m9 | lm-sign -k u1.jwk >nowhere
    refused wrong_market nowhere
    order s1 m1 | lm-sign -k s1.jwk >supplier
    run -0 verify supplier
    fee='{"type":"network-fee","v":1,"by":"%s","region":"%s","valid":"2016-01-01T00:00Z/2017-01-01T00:00Z","currency":"EUR","price":"0.02"}\n'
    # shellcheck disable=SC2059
    {
        printf "$fee" d1 south | lm-sign -k d1.jwk >dso
        printf "$fee" t1 south | lm-sign -k t1.jwk >tso
    }
    refused wrong_region dso
    run -0 verify tso
    contract='{"type":"contract","v":1,"user":"%s","supplier":"s1","tariff":"t","valid":"2016-01-01T00:00Z/2017-01-01T00:00Z"}\n'
    # shellcheck disable=SC2059
    {
        printf "$contract" u1 | lm-sign -k s1.jwk >own
        printf "$contract" u2 | lm-sign -k s1.jwk >others
    }
    run -0 verify own
    refused wrong_customer others
}

@test "an identity counts from its start to before its end" {
    verify_at() { lm-verify -r registry --root registrar.jwk --now "$1" --rejects rejects signed; }
    run -1 verify_at 2015-12-31T23:59:59Z
    [ "$(reasons rejects)" = not_yet_valid ]
    [[ $output == *"the identity of u1 with the key "*" is valid from 2016-01-01T00:00:00Z"* ]]
    run -0 verify_at 2016-01-01T00:00:00Z
    run -0 verify_at 2016-12-31T23:59:59Z
    rm rejects
    run -1 verify_at 2017-01-01T00:00:00Z
    [ "$(reasons rejects)" = expired ]
    [[ $output == *"the identity of u1 with the key "*" is valid until 2017-01-01T00:00:00Z"* ]]
}

@test "a record in an entry is judged when it was logged, not now and not by its own clock" {
    entries 2016-04-01T11:00:00Z signed >logged
    run -0 lm-verify -r registry --root registrar.jwk --now 2020-01-01T00:00:00Z logged
    [ "$output" = "$(cat logged)" ]
    entries 2015-04-01T11:00:00Z signed >early
    refused not_yet_valid early
}

@test "a revoked key does not count from the revocation on, and did before" {
    kid=$(jq -r '.keys[0].kid' u1.jwk)
    echo '{"type":"revocation","v":1,"id":"u1","kid":"'"$kid"'","at":"2016-03-01T00:00:00Z","reason":"lost"}' |
        lm-sign -k registrar.jwk >revocation
    cp registry plain
    cat revocation >>registry
    refused revoked signed
    run -0 lm-verify -r registry --root registrar.jwk --now 2016-02-29T23:59:59Z signed
    run -1 lm-verify -r registry --root registrar.jwk --now 2016-03-01T00:00:00Z signed
    # Back-dated: in a log it counts from its entry on, so that nobody is framed afterwards.
    cat plain <(entries 2016-05-01T00:00:00Z revocation) >registry
    run -0 verify signed
    run -1 lm-verify -r registry --root registrar.jwk --now 2016-05-01T00:00:00Z signed
}

@test "a later identity of the same id supersedes, two that begin together void each other" {
    mkdir new
    (cd new && lm-keygen --id u1 --role user --supplier s2 --region north \
        --valid 2016-04-01T00:00Z/2017-01-01T00:00Z) | lm-sign -k registrar.jwk >later
    cp registry plain
    cat later >>registry
    refused superseded signed
    run -0 lm-verify -r registry --root registrar.jwk --now 2016-03-31T23:59:59Z signed
    order u1 m1 | lm-sign -k new/u1.jwk >renewed
    run -0 verify renewed
    mkdir twin
    (cd twin && lm-keygen --id u1 --role user --supplier s1 --region north --valid $valid) |
        lm-sign -k registrar.jwk >twin.id
    cat plain twin.id >registry
    refused ambiguous signed
    # The same record twice is no contradiction.
    cat plain u1.id >registry
    run -0 verify signed
}

@test "only the root's signature makes an identity, and who else signed is named by line" {
    lm-keygen --id impostor --role registrar --valid $valid >impostor.json
    mkdir fake
    (cd fake && lm-keygen --id u1 --role user --supplier s1 --region north --valid $valid) |
        lm-sign -k impostor.jwk >>registry
    order u1 m1 | lm-sign -k fake/u1.jwk >forged
    run -1 --separate-stderr verify forged
    [ -z "$output" ]
    [[ $stderr == "lm-verify: registry:12: "*u1* ]]
    # And the true one still stands.
    run -1 --separate-stderr verify signed
    [ "$output" = "$(cat signed)" ]
    # An identity in the stream is held to the same.
    cp "$BATS_FILE_TMPDIR/registry" registry
    jq -c . impostor.json | lm-sign -k impostor.jwk >own
    run -1 --separate-stderr verify --rejects rejects own
    [ -z "$output" ]
    run -0 verify u1.id
}

@test "the root may be a key file, a public JWK Set, an identity, or a thumbprint" {
    jq -c '.keys |= map(del(.d))' registrar.jwk >public.jwk
    for root in registrar.jwk public.jwk registrar.id registry "$(jq -r '.keys[0].kid' registrar.jwk)"; do
        run -0 lm-verify -r registry --root "$root" --now $now signed
        [ "$output" = "$(cat signed)" ]
    done
    # A secret key that others can read is not gone by, its public half may be read by all.
    cp registrar.jwk loose.jwk
    chmod 644 loose.jwk public.jwk
    run -77 --separate-stderr lm-verify -r registry --root loose.jwk --now $now signed
    [ -z "$output" ]
    [[ $stderr == *"hint: chmod 600 loose.jwk"* ]]
    run -0 lm-verify -r registry --root public.jwk --now $now signed
    run -66 lm-verify -r registry --root u1.id --now $now signed
    run -66 lm-verify -r u1.id --root "$(jq -r '.keys[0].kid' registrar.jwk)" --now $now signed
    run -2 lm-verify -r registry signed
    run -2 lm-verify --root registrar.jwk signed
}

@test "a repeat is dropped, a repeat of what was rejected is rejected" {
    sed 's/0\.11/0.12/' signed >altered
    cat signed signed altered signed altered >in
    for jobs in 1 2; do
        rm -f rejects
        run -1 --separate-stderr verify --jobs $jobs --rejects rejects in
        [ "$output" = "$(cat signed)" ]
        [ "$(reasons rejects | tr '\n' ' ')" = 'bad_signature repeated ' ]
    done
    # Across batches, too.
    { cat altered; for ((n = 0; n < 3000; n++)); do cat signed; done; cat altered; } >long
    rm -f rejects
    run -1 --separate-stderr verify --rejects rejects long
    [ "$output" = "$(cat signed)" ]
    [ "$(reasons rejects | tr '\n' ' ')" = 'bad_signature repeated ' ]
}

@test "what lm-sign signs, lm-verify accepts: every type, by who may sign it" {
    digest=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU
    period=2016-04-01T12:00Z/PT30M
    settlement='"v":1,"period":"'$period'","market":"m1","party":"s1","role":"supplier","supplier":"s1","currency":"EUR","amount":"0","without_market":"0","items":[]'
    while read -r key record; do
        echo "$record" | lm-sign -k "$key.jwk" >one
        run -0 --separate-stderr verify one
        [ "$output" = "$(cat one)" ]
    done <<EOF
registrar {"type":"firmware","v":1,"digests":["$digest"],"valid":"$valid"}
registrar {"type":"revocation","v":1,"id":"u2","kid":"$(jq -r '.keys[0].kid' u2.jwk)","at":"$now","reason":"test"}
s1 {"type":"tariff","v":1,"supplier":"s1","valid":"$valid","zone":"UTC","currency":"EUR","retail":[{"price":"0.2"}],"feed_in":"0","fees_borne_by":{"import":"user","export":"user","bought":"user","sold":"user"}}
m1 {"type":"trade","v":1,"market":"m1","period":"$period","order":"a","from":"u1","side":"offer","energy_wh":1,"price":"0.1"}
m1 {"type":"notice","v":1,"to":"u1","market":"m1","period":"$period","price":"0.1","orders":[]}
d1 {"type":"total","v":1,"to":"t1","period":"$period","region":"north","supplier":null,"import_wh":0,"export_wh":0,"meters":0}
s1 {"type":"settlement",$settlement}
s1 {"type":"adjustment",$settlement,"seq":1,"month":"2016-04"}
s1 {"type":"transfer","v":1,"market":"m1","period":"$period","currency":"EUR","from":"s1","to":"s2","amount":"1"}
s1 {"type":"bill","v":1,"user":"u1","supplier":"s1","month":"2016-04","currency":"EUR","items":[],"amount":"0","without_market":"0","difference":"0","carried_in":"0","rounded":"0","carry":"0"}
u1 {"type":"challenge","v":1,"from":"u1","to":"m1","nonce":"$digest","at":"$now","expires":"2016-04-01T11:01:00Z"}
m1 {"type":"response","v":1,"from":"m1","to":"u1","challenge":"$digest","nonce":"$digest","at":"$now"}
m1 {"type":"receipt","v":1,"log":"x","n":0,"leaf":"$digest","at":"$now"}
u1 {"type":"claim","v":1,"claimant":"u1","kind":"bill","entries":[]}
a1 {"type":"finding","v":1,"code":"x","party":null,"entries":[],"text":"x"}
a1 {"type":"exhibit","v":1,"claim":"$digest","log":"x","n":0,"entry":{},"path":[],"checkpoint":"x"}
EOF
}

# reading METER PERIOD FIRMWARE: signed; no firmware without the third.
reading() {
    printf '{"type":"reading","v":1,"meter":"%s","period":"%s","import_wh":1,"export_wh":0,"quality":"measured","seq":1%s}\n' \
        "$1" "$2" "${3:+,\"firmware\":\"$3\"}" | lm-sign -k "$1.jwk"
}

firmware() { # validity digests
    printf '{"type":"firmware","v":1,"digests":%s,"valid":"%s"}\n' "$2" "$1" | lm-sign -k registrar.jwk
}

@test "readings of a firmware that is not approved are refused" {
    a=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU
    b=n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg
    c=LCa0a2j_xo_5m0U8HTBBNBNCLXBkg7-g-YpeiGJm564
    p=2016-04-01T12:00Z/PT30M
    q=2016-07-01T00:00Z/PT30M
    entity k2 meter --user u1 --firmware $a --firmware $b
    cp registry plain
    # Nobody approved anything: no firmware may be named, but by whose identity lists it.
    reading k1 $p >none
    reading k1 $p $a >named
    run -0 verify none
    refused firmware named
    reading k2 $p $a >listed
    run -0 verify listed
    reading k2 $p $c >unlisted
    refused firmware unlisted
    # Whose identity lists some has to say which.
    reading k2 $p >silent
    refused no_firmware silent
    # What counts is the approval when the period starts, to its very minutes.
    firmware 2016-04-01T12:00Z/2016-07-01T00:00Z "[\"$c\",\"$a\"]" >approved
    cat plain approved >registry
    run -0 verify none
    run -0 verify named
    run -0 verify listed
    reading k1 $p $b >other
    refused firmware other
    reading k1 2016-04-01T11:30Z/PT30M $a >early
    refused firmware early
    reading k1 2016-06-30T23:30Z/PT30M $a >last
    run -0 verify last
    reading k1 $q $a >late
    refused firmware late
    # A meter's own list does not keep what the registrar no longer approves, nor does an approval
    # for all give it what its list leaves out.
    reading k2 $q $a >late
    refused firmware late
    reading k2 $p $b >unapproved
    refused firmware unapproved
    refused firmware unlisted
    refused no_firmware silent
    # Several records approve together.
    firmware 2016-01-01T00:00Z/2017-01-01T00:00Z "[\"$b\"]" >>registry
    run -0 verify unapproved
    run -0 verify other
    # An approval that the root has not signed is none.
    jq -c '.digests = ["'$b'"]' approved | cat plain - >registry
    run -1 --separate-stderr verify --rejects rejects2 other
    [ -z "$output" ]
    [ "$(reasons rejects2 | tr '\n' ' ')" = 'bad_signature firmware ' ]
}
