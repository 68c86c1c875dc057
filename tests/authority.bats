# lm-verify: who may sign which record about whom, at which instant, in which market and region.
# Expectations are written down here and nowhere taken from the programs.
# shellcheck disable=SC2030,SC2031,SC2094,SC2119,SC2120,SC2128,SC2154,SC2178
bats_require_minimum_version 1.5.0
load helper

now=2016-05-02T00:00:00Z
valid=2016-01-01T00:00Z/2017-01-01T00:00Z
digest=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU
P='"period":"2016-04-01T12:00Z/PT30M"'

entity() { # id role option…
    local id=$1 role=$2
    shift 2
    lm-keygen --id "$id" --role "$role" --valid $valid "$@" | lm-sign -k registrar.jwk >"$id.id"
    cat "$id.id" >>registry
}

# again ID VALID option…: another identity, with another key, in new/ID.jwk and new/ID.id.
again() {
    local id=$1 stretch=$2
    shift 2
    mkdir -p new
    (cd new && lm-keygen --force --id "$id" --valid "$stretch" "$@") |
        lm-sign -k registrar.jwk >"new/$id.id"
    cat "new/$id.id" >>registry
}

setup_file() {
    cd "$BATS_FILE_TMPDIR" || exit
    entity registrar registrar
    entity m1 market --region north
    entity m2 market --region south
    entity s1 supplier --region north
    entity s2 supplier --region north --region south
    entity s3 supplier --region south
    entity d1 dso --region north
    entity d2 dso --region south
    entity t1 tso --region north --region south
    entity u1 user --supplier s1 --region north
    entity u2 user --supplier s2 --region north
    entity u3 user --supplier s3 --region south
    entity u4 user --supplier s1 --region south
    entity u5 user --supplier s9 --region north
    entity u6 user --supplier m1 --region north
    entity k1 meter --user u1
    entity k2 meter --user nobody
    entity k3 meter --user s1
    entity a1 auditor
}

setup() {
    cd "$BATS_TEST_TMPDIR" || exit
    cp -r "$BATS_FILE_TMPDIR"/* .
}

# sign_each: reads `EXPECTED KEY RECORD` lines, signs each record, and leaves the expected words in
# `wanted` and the signed records in `signed`.
sign_each() {
    : >wanted
    : >signed
    while read -r expected key record; do
        [[ -n $expected && $expected != \#* ]] || continue
        lm-sign -k "$key.jwk" <<<"$record" >>signed || {
            echo "# lm-sign -k $key: $record"
            return 1
        }
        echo "$expected" >>wanted
    done
    [[ -s wanted ]]
}

# judged FILE OPTION…: `ok` or the reason, for each line of FILE.
judged() {
    local file=$1
    shift
    rm -f rejects
    touch rejects
    given --now "$@" || set -- --now $now "$@"
    lm-verify -r registry --root registrar.jwk --accept-rejects --rejects rejects "$@" \
        "$file" >passed 2>messages
    jq -rn --slurpfile bad rejects --rawfile lines "$file" \
        '($bad | map({key: "\(.line)", value: .reason}) | from_entries) as $why |
         ($lines | split("\n")[:-1] | keys[] + 1 | tostring) | $why[.] // "ok"'
}

# as_expected [OPTION…]: every signed line is judged as wanted, and what is ok passes byte by byte.
as_expected() {
    judged signed "$@" >got
    diff --label wanted --label got <(paste wanted <(jq -c 'del(.sig)' signed)) \
        <(paste got <(jq -c 'del(.sig)' signed)) || return 1
    paste wanted signed | sed -n 's/^ok\t//p' | cmp - passed
}

@test "every role and every type: who may sign what" {
    local role type
    # One identity of each role signs one record of each type that, but for its role, would be right.
    declare -A id=([registrar]=registrar [market]=m1 [user]=u1 [supplier]=s1 [dso]=d1 [tso]=t1
        [meter]=k1 [auditor]=a1)
    declare -A may=(
        [identity]="registrar"
        [revocation]="registrar"
        [firmware]="registrar"
        [market-rules]="registrar"
        [tariff]="supplier"
        [contract]="supplier"
        [network-fee]="dso tso"
        [order]="user supplier"
        [clearing]="market"
        [trade]="market"
        [notice]="market"
        [reading]="meter"
        [total]="dso"
        [settlement]="supplier"
        [adjustment]="supplier"
        [transfer]="supplier"
        [bill]="supplier"
        [challenge]="registrar market user supplier dso tso meter auditor"
        [response]="registrar market user supplier dso tso meter auditor"
        [receipt]="registrar market supplier"
        [claim]="market user supplier dso tso"
        [finding]="auditor"
        [verdict]="auditor"
        [exhibit]="auditor"
    )
    local kid
    kid=$(jq -r '.keys[0].kid' u2.jwk)
    local settled='"market":"m1","role":"supplier","currency":"EUR","amount":"0","without_market":"0","items":[]'
    declare -A body=(
        [revocation]='"id":"u2","kid":"'$kid'","at":"2016-12-31T00:00:00Z","reason":"test"'
        [firmware]='"digests":[],"valid":"'$valid'"'
        [market-rules]='"market":"m1","regions":["north"],"valid":"'$valid'","currency":"EUR","period_minutes":30,"gate_minutes":15,"grace_seconds":60,"mechanism":"double-auction","price_rule":"midpoint","max_orders":8,"min_group":1'
        [tariff]='"supplier":"@","valid":"'$valid'","zone":"UTC","currency":"EUR","retail":[{"price":"0.2"}],"feed_in":"0","fees_borne_by":{"import":"user","export":"user","bought":"user","sold":"user"}'
        [contract]='"user":"u1","supplier":"@","tariff":"t","valid":"'$valid'"'
        [network-fee]='"by":"@","region":"north","valid":"'$valid'","currency":"EUR","price":"0.02"'
        [order]="$P"',"market":"m1","id":"a","seq":1,"from":"@","side":"offer","energy_wh":1,"price":"0.1","at":"'$now'"'
        [clearing]="$P"',"market":"@","mechanism":"double-auction","price_rule":"midpoint","price":null,"price_low":null,"price_high":null,"energy_wh":0,"offered_wh":0,"demanded_wh":0,"offers":0,"bids":0,"orders_root":"'$digest'"'
        [trade]="$P"',"market":"@","order":"a","from":"u1","side":"offer","energy_wh":1,"price":"0.1"'
        [notice]="$P"',"market":"@","to":"u1","price":"0.1","orders":[]'
        [reading]="$P"',"meter":"@","import_wh":1,"export_wh":0,"quality":"measured","seq":1'
        [total]="$P"',"to":"t1","region":"north","supplier":null,"import_wh":0,"export_wh":0,"meters":0'
        [settlement]="$P,$settled"',"party":"@","supplier":"@"'
        [adjustment]="$P,$settled"',"party":"@","supplier":"@","seq":1,"month":"2016-04"'
        [transfer]="$P"',"market":"m1","currency":"EUR","from":"@","to":"s2","amount":"1"'
        [bill]='"user":"u1","supplier":"@","month":"2016-04","currency":"EUR","items":[],"amount":"0","without_market":"0","difference":"0","carried_in":"0","rounded":"0","carry":"0"'
        [challenge]='"from":"@","to":"u2","nonce":"'$digest'","at":"'$now'","expires":"2016-05-02T00:01:00Z"'
        [response]='"from":"@","to":"u2","challenge":"'$digest'","nonce":"'$digest'","at":"'$now'"'
        [receipt]='"log":"x","n":0,"leaf":"'$digest'","at":"'$now'"'
        [claim]='"claimant":"@","kind":"bill","entries":[]'
        [finding]='"code":"x","party":null,"entries":[],"text":"x"'
        [verdict]='"result":"clean","exhibits":[]'
        [exhibit]='"claim":"'$digest'","log":"x","n":0,"entry":{},"path":[],"checkpoint":"x"'
    )
    # Every type that is signed at all is here: those that lm-records(5) says are.
    [[ ${#may[@]} -eq 24 ]]
    for type in "${!may[@]}"; do
        for role in "${!id[@]}"; do
            # To compare with `wrong_role`, whole words.
            [[ " ${may[$type]} " == *" $role "* ]] && expected=ok || expected=wrong_role
            if [[ $type == identity ]]; then
                record=$(jq -c 'del(.sig)' u1.id)
            else
                record="{\"type\":\"$type\",\"v\":1,${body[$type]//@/${id[$role]}}}"
            fi
            echo "$expected ${id[$role]} $record"
        done
    done >table
    [[ $(wc -l <table) -eq $((24 * 8)) ]]
    sign_each <table
    as_expected
    [[ $(grep -c '^ok$' got) -eq 46 ]]
    # And what nobody ever signs, with a signature of the one key that may sign most.
    sig=$(lm-sign -k registrar.jwk <<<'{"type":"firmware","v":1,"digests":[],"valid":"'$valid'"}' | jq -c .sig)
    {
        echo '{"type":"curve","v":1,"market":"m1",'"$P"',"side":"offer","price":"0.1","cumulative_wh":1'
        echo '{"type":"sealed","v":1,"to":"u1","kid":"'$digest'","box":"AAAA"'
        echo '{"type":"reject","v":1,"program":"x","line":1,"reason":"x","detail":"x","text":"x"'
        echo '{"type":"alert","v":1,"program":"x","kind":"x","count":1,"at":"'$now'"'
    } | sed "s/\$/,\"sig\":$sig}/" >unsignable
    judged unsignable >got
    [[ $(sort -u got) == not_signable && $(wc -l <got) -eq 4 ]]
}

@test "nobody signs for somebody else of the same role" {
    local from to
    # A key file with another id lets its owner try.
    for pair in 'u1 u2' 's1 s2' 'm1 m2' 'k1 k2' 'd1 d2'; do
        read -r from to <<<"$pair"
        jq -c --arg id "$to" '.id = $id' "$from.jwk" >"$from-as-$to.jwk"
        chmod 600 "$from-as-$to.jwk"
    done
    sign_each <<EOF
wrong_subject u1-as-u2 {"type":"order","v":1,$P,"market":"m1","id":"a","seq":1,"from":"u2","side":"offer","energy_wh":1,"price":"0.1","at":"$now"}
wrong_subject s1-as-s2 {"type":"order","v":1,$P,"market":"m1","id":"a","seq":1,"from":"s2","side":"offer","energy_wh":1,"price":"0.1","at":"$now"}
wrong_subject m1-as-m2 {"type":"trade","v":1,$P,"market":"m2","order":"a","from":"u3","side":"offer","energy_wh":1,"price":"0.1"}
wrong_subject k1-as-k2 {"type":"reading","v":1,$P,"meter":"k2","import_wh":1,"export_wh":0,"quality":"measured","seq":1}
wrong_subject s1-as-s2 {"type":"transfer","v":1,$P,"market":"m1","currency":"EUR","from":"s2","to":"s1","amount":"1"}
wrong_subject s1-as-s2 {"type":"contract","v":1,"user":"u2","supplier":"s2","tariff":"t","valid":"$valid"}
wrong_subject d1-as-d2 {"type":"network-fee","v":1,"by":"d2","region":"south","valid":"$valid","currency":"EUR","price":"0.02"}
wrong_subject u1-as-u2 {"type":"claim","v":1,"claimant":"u2","kind":"bill","entries":[]}
EOF
    as_expected
}

@test "orders: a market that serves the signer, a supplier that supplies her" {
    order() { printf '{"type":"order","v":1,%s,"market":"%s","id":"a","seq":1,"from":"%s","side":"offer","energy_wh":1,"price":"0.1","at":"%s"}' "$P" "$2" "$1" $now; }
    sign_each <<EOF
ok u1 $(order u1 m1)
wrong_market u1 $(order u1 m2)
wrong_market u1 $(order u1 m9)
wrong_market u1 $(order u1 s1)
ok u3 $(order u3 m2)
wrong_market u3 $(order u3 m1)
ok s2 $(order s2 m2)
wrong_market s1 $(order s1 m2)
# s1 does not act in the south, s9 is nobody, m1 is no supplier
wrong_supplier u4 $(order u4 m2)
wrong_supplier u5 $(order u5 m1)
wrong_supplier u6 $(order u6 m1)
EOF
    as_expected
    # Rules of a market may serve less than its identity says.
    lm-sign -k registrar.jwk >>registry <<EOF
{"type":"market-rules","v":1,"market":"m1","regions":["west"],"valid":"2016-05-01T00:00Z/2016-06-01T00:00Z","currency":"EUR","period_minutes":30,"gate_minutes":15,"grace_seconds":60,"mechanism":"double-auction","price_rule":"midpoint","max_orders":8,"min_group":1}
EOF
    P='"period":"2016-05-02T12:00Z/PT30M"'
    sign_each <<EOF
wrong_market u1 $(order u1 m1)
EOF
    as_expected
}

@test "markets speak of those whom they serve" {
    trade() { printf '{"type":"trade","v":1,%s,"market":"%s","order":"a","from":"%s","side":"offer","energy_wh":1,"price":"0.1"}' "$P" "$1" "$2"; }
    notice() { printf '{"type":"notice","v":1,%s,"market":"m1","to":"%s","price":"0.1",%s}' "$P" "$1" "$2"; }
    sign_each <<EOF
ok m1 $(trade m1 u1)
ok m1 $(trade m1 s1)
ok m2 $(trade m2 u3)
no_identity m1 $(trade m1 u9)
wrong_region m1 $(trade m1 u3)
wrong_region m2 $(trade m2 u1)
wrong_party m1 $(trade m1 k1)
wrong_party m1 $(trade m1 d1)
wrong_party m1 $(trade m1 m1)
ok m1 $(notice u1 '"orders":[]')
ok m1 $(notice s1 '"orders":[]')
ok m1 $(notice s1 '"bought_wh":0,"sold_wh":0')
# what its customers bought together is a supplier's
wrong_party m1 $(notice u1 '"bought_wh":0,"sold_wh":0')
wrong_party m1 $(notice a1 '"orders":[]')
wrong_region m1 $(notice s3 '"bought_wh":0,"sold_wh":0')
no_identity m1 $(notice s9 '"bought_wh":0,"sold_wh":0')
EOF
    as_expected
}

@test "meters report for users, and for nobody else" {
    reading() { printf '{"type":"reading","v":1,%s,"meter":"%s","import_wh":1,"export_wh":0,"quality":"measured","seq":1}' "$P" "$1"; }
    sign_each <<EOF
ok k1 $(reading k1)
no_identity k2 $(reading k2)
wrong_party k3 $(reading k3)
EOF
    as_expected
}

@test "fees and totals are of the operator's own region" {
    fee() { printf '{"type":"network-fee","v":1,"by":"%s","region":"%s","valid":"%s","currency":"EUR","price":"0.02"}' "$1" "$2" $valid; }
    total() { printf '{"type":"total","v":1,%s,"to":"%s","region":"%s","supplier":%s,"import_wh":0,"export_wh":0,"meters":0}' "$P" "$1" "$2" "$3"; }
    sign_each <<EOF
ok d1 $(fee d1 north)
wrong_region d1 $(fee d1 south)
ok t1 $(fee t1 south)
wrong_region t1 $(fee t1 west)
ok d1 $(total t1 north null)
ok d1 $(total s1 north '"s1"')
wrong_region d1 $(total t1 south null)
wrong_region d1 $(total t1 north '"s3"')
wrong_party d1 $(total t1 north '"u1"')
no_identity d1 $(total t1 north '"s9"')
wrong_party d1 $(total u1 north null)
no_identity d1 $(total nobody north null)
EOF
    as_expected
}

settled() { # supplier party role more
    printf '{"type":"settlement","v":1,%s,"market":"m1","party":"%s","role":"%s","supplier":"%s","currency":"EUR","amount":"0","without_market":"0","items":[]%s}' \
        "$P" "$2" "$3" "$1" "$4"
}
FLOWS=',"import_wh":0,"export_wh":0,"bought_wh":0,"sold_wh":0,"short_wh":0,"surplus_wh":0'

@test "suppliers settle their own customers, themselves, and operators of their regions" {
    sign_each <<EOF
ok s1 $(settled s1 u1 user "$FLOWS")
ok s1 $(settled s1 u1 user "$FLOWS,\"region\":\"north\"")
wrong_region s1 $(settled s1 u1 user "$FLOWS,\"region\":\"south\"")
wrong_customer s1 $(settled s1 u2 user "$FLOWS")
wrong_customer s1 $(settled s1 u9 user "$FLOWS")
wrong_customer s1 $(settled s1 k1 user "$FLOWS")
# her supplier it is, but it does not act where she is
wrong_supplier s1 $(settled s1 u4 user "$FLOWS")
ok s1 $(settled s1 s1 supplier)
wrong_party s1 $(settled s1 s2 supplier)
ok s1 $(settled s1 d1 dso ',"region":"north"')
ok s1 $(settled s1 t1 tso ',"region":"north"')
wrong_region s1 $(settled s1 d1 dso)
wrong_region s1 $(settled s1 d1 dso ',"region":"south"')
wrong_region s1 $(settled s1 t1 tso ',"region":"south"')
wrong_party s1 $(settled s1 d1 tso ',"region":"north"')
wrong_party s1 $(settled s1 s1 dso ',"region":"north"')
no_identity s1 $(settled s1 d9 dso ',"region":"north"')
ok s1 $(settled s1 m1 market)
wrong_market s1 $(settled s1 m2 market)
wrong_party s1 $(settled s1 s1 market)
wrong_party s1 $(settled s1 k1 meter)
wrong_party s1 $(settled s1 a1 auditor)
wrong_party s1 $(settled s1 registrar registrar)
# the market that it names serves the party
wrong_market s3 $(settled s3 s3 supplier)
wrong_market s2 $(settled s2 u2 user "$FLOWS" | sed 's/"m1"/"m2"/')
wrong_market s1 $(settled s1 s1 supplier | sed 's/"m1"/"s1"/')
ok s1 $(settled s1 s1 supplier | sed 's/"m1"/null/')
EOF
    as_expected
}

@test "transfers go from supplier to another, at a market of both" {
    transfer() { printf '{"type":"transfer","v":1,%s,"market":"%s","currency":"EUR","from":"%s","to":"%s","amount":"1"}' "$P" "$3" "$1" "$2"; }
    sign_each <<EOF
ok s1 $(transfer s1 s2 m1)
wrong_party s1 $(transfer s1 s1 m1)
wrong_party s1 $(transfer s1 u1 m1)
wrong_party s1 $(transfer s1 d1 m1)
no_identity s1 $(transfer s1 s9 m1)
wrong_market s1 $(transfer s1 s2 m2)
wrong_market s1 $(transfer s1 s3 m1)
wrong_market s1 $(transfer s1 s2 m9)
EOF
    as_expected
}

@test "who signs was that when the period, or the validity, started" {
    # An id that is a user's, and a supplier's from May on; a DSO that changes its region in May; a
    # market and a meter that begin in May.
    entity x1 user --supplier s1 --region north
    may=2016-05-01T00:00Z/2017-01-01T00:00Z
    again x1 $may --role supplier --region north
    again d1 $may --role dso --region south
    again m1 $may --role market --region north
    again k4 $may --role meter --user u1
    again m4 $may --role market --region north
    cp new/*.jwk .
    tariff() { printf '{"type":"tariff","v":1,"supplier":"x1","valid":"%s","zone":"UTC","currency":"EUR","retail":[{"price":"0.2"}],"feed_in":"0","fees_borne_by":{"import":"user","export":"user","bought":"user","sold":"user"}}' "$1"; }
    fee() { printf '{"type":"network-fee","v":1,"by":"d1","region":"%s","valid":"%s","currency":"EUR","price":"0.02"}' "$1" "$2"; }
    at() { printf '"period":"%sT12:00Z/PT30M"' "$1"; }
    reading() { printf '{"type":"reading","v":1,%s,"meter":"k4","import_wh":1,"export_wh":0,"quality":"measured","seq":1}' "$1"; }
    trade() { printf '{"type":"trade","v":1,%s,"market":"%s","order":"a","from":"u1","side":"offer","energy_wh":1,"price":"0.1"}' "$1" "$2"; }
    order() { printf '{"type":"order","v":1,%s,"market":"%s","id":"a","seq":1,"from":"%s","side":"offer","energy_wh":1,"price":"0.1","at":"%s"}' "$1" "$2" "$3" $now; }
    sign_each <<EOF
ok x1 $(tariff $may)
wrong_time x1 $(tariff $valid)
ok x1 $(P=$(at 2016-05-01) settled x1 x1 supplier)
wrong_time x1 $(P=$(at 2016-04-30) settled x1 x1 supplier)
ok d1 $(fee north $valid)
wrong_region d1 $(fee south $valid)
ok d1 $(fee south $may)
wrong_region d1 $(fee north $may)
ok k4 $(reading "$(at 2016-05-01)")
wrong_time k4 $(reading "$(at 2016-04-30)")
# the market has had its identity, though not this key, since January
ok m1 $(trade "$(at 2016-04-30)" m1)
ok m4 $(trade "$(at 2016-05-01)" m4)
wrong_time m4 $(trade "$(at 2016-04-30)" m4)
# nobody trades in a period in which she is no longer anybody
ok u1 $(order "$(at 2016-12-31)" m1 u1)
wrong_time u1 $(order "$(at 2017-01-01)" m1 u1)
EOF
    as_expected
}

@test "a later identity in another role takes the id over from its start on, and not before" {
    record='{"type":"trade","v":1,"period":"%s","market":"m1","order":"a","from":"u1","side":"offer","energy_wh":1,"price":"0.1"}\n'
    # shellcheck disable=SC2059
    printf "$record" 2016-04-01T12:00Z/PT30M | lm-sign -k m1.jwk >trade
    again m1 2016-05-01T00:00Z/2017-01-01T00:00Z --role user --supplier s1 --region north
    [ "$(judged trade --now 2016-04-30T23:59:59Z)" = ok ]
    [ "$(judged trade --now 2016-05-01T00:00:00Z)" = superseded ]
    # shellcheck disable=SC2059
    printf "$record" 2016-05-01T12:00Z/PT30M | lm-sign -k new/m1.jwk >trade
    [ "$(judged trade --now 2016-05-01T00:00:00Z)" = wrong_role ]
    # Orders go to no market of that name then.
    printf '{"type":"order","v":1,"period":"2016-05-01T12:00Z/PT30M","market":"m1","id":"a","seq":1,"from":"u1","side":"offer","energy_wh":1,"price":"0.1","at":"%s"}\n' $now |
        lm-sign -k u1.jwk >order
    [ "$(judged order --now 2016-04-30T00:00:00Z)" = wrong_market ]
}

@test "after a change of supplier, each settles and bills what was its own" {
    # u1 goes from s1 to s2 in the middle of April, with a new key.
    again u1 2016-04-15T00:00Z/2017-01-01T00:00Z --role user --supplier s2 --region north
    at() { printf '"period":"2016-%sZ/PT30M"' "$1"; }
    contract() { printf '{"type":"contract","v":1,"user":"u1","supplier":"%s","tariff":"t","valid":"%s"}' "$1" "$2"; }
    bill() { printf '{"type":"bill","v":1,"user":"u1","supplier":"%s","month":"%s","currency":"EUR","items":[%s],"amount":"0","without_market":"0","difference":"0","carried_in":"0","rounded":"0","carry":"0"}' "$1" "$2" "$3"; }
    adjusted() { settled "$1" u1 user "$FLOWS,\"seq\":1,\"month\":\"2016-05\"" | sed 's/"settlement"/"adjustment"/'; }
    retail='{"item":"retail","energy_wh":1,"price":"0","amount":"0"}'
    adjustment='{"item":"adjustment","energy_wh":0,"price":"0","amount":"0"}'
    sign_each <<EOF
# the contract at the period's start counts, whenever it is settled
ok s1 $(P=$(at 04-14T23:30) settled s1 u1 user "$FLOWS")
wrong_customer s1 $(P=$(at 04-15T00:00) settled s1 u1 user "$FLOWS")
wrong_customer s2 $(P=$(at 04-14T23:30) settled s2 u1 user "$FLOWS")
ok s2 $(P=$(at 04-15T00:00) settled s2 u1 user "$FLOWS")
# adjustments, too
ok s1 $(P=$(at 04-14T23:30) adjusted s1)
wrong_customer s1 $(P=$(at 04-15T00:00) adjusted s1)
wrong_customer s2 $(P=$(at 04-14T23:30) adjusted s2)
# contracts, when they start
ok s1 $(contract s1 $valid)
wrong_customer s1 $(contract s1 2016-04-15T00:00Z/2017-01-01T00:00Z)
wrong_customer s2 $(contract s2 $valid)
wrong_customer s2 $(contract s2 2016-04-14T23:59Z/2017-01-01T00:00Z)
ok s2 $(contract s2 2016-04-15T00:00Z/2017-01-01T00:00Z)
# both bill the month of the change
ok s1 $(bill s1 2016-03 "$retail")
ok s1 $(bill s1 2016-04 "$retail")
ok s2 $(bill s2 2016-04 "$retail")
ok s2 $(bill s2 2016-05 "$retail")
wrong_customer s2 $(bill s2 2016-03 "$retail")
# and who lost her still bills what it adjusts, and nothing new
wrong_customer s1 $(bill s1 2016-05 "$retail")
wrong_customer s1 $(bill s1 2016-05 "$adjustment,$retail")
ok s1 $(bill s1 2016-05 "$adjustment")
wrong_customer s2 $(bill s2 2016-03 "$adjustment")
wrong_customer s3 $(bill s3 2016-04 "$adjustment")
EOF
    as_expected
    # It is her new identity that makes the difference.
    cp "$BATS_FILE_TMPDIR/registry" registry
    [[ $(judged signed | sed -n 1,4p | tr '\n' ' ') == 'ok ok wrong_customer wrong_customer ' ]]
}

@test "a bill of a month that begins in local time" {
    # She leaves s1 as April begins in UTC: in Brussels, two hours of it were s1's.
    again u1 2016-04-01T00:00Z/2017-01-01T00:00Z --role user --supplier s2 --region north
    # She left s1 a day before: nowhere on earth was it April then.
    entity u7 user --supplier s1 --region north
    again u7 2016-03-31T00:00Z/2017-01-01T00:00Z --role user --supplier s2 --region north
    bill() { printf '{"type":"bill","v":1,"user":"%s","supplier":"s1","month":"2016-04","currency":"EUR","items":[{"item":"retail","energy_wh":1,"price":"0","amount":"0"}],"amount":"0","without_market":"0","difference":"0","carried_in":"0","rounded":"0","carry":"0"}\n' "$1"; }
    { bill u1; bill u7; } | lm-sign -k s1.jwk >signed
    [[ $(judged signed | tr '\n' ' ') == 'ok wrong_customer ' ]]
}

# entries INSTANT FILE: an entry around each record.
entries() { jq -c --arg at "$1" '{type: "entry", v: 1, n: 0, at: $at, record: .}' "$2"; }

revocation() { # id kid at
    printf '{"type":"revocation","v":1,"id":"%s","kid":"%s","at":"%s","reason":"test"}\n' "$@" |
        lm-sign -k registrar.jwk
}

claim() { # id
    printf '{"type":"claim","v":1,"claimant":"%s","kind":"bill","entries":[]}\n' "$1" | lm-sign -k "$1.jwk"
}

@test "a revocation counts from its at or its entry, whichever is later" {
    kid=$(jq -r '.keys[0].kid' u1.jwk)
    claim u1 >claim
    cp registry plain
    before=2016-04-01T11:59:59Z at=2016-04-01T12:00:00Z late=2016-04-20T00:00:00Z
    early_late=2016-04-19T23:59:59Z
    verdicts() { # instant…
        for instant; do judged claim --now "$instant"; done | tr '\n' ' '
    }
    # In no log: at its at.
    revocation u1 "$kid" $at >revocation
    cat plain revocation >registry
    [ "$(verdicts $before $at $late)" = 'ok revoked revoked ' ]
    # Announced: logged before its at.
    cat plain <(entries 2016-03-01T00:00:00Z revocation) >registry
    [ "$(verdicts $before $at $late)" = 'ok revoked revoked ' ]
    # Back-dated: not before its entry.
    cat plain <(entries $late revocation) >registry
    [ "$(verdicts $before $at $early_late $late)" = 'ok ok ok revoked ' ]
    # And a copy that somebody took out of the log, before or behind, does not frame her either.
    cat revocation plain <(entries $late revocation) >registry
    [ "$(verdicts $before $at $early_late $late)" = 'ok ok ok revoked ' ]
    cat plain <(entries $late revocation) revocation >registry
    [ "$(verdicts $before $at $early_late $late)" = 'ok ok ok revoked ' ]
    # Logged twice, the first counts.
    cat plain <(entries $late revocation) <(entries 2016-05-01T00:00:00Z revocation) >registry
    [ "$(verdicts $early_late $late)" = 'ok revoked ' ]
    # What she signed is judged when it was logged, whatever is revoked since.
    entries $early_late claim >logged
    [ "$(judged logged)" = ok ]
    entries $late claim >logged
    [ "$(judged logged)" = revoked ]
}

@test "a revocation names the identity that has the key" {
    kid=$(jq -r '.keys[0].kid' u1.jwk)
    claim u1 >claim
    cp registry plain
    for wrong in "u2 $kid" "nobody $kid" "u1 $digest"; do
        # shellcheck disable=SC2086
        revocation $wrong 2016-02-01T00:00:00Z >revocation
        [ "$(judged revocation)" = wrong_key ]
        cat plain revocation >registry
        run -1 --separate-stderr lm-verify -r registry --root registrar.jwk --now $now claim
        [ "$output" = "$(cat claim)" ]
        [[ $stderr == "lm-verify: registry:$(wc -l <registry): "*"is revoked a key that it never had"* ]]
        cp plain registry
    done
    # Where it stands in the file does not matter.
    revocation u1 "$kid" 2016-02-01T00:00:00Z >revocation
    [ "$(judged revocation)" = ok ]
    cat revocation plain >registry
    [ "$(judged claim)" = revoked ]
    # A key that she had once is still hers to be revoked.
    again u1 2016-03-01T00:00Z/2017-01-01T00:00Z --role user --supplier s1 --region north
    [ "$(judged claim --now 2016-02-29T00:00:00Z)" = revoked ]
}

@test "a root whose own key is revoked stays the root, and signs nothing else" {
    kid=$(jq -r '.keys[0].kid' registrar.jwk)
    printf '{"type":"receipt","v":1,"log":"registrar/registry.log","n":0,"leaf":"%s","at":"%s"}\n' \
        "$digest" "$now" | lm-sign -k registrar.jwk >receipt
    [ "$(judged receipt)" = ok ]
    revocation registrar "$kid" 2016-05-01T00:00:00Z >>registry
    [ "$(judged receipt --now 2016-04-30T23:59:59Z)" = ok ]
    [ "$(judged receipt --now 2016-05-01T00:00:00Z)" = revoked ]
    [ "$(judged u1.id)" = ok ]
    claim u1 >claim
    [ "$(judged claim)" = ok ]
}

@test "an identity that was logged later supersedes nothing that was signed before" {
    claim u1 >claim
    entries 2016-01-01T00:00:00Z registry >logged
    mkdir new
    (cd new && lm-keygen --id u1 --role user --supplier s1 --region north \
        --valid 2016-02-01T00:00Z/2017-01-01T00:00Z) | lm-sign -k registrar.jwk >later
    # In a log as of April, with a start in February: what she signed in March still stands.
    cat logged <(entries 2016-04-01T00:00:00Z later) >registry
    entries 2016-03-01T00:00:00Z claim >signed
    [ "$(judged signed)" = ok ]
    entries 2016-04-01T00:00:00Z claim >signed
    [ "$(judged signed)" = superseded ]
    # And whoever has the later key cannot have signed in March.
    cp new/u1.jwk .
    claim u1 >other
    entries 2016-03-01T00:00:00Z other >signed
    [ "$(judged signed)" = superseded ]
    # A twin that begins with the first voids it from its entry on.
    mkdir twin
    (cd twin && lm-keygen --id u1 --role user --supplier s1 --region north --valid $valid) |
        lm-sign -k registrar.jwk >later
    cat logged <(entries 2016-04-01T00:00:00Z later) >registry
    entries 2016-03-01T00:00:00Z claim >signed
    [ "$(judged signed)" = ok ]
    entries 2016-04-01T00:00:00Z claim >signed
    [ "$(judged signed)" = ambiguous ]
}

@test "an identity that was logged later gives nobody another standing for before" {
    entries 2016-01-01T00:00:00Z registry >logged
    lm-keygen --force -o u1.jwk --id u1 --role user --supplier s2 --region north \
        --valid 2016-02-01T00:00Z/2017-01-01T00:00Z | lm-sign -k registrar.jwk >moved
    at() { printf '"period":"2016-04-01T%sZ/PT30M"' "$1"; }
    cat logged <(entries 2016-04-01T12:00:01Z moved) >registry
    sign_each <<EOF
ok s1 $(P=$(at 12:00) settled s1 u1 user "$FLOWS")
wrong_customer s2 $(P=$(at 12:00) settled s2 u1 user "$FLOWS")
wrong_customer s1 $(P=$(at 12:30) settled s1 u1 user "$FLOWS")
ok s2 $(P=$(at 12:30) settled s2 u1 user "$FLOWS")
EOF
    as_expected
    # A bare copy says nothing of when it came.
    cat logged <(entries 2016-04-01T12:00:01Z moved) moved >registry
    as_expected
    # Bare alone, or logged by then, it counts for all that it says.
    entries 2016-04-01T12:00:00Z moved >in_time
    for other in moved in_time; do
        cat logged "$other" >registry
        sign_each <<EOF
wrong_customer s1 $(P=$(at 12:00) settled s1 u1 user "$FLOWS")
ok s2 $(P=$(at 12:00) settled s2 u1 user "$FLOWS")
EOF
        as_expected
    done
}
