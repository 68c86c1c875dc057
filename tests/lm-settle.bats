#!/usr/bin/env bats
# lm-settle: who pays whom. Amounts are worked out by hand in the comments, or by tests/oracle.
# bats runs each test in a subshell, and run sets output there.
# shellcheck disable=SC2030,SC2031

bats_require_minimum_version 1.5.0
load helper

VALID=2016-01-01T00:00Z/2017-01-01T00:00Z
PERIOD=2016-04-01T12:00Z/PT30M
KEYS='{"seal":{"crv":"X25519","kty":"OKP","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},"sign":{"crv":"Ed25519","kty":"OKP","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}}'

setup() {
    cd "$BATS_TEST_TMPDIR" || return
}

# identity ID ROLE MEMBERS
identity() {
    printf '{"type":"identity","v":1,"id":"%s","role":"%s",%s,"valid":"%s","keys":%s,"proof":{"protected":"AAAA","signature":"AAAA"}}\n' \
        "$1" "$2" "$3" "$VALID" "$KEYS"
}

# user ID SUPPLIER: she and her meter, m-ID
user() {
    identity "$1" user "\"supplier\":\"$2\",\"region\":\"r\""
    identity "m-$1" meter "\"user\":\"$1\""
}

# tariff SUPPLIER [IMPORT EXPORT BOUGHT SOLD]: 0.2 and 0.04, Table I's rule without more
tariff() {
    printf '{"type":"tariff","v":1,"supplier":"%s","valid":"%s","zone":"Europe/Brussels","currency":"EUR","retail":[{"price":"0.2"}],"feed_in":"0.04","fees_borne_by":{"import":"%s","export":"%s","bought":"%s","sold":"%s"}}\n' \
        "$1" "$VALID" "${2:-supplier}" "${3:-supplier}" "${4:-supplier}" "${5:-user}"
}

operators() {
    identity dso dso '"regions":["r"]'
    identity tso tso '"regions":["r"]'
    fee dso 0.02
    fee tso 0.01
}

# fee BY PRICE
fee() {
    printf '{"type":"network-fee","v":1,"by":"%s","region":"r","valid":"%s","currency":"EUR","price":"%s"}\n' \
        "$1" "$VALID" "$2"
}

# trade FROM SIDE WH [MARKET [PRICE]]
trade() {
    printf '{"type":"trade","v":1,"market":"%s","period":"%s","order":"%s-%s","from":"%s","side":"%s","energy_wh":%s,"price":"%s"}\n' \
        "${4:-lm}" "$PERIOD" "$2" "${4:-lm}" "$1" "$2" "$3" "${5:-0.11}"
}

# reading USER IMPORT EXPORT [SEQ]
reading() {
    printf '{"type":"reading","v":1,"meter":"m-%s","period":"%s","import_wh":%s,"export_wh":%s,"quality":"measured","seq":%s}\n' \
        "$1" "$PERIOD" "$2" "$3" "${4:-1}"
}

# The example of the paper's section III-D.
paper() {
    identity s supplier '"regions":["r"]'
    user u1 s
    user u2 s
    operators
    tariff s "$@"
    trade u1 offer 2000
    trade u2 bid 2000
    reading u1 0 2000
    reading u2 4000 0
}

# amounts: party, without the market, with it, of settlements on stdin
amounts() {
    jq -r 'select(.type == "settlement" or .type == "adjustment")
        | [.party, .without_market, .amount] | join(" ")'
}

# zero: fails unless the amounts of every period on stdin sum to zero, in nano-units
zero() {
    python3 -c '
import json, sys
from decimal import Decimal
sums = {}
for line in sys.stdin:
    r = json.loads(line)
    for m in ("amount", "without_market"):
        if m in r and r["type"] != "transfer":
            sums[r["period"], m] = sums.get((r["period"], m), 0) + Decimal(r[m])
sys.exit(any(sums.values()) or not sums)'
}

@test "Table I of the paper, to the last digit" {
    run -0 --separate-stderr lm-settle <(paper)
    [ -z "$stderr" ]
    [ "$(amounts <<<"$output")" = "u1 0.08 0.16
u2 -0.8 -0.62
s 0.54 0.28
dso 0.12 0.12
tso 0.06 0.06" ]
    zero <<<"$output"
}

@test "items say what an amount is made of, by item and price" {
    run -0 lm-settle <(paper)
    [ "$(jq -c 'select(.party == "u2") | .items' <<<"$output")" = \
        '[{"amount":"-0.4","energy_wh":2000,"item":"retail","price":"0.2"},{"amount":"-0.22","energy_wh":2000,"item":"bought","price":"0.11"}]' ]
    # What the supplier bears itself: fees on U2's 4 kWh, while U1 bears those on what she sold.
    [ "$(jq -c 'select(.party == "s") | .items' <<<"$output")" = \
        '[{"amount":"0.4","energy_wh":2000,"item":"retail","price":"0.2"},{"amount":"-0.06","energy_wh":2000,"item":"fee_import","price":"0.03"},{"amount":"-0.06","energy_wh":2000,"item":"fee_bought","price":"0.03"}]' ]
    [ "$(jq -c 'select(.party == "u1") | [.import_wh, .export_wh, .bought_wh, .sold_wh, .short_wh, .surplus_wh]' <<<"$output")" = '[0,2000,0,2000,0,0]' ]
}

@test "all sixteen values of fees_borne_by" {
    # On 2 kWh each, F = 0.03: 0.06 for U1's export and sold, 0.06 for U2's import and bought.
    # Nothing of U1's export is beyond what she sold. In cents:
    for import in supplier user; do for export in supplier user; do
        for bought in supplier user; do for sold in supplier user; do
            on_import=0 on_export=0 on_bought=0 on_sold=0
            [ $import = supplier ] || on_import=1
            [ $export = supplier ] || on_export=1
            [ $bought = supplier ] || on_bought=1
            [ $sold = supplier ] || on_sold=1
            paper $import $export $bought $sold >in
            run -0 lm-settle in
            zero <<<"$output"
            cents=$(jq -r '[.party, (.without_market | tonumber * 100 | round),
                (.amount | tonumber * 100 | round)] | join(" ")' <<<"$output")
            [ "$cents" = "u1 $((8 - 6 * on_export)) $((22 - 6 * on_sold))
u2 $((-80 - 12 * on_import)) $((-62 - 6 * on_import - 6 * on_bought))
s $((54 + 12 * on_import + 6 * on_export)) $((22 + 6 * on_import + 6 * on_bought + 6 * on_sold))
dso 12 12
tso 6 6" ]
        done; done
    done; done
}

@test "two suppliers: the buyer's pays the seller's what was traded" {
    two() {
        identity s1 supplier '"regions":["r"]'
        identity s2 supplier '"regions":["r"]'
        user u1 s1
        user u2 s2
        operators
        tariff s1
        tariff s2
        trade u1 offer 2000
        trade u2 bid 2000
        reading u1 0 2000
        reading u2 4000 0
    }
    run -0 lm-settle <(two)
    # s1: U1's fee of 0.06 in, 0.06 out. s2: retail 0.4 less fees of 0.12.
    [ "$(amounts <<<"$output")" = "u1 0.08 0.16
s1 -0.14 0
dso 0.04 0.04
tso 0.02 0.02
u2 -0.8 -0.62
s2 0.68 0.28
dso 0.08 0.08
tso 0.04 0.04" ]
    [ "$(jq -c 'select(.type == "transfer") | [.from, .to, .amount, .market]' <<<"$output")" = '["s2","s1","0.22","lm"]' ]
    zero <<<"$output"
    # Each writes its own, the payer its transfer.
    whole=$output
    run -0 lm-settle --supplier s1 <(two)
    [ "$output" = "$(head -4 <<<"$whole")" ]
    run -0 lm-settle --supplier s2 <(two)
    [ "$output" = "$(tail -5 <<<"$whole")" ]
}

@test "each direction of deviation" {
    # U1 sold 2 kWh, U2 bought 2 kWh; what each pays or gets beside the trade's 0.22 and fees:
    case_of() { # IMPORT1 EXPORT1 IMPORT2 EXPORT2
        paper | grep -v '"reading"'
        reading u1 "$1" "$2"
        reading u2 "$3" "$4"
    }
    # exports 0.5 kWh less: short, 0.1; the fee is on 1.5 kWh: 0.22 - 0.1 - 0.045
    # imports 1 kWh less: surplus, +0.04: -0.22 + 0.04
    run -0 lm-settle <(case_of 0 1500 1000 0)
    [ "$(amounts <<<"$output" | grep ^u)" = "u1 0.06 0.075
u2 -0.2 -0.18" ]
    [ "$(jq -c 'select(.role == "user") | [.short_wh, .surplus_wh]' <<<"$output")" = '[500,0]
[0,1000]' ]
    zero <<<"$output"
    # exports 0.5 kWh more: +0.02; imports 1 kWh more: -0.2
    run -0 lm-settle <(case_of 0 2500 3000 0)
    [ "$(amounts <<<"$output" | grep ^u)" = "u1 0.1 0.18
u2 -0.6 -0.42" ]
    zero <<<"$output"
    # Import and export are not netted: U1 imports 1 kWh beside, -0.2; U2 exports 1 kWh, +0.04
    run -0 lm-settle <(case_of 1000 2000 2000 1000)
    [ "$(amounts <<<"$output" | grep ^u)" = "u1 -0.12 -0.04
u2 -0.36 -0.18" ]
    zero <<<"$output"
}

@test "a supplier trades for its own account" {
    # S sells the 2 kWh that U2 buys: + 0.22 to the retail of 0.4 less fees of 0.12.
    own() {
        paper | grep -v '"from":"u1"\|m-u1'
        trade s offer 2000
    }
    run -0 lm-settle <(own)
    [ "$(amounts <<<"$output")" = "u2 -0.8 -0.62
s 0.68 0.5
dso 0.08 0.08
tso 0.04 0.04" ]
    zero <<<"$output"
}

@test "without trades everybody pays what she would without a market" {
    run -0 lm-settle <(paper | grep -v '"trade"')
    [ "$(jq -s 'length == 5 and all(.amount == .without_market and .market == null)' <<<"$output")" = true ]
    zero <<<"$output"
}

@test "a user without a reading is withheld, her trade stays binding, an adjustment settles her" {
    run -1 --separate-stderr lm-settle --rejects rejects <(paper | grep -v '"reading".*m-u2')
    printf '%s\n' "$output" >issued
    [[ $stderr == *"u2 is withheld in $PERIOD: no reading of meter m-u2"* ]]
    [ "$(reasons rejects)" = no_reading ]
    # s: U2 owes 0.22, which is not hers to pay yet; U1's fees pass through.
    [ "$(amounts <issued)" = "u1 0.08 0.16
s -0.14 -0.22
dso 0.04 0.04
tso 0.02 0.02" ]
    [ "$(jq -c 'select(.party == "s") | .items' issued)" = '[{"amount":"-0.22","energy_wh":2000,"item":"withheld","price":"0.11"}]' ]
    zero <issued
    lm-settle --accept-rejects <(paper | grep -v '"reading".*m-u2') | cmp - issued

    # Her reading arrives. The adjustments are Table I less what was issued.
    run -0 lm-settle --previous issued --month 2016-05 <(paper)
    printf '%s\n' "$output" >adjustments
    [ "$(amounts <adjustments)" = "u2 -0.8 -0.62
s 0.68 0.5
dso 0.08 0.08
tso 0.04 0.04" ]
    zero <adjustments
    [ "$(jq -r 'select(.party == "s") | .items[] | select(.item == "withheld") | .amount' adjustments)" = 0.22 ]
    [ "$(jq -r '.type + .month' adjustments | sort -u)" = adjustment2016-05 ]

    # What is right already is left alone.
    cat issued adjustments >all
    run -0 lm-settle --previous all --month 2016-06 <(paper)
    [ -z "$output" ]
    # And a period of which nothing was issued is settled as ever.
    run -0 lm-settle --previous /dev/null --month 2016-06 <(paper)
    [ "$output" = "$(lm-settle <(paper))" ]
}

@test "adjustments without --month are billed in the present month" {
    lm-settle --accept-rejects <(paper | grep -v '"reading".*m-u2') >issued 2>/dev/null
    run -0 lm-settle --now 2016-07-01T00:00:00Z --previous issued <(paper)
    [ "$(jq -r .month <<<"$output" | sort -u)" = 2016-07 ]
}

@test "--previous refuses what does not add up, or other transfers" {
    lm-settle <(paper | grep -v '"reading".*m-u2') >issued 2>/dev/null || true
    grep -v '"party":"dso"' issued >partial
    run -1 --separate-stderr lm-settle --previous partial --rejects rejects <(paper)
    [ -z "$output" ]
    [ "$(reasons rejects)" = conflict ]
    sed 's/"amount":"-0.22","currency"/"amount":"-0.23","currency"/' issued >wrong
    run -1 --separate-stderr lm-settle --previous wrong <(paper)
    [[ $stderr == *"wrong:2: the items do not sum to the amount"* ]]
}

@test "who is withheld, and why" {
    # NAME: what replaces the readings of the paper's example, and the reason
    try() { # REASON
        run -1 --separate-stderr lm-settle --rejects "rejects-$1" in
        [ "$(reasons "rejects-$1" | sort -u)" = "$1" ] || return 1
        grep -q "u2 is withheld" <<<"$stderr" || return 1
        # The others go through, and all is in balance.
        grep -q '"party":"u1"' <<<"$output" || return 1
        if grep -q '"party":"u2"' <<<"$output"; then return 1; fi
        zero <<<"$output"
    }
    { paper; reading u2 4001 0; } >in; try conflict
    { paper; identity m-u2-2 meter '"user":"u2"'; } >in; try no_reading
    { paper | grep -v '"m-u2"'; } >in; try withheld
    { paper; printf '{"type":"contract","v":1,"user":"u2","supplier":"s","tariff":"green","valid":"%s"}\n' "$VALID"; } >in; try no_tariff
    { paper; printf '{"type":"contract","v":1,"user":"u2","supplier":"x","tariff":"green","valid":"%s"}\n' "$VALID"; } >in; try no_tariff
    { paper | sed 's/"id":"u2",\(.*\)"region":"r"/"id":"u2",\1"region":"q"/'; identity dso2 dso '"regions":["q"]'; } >in; try no_fee
    { paper; trade u2 bid 1 lm2; trade s offer 1 lm2; } >in; try two_markets
    # A higher seq settles a disagreement.
    { paper; reading u2 4001 0; reading u2 4000 0 2; } >in
    run -0 lm-settle in
    [ "$output" = "$(lm-settle <(paper))" ]
}

@test "a meter of hostile size keeps nobody else from being settled" {
    most=9007199254740991
    hostile() { # IMPORT EXPORT of U3's meter, at U2's supplier
        paper
        user u3 s
        reading u3 "$1" "$2"
    }
    lm-settle <(paper) >expected
    # With those of the others, hers fit into no record.
    for flows in "$most 0" "0 $most" "$most $most" "$((most - 3999)) 0"; do
        # shellcheck disable=SC2086
        hostile $flows >in
        run -1 --separate-stderr lm-settle --rejects "rejects-${flows// /-}" in
        [[ $stderr == *"u3 is withheld"* ]]
        [ "$(reasons "rejects-${flows// /-}")" = total ]
        [ "$output" = "$(<expected)" ]
    done
    # Beside the 4 kWh that U2 imported, this still fits.
    run -0 lm-settle <(hostile $((most - 4000)) 0)
    zero <<<"$output"
    # Of two that do not fit both, who has less is settled, by all lines in any order; among equals
    # the first by id. Another supplier's customers are not touched.
    two() {
        hostile $((most - 5000)) 0
        user u0 s
        reading u0 $((most - 4500)) 0
        identity s2 supplier '"regions":["r"]'
        tariff s2
        user u4 s2
        reading u4 $most 0
    }
    run -1 --separate-stderr lm-settle <(two | tac)
    [ "$(jq -r 'select(.role == "user") | .party' <<<"$output" | paste -sd ' ')" = "u1 u2 u3 u4" ]
    [[ $stderr == *"u0 is withheld"* ]]
    zero <<<"$output"
    equal() {
        paper | grep -v '"reading"\|"trade"'
        reading u1 $most 0
        reading u2 $most 0
    }
    run -1 --separate-stderr lm-settle <(equal | tac)
    [ "$(jq -r 'select(.role == "user") | .party' <<<"$output")" = u1 ]
    # Hers alone: short is import and what she sold and did not export.
    { paper | grep -v '"reading".*m-u1'; reading u1 $most 1999; } >in
    run -1 --separate-stderr lm-settle --rejects rejects in
    [ "$(reasons rejects)" = total ]
    [ "$(jq -r 'select(.role == "user") | .party' <<<"$output")" = u2 ]
    zero <<<"$output"
}

@test "bands: weekends, nights across midnight, 24:00, and no band at all" {
    # 2016-04-01 was a Friday, 14:00 in Brussels at 12:00Z; 2016-04-02T22:30Z is Sunday 00:30 there.
    band() { # PERIOD RETAIL: U2's retail price
        paper | grep -v '"trade"' | sed "s|$PERIOD|$1|; s|\[{\"price\":\"0.2\"}\]|$2|" |
            lm-settle | jq -r 'select(.party == "u2") | .items[] | select(.item == "retail") | .price'
    }
    [ "$(band $PERIOD '[{"price":"0.3","from":"14:00","to":"14:30"},{"price":"0.2"}]')" = 0.3 ]
    [ "$(band $PERIOD '[{"price":"0.3","from":"12:00","to":"14:00"},{"price":"0.2"}]')" = 0.2 ]
    [ "$(band $PERIOD '[{"price":"0.3","days":["sat","sun"]},{"price":"0.2"}]')" = 0.2 ]
    [ "$(band $PERIOD '[{"price":"0.3","days":["fri"],"from":"14:00","to":"24:00"},{"price":"0.2"}]')" = 0.3 ]
    night=2016-04-02T22:30Z/PT30M
    [ "$(band $night '[{"price":"0.3","days":["sat"],"from":"22:00","to":"06:00"},{"price":"0.2"}]')" = 0.3 ]
    [ "$(band $night '[{"price":"0.3","days":["sun"],"from":"22:00","to":"06:00"},{"price":"0.2"}]')" = 0.2 ]
    # 2016-03-27T00:30Z is 01:30, half an hour later it is 03:00: the band of its start.
    [ "$(band 2016-03-27T00:30Z/PT30M '[{"price":"0.3","from":"01:30","to":"02:00"},{"price":"0.2"}]')" = 0.3 ]
    [ "$(band 2016-03-27T01:00Z/PT30M '[{"price":"0.3","from":"02:00","to":"03:00"},{"price":"0.2"}]')" = 0.2 ]
    # 02:30 comes twice on 2016-10-30.
    for start in 2016-10-30T00:30Z 2016-10-30T01:30Z; do
        [ "$(band $start/PT30M '[{"price":"0.3","from":"02:30","to":"03:00"},{"price":"0.2"}]')" = 0.3 ]
    done
    paper | sed 's|\[{"price":"0.2"}\]|[{"price":"0.2","from":"00:00","to":"14:00"}]|' >in
    run -1 --separate-stderr lm-settle --rejects rejects in
    [ "$(reasons rejects | sort -u)" = no_tariff ]
    paper | sed 's|Europe/Brussels|Europe/Atlantis|' >in
    run -1 --separate-stderr lm-settle --rejects rejects2 in
    [ "$(reasons rejects2 | sort -u)" = zone ]
}

@test "nothing of a period is written where its trades cannot be right; other periods are" {
    later=2016-04-01T12:30Z/PT30M
    try() { # REASON
        grep -v '"identity"\|"tariff"\|fee"' <(paper) | sed "s|$PERIOD|$later|" >>in
        run -1 --separate-stderr lm-settle --rejects "rejects-$1" in
        [ "$(jq -r .period <<<"$output" | sort -u)" = "$later" ] || return 1
        [ "$(reasons "rejects-$1" | sort -u)" = "$1" ] || return 1
        [[ $stderr == *"nothing of $PERIOD is settled"* ]]
    }
    { paper; trade nobody bid 0; } >in; try no_identity
    { paper; trade dso bid 0; } >in; try wrong_role
    { paper; trade u2 bid 1999; } >in; try conflict
    { paper | grep -v '"offer"'; } >in; try missing_record
    { paper | sed '/"network-fee"/!s/"from":"u1"\(.*\)"0.11"/"from":"u1"\1"0.12"/'; } >in; try missing_record
    { paper; clearing 3000 0.11; } >in; try missing_record
    { paper; clearing 2000 0.12; } >in; try conflict
    { paper; clearing 2000 0.11; } >in
    run -0 lm-settle in
    [ "$output" = "$(lm-settle <(paper))" ]
}

# clearing WH PRICE
clearing() {
    printf '{"type":"clearing","v":1,"market":"lm","period":"%s","mechanism":"double-auction","price_rule":"midpoint","price":"%s","price_low":"0.1","price_high":"0.12","energy_wh":%s,"offered_wh":%s,"demanded_wh":%s,"offers":1,"bids":1,"orders_root":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}\n' \
        "$PERIOD" "$2" "$1" "$1" "$1"
}

@test "a number that does not fit is told, not wrapped" {
    paper | sed 's/"price":"0.2"/"price":"9000000000000"/; s/"import_wh":4000/"import_wh":9007199254740991/' >in
    run -0 --separate-stderr lm-settle in
    # 9007199254738991 Wh short, at 9·10^12 a kWh
    [ "$(jq -r 'select(.party == "u2") | .without_market' <<<"$output")" = -81064793292668919000000000 ]
    zero <<<"$output"
    { cat in; identity m-u2-2 meter '"user":"u2"'; reading u2-2 1 0; } >sum
    run -1 --separate-stderr lm-settle --rejects rejects sum
    [ "$(reasons rejects)" = total ]
    { cat in; user u3 s; reading u3 9007199254740991 0; } >sum
    run -1 --separate-stderr lm-settle --rejects rejects2 sum
    [ "$(reasons rejects2)" = total ]
    [[ $stderr == *"u3 is withheld"* ]]
}

@test "currencies do not mix" {
    paper | sed '/"network-fee"/s/EUR/GBP/' >in
    run -1 --separate-stderr lm-settle --rejects rejects in
    [ "$(reasons rejects | sort -u)" = currency ]
    [ "$(amounts <<<"$output")" = "s 0 0" ]
    rules='{"type":"market-rules","v":1,"market":"lm","regions":["r"],"valid":"'$VALID'","currency":"GBP","period_minutes":30,"gate_minutes":5,"grace_seconds":5,"mechanism":"double-auction","price_rule":"midpoint","max_orders":5,"min_group":1}'
    { paper; echo "$rules"; } >in
    run -1 --separate-stderr lm-settle --rejects rejects2 in
    [ "$(reasons rejects2 | sort -u)" = currency ]
    { user u3 s3; reading u3 1 1; tariff s3 | sed s/EUR/GBP/; paper | sed '/"network-fee"/d; /"[dt]so"/d'; } >in
    run -1 --separate-stderr lm-settle in
    [ -z "$output" ]
    [[ $stderr == *"EUR and GBP meet"* || $stderr == *"GBP and EUR meet"* ]]
}

@test "of several versions the latest that is valid counts, contradictions do not" {
    now() { sed "s|$VALID|2016-04-01T12:00Z/2016-04-01T12:30Z|"; }
    { paper; tariff s | sed 's/"0.2"/"0.3"/' | now; } >in
    run -0 lm-settle in
    [ "$(jq -r 'select(.party == "u2") | .items[0].price' <<<"$output")" = 0.3 ]
    { paper; tariff s | sed 's/"0.2"/"0.3"/' | sed "s|$VALID|2016-04-01T12:30Z/2016-05-01T00:00Z|"; } >in
    run -0 lm-settle in
    [ "$(jq -r 'select(.party == "u2") | .items[0].price' <<<"$output")" = 0.2 ]
    { paper; tariff s | sed 's/"0.2"/"0.3"/'; } >in
    run -1 --separate-stderr lm-settle --rejects rejects in
    # Both users, and the two tariffs.
    [ "$(reasons rejects)" = "ambiguous
ambiguous
ambiguous
ambiguous" ]
    { paper; fee s 0.5; } >in
    run -1 --separate-stderr lm-settle --rejects rejects2 in
    [ "$(reasons rejects2)" = wrong_region ]
    [ "$output" = "$(lm-settle <(paper))" ]
}

# logged AT: entries of what is on standard input.
logged() { jq -c --arg at "$1" '{type: "entry", v: 1, n: input_line_number, at: $at, record: .}'; }

@test "what was logged after a period's start changes nothing in it" {
    retail() { jq -r 'select(.party == "u2") | .items[0].price' <<<"$output"; }
    since_march() { sed "s|$VALID|2016-03-01T00:00Z/2017-01-01T00:00Z|"; }
    paper | logged 2016-02-01T00:00:00Z >old
    tariff s | sed 's/"0.2"/"0.3"/' | since_march >dear
    for at in 2016-04-01T12:00:00Z=0.3 2016-04-01T12:00:01Z=0.2; do
        logged "${at%=*}" <dear | cat - old >in
        run -0 lm-settle in
        [ "$(retail)" = "${at#*=}" ]
        # A bare copy of it says nothing of when it came.
        run -0 lm-settle in dear
        [ "$(retail)" = "${at#*=}" ]
    done
    # Of what is nowhere logged nothing says when it came.
    run -0 lm-settle old dear
    [ "$(retail)" = 0.3 ]
    # Where nothing was known yet, what was logged first counts, whichever begins later.
    { paper | grep -v '"tariff"'; } >rest
    { tariff s | logged 2016-05-01T00:00:00Z; logged 2016-05-02T00:00:00Z <dear; } >late
    run -0 lm-settle rest late
    [ "$(retail)" = 0.2 ]
    # Two that begin together contradict each other once the second is known.
    tariff s | sed 's/"0.2"/"0.3"/' >twin
    logged 2016-04-01T12:00:01Z <twin | cat - old >in
    run -0 lm-settle in
    [ "$(retail)" = 0.2 ]
    logged 2016-04-01T12:00:00Z <twin | cat - old >in
    run -1 --separate-stderr lm-settle --rejects rejects in
    [ "$(reasons rejects | sort -u)" = ambiguous ]
    # A fee: 2 kWh at 0.1 and 0.01, instead of 0.02 and 0.01, are u1's.
    fee dso 0.1 | since_march >dear
    for at in 2016-04-01T12:00:00Z=-0.22 2016-04-01T12:00:01Z=-0.06; do
        logged "${at%=*}" <dear | cat - old >in
        run -0 lm-settle in
        [ "$(jq -r 'select(.party == "u1") | .items[] | select(.item == "fee_sold").amount' <<<"$output")" = "${at#*=}" ]
    done
    # A contract, where there was none: the tariff without an id stays.
    tariff s | jq -c '.id = "green" | .retail[0].price = "0.5"' | logged 2016-02-01T00:00:00Z >green
    printf '{"type":"contract","v":1,"user":"u2","supplier":"s","tariff":"green","valid":"%s"}\n' "$VALID" >contract
    for at in 2016-04-01T12:00:00Z=0.5 2016-04-01T12:00:01Z=0.2; do
        logged "${at%=*}" <contract | cat - old green >in
        run -0 lm-settle in
        [ "$(retail)" = "${at#*=}" ]
    done
    # But where there is nothing else, it holds.
    grep -v '"tariff"' old | cat - green <(logged 2016-04-01T12:00:01Z <contract) >in
    run -1 --separate-stderr lm-settle --rejects withheld in
    [ "$(retail)" = 0.5 ]
    # Only u1 has no tariff.
    [ "$(reasons withheld)" = no_tariff ]
    # Another supplier.
    { identity t supplier '"regions":["r"]'; tariff t; } | logged 2016-02-01T00:00:00Z >other
    identity u2 user '"supplier":"t","region":"r"' | since_march >moved
    for at in 2016-04-01T12:00:00Z=t 2016-04-01T12:00:01Z=s; do
        logged "${at%=*}" <moved | cat - old other >in
        run -0 lm-settle in
        [ "$(jq -r 'select(.party == "u2") | .supplier' <<<"$output")" = "${at#*=}" ]
    done
}

@test "of several logs the first that has a fee tells, whosever it is" {
    # As lm-settle(1) says. 2 kWh at 0.1 and 0.01, instead of 0.02 and 0.01, are u1's.
    sold() { jq -r 'select(.party == "u1") | .items[] | select(.item == "fee_sold").amount' <<<"$output"; }
    paper | logged 2016-02-01T00:00:00Z >old
    fee dso 0.1 | sed "s|$VALID|2016-03-01T00:00Z/2017-01-01T00:00Z|" >dear
    logged 2016-05-01T00:00:00Z <dear >market
    logged 2016-03-02T00:00:00Z <dear >supplier
    run -0 lm-settle old market
    [ "$(sold)" = -0.06 ]
    for logs in 'market supplier' 'supplier market' 'supplier'; do
        # shellcheck disable=SC2086
        run -0 lm-settle old $logs
        [ "$(sold)" = -0.22 ]
    done
}

@test "market rules that were logged behind the gate of a period do not count in it" {
    # A reading of another length than theirs is refused. The gate closes at 11:40.
    rules() {
        jq -nc --argjson minutes "$1" --arg valid "$2" '{type:"market-rules",v:1,market:"m",
            regions:["r"],currency:"EUR",valid:$valid,period_minutes:$minutes,gate_minutes:20,
            grace_seconds:30,mechanism:"double-auction",price_rule:"midpoint",max_orders:2,
            min_group:1}'
    }
    paper | logged 2016-02-01T00:00:00Z >old
    rules 30 "$VALID" | logged 2016-02-01T00:00:00Z >>old
    plain=$(lm-settle old)
    rules 60 2016-03-01T00:00Z/2017-01-01T00:00Z >longer
    for at in 11:40:01 12:00:01; do
        logged "2016-04-01T${at}Z" <longer | cat old - >in
        run -0 lm-settle in
        [ "$output" = "$plain" ]
    done
    logged 2016-04-01T11:40:00Z <longer | cat old - >in
    run -1 --separate-stderr lm-settle --rejects rejects in
    [ "$(reasons rejects | sort -u | grep -c '^period$')" = 1 ]
}

@test "nobody is withheld for the reading of a meter that was logged later" {
    paper | logged 2016-02-01T00:00:00Z >old
    plain=$(lm-settle old)
    identity m-new meter '"user":"u2"' >new
    logged 2016-04-01T12:00:01Z <new | cat - old >in
    run -0 lm-settle in
    [ "$output" = "$plain" ]
    # Once it is read it counts: 4000 and 500 Wh.
    reading u2 500 0 | sed 's/m-u2/m-new/' | cat - in >both
    run -0 lm-settle both
    [ "$(jq 'select(.party == "u2") | .import_wh' <<<"$output")" = 4500 ]
    # Known by then, or bare, it has to be read.
    logged 2016-04-01T12:00:00Z <new | cat - old >in
    for more in in new; do
        run -1 --separate-stderr lm-settle --rejects "rejects.$more" old "$more"
        [ "$(reasons "rejects.$more")" = no_reading ]
    done
}

@test "a meter that was taken down is not missed" {
    identity m-old meter '"user":"u2"' >old
    run -1 --separate-stderr lm-settle --rejects rejects <(paper) old
    [ "$(reasons rejects)" = no_reading ]
    identity m-old meter '"user":"nobody"' | sed "s|$VALID|2016-04-01T12:00Z/2017-01-01T00:00Z|" >down
    run -0 lm-settle <(paper) old down
    [ "$output" = "$(lm-settle <(paper))" ]
    # From then on, and not before.
    identity m-old meter '"user":"nobody"' | sed "s|$VALID|2016-04-01T12:30Z/2017-01-01T00:00Z|" >down
    run -1 --separate-stderr lm-settle --rejects before <(paper) old down
    [ "$(reasons before)" = no_reading ]
}

@test "readings of other periods than the market's settle nothing" {
    rules() { # period_minutes region
        printf '{"type":"market-rules","v":1,"market":"lm","regions":["%s"],"valid":"%s","currency":"EUR","period_minutes":%d,"gate_minutes":15,"grace_seconds":60,"mechanism":"double-auction","price_rule":"midpoint","max_orders":9,"min_group":1}\n' "$2" "$VALID" "$1"
    }
    { paper; rules 30 r; } >in
    run -0 lm-settle in
    plain=$output
    # u2's meter tells the hour as well, of which half is told already.
    reading u2 9000 0 | sed 's|PT30M|PT60M|' >hour
    run -1 --separate-stderr lm-settle --rejects rejects in hour
    [ "$output" = "$plain" ]
    [ "$(reasons rejects)" = period ]
    [[ $stderr == *"where periods have 30 minutes"* ]]
    # Where another region has a market, or none has, nothing says how long a period is.
    { paper; rules 15 elsewhere; } >in
    run -0 lm-settle in
    [ "$output" = "$plain" ]
    # And where the market's are hours, nothing is due for halves.
    { paper | grep -v '"trade"'; rules 60 r; } >in
    run -1 --separate-stderr lm-settle --rejects halves in hour
    [ "$(reasons halves | sort | uniq -c | tr -s ' ')" = " 1 no_reading
 2 period" ]
    [ "$(jq -r 'select(.party == "u2") | "\(.period) \(.import_wh)"' <<<"$output")" = "2016-04-01T12:00Z/PT60M 9000" ]
}

@test "one supplier with only its customers' trades settles them, without transfers" {
    grep -v '"from":"u1"' <(paper) >in
    run -1 --separate-stderr lm-settle --supplier s --rejects rejects in
    [ "$(reasons rejects)" = missing_record ]
    # U1 exports 2 kWh that nobody bought: 0.04 a kWh.
    [ "$(amounts <<<"$output" | head -2)" = "u1 0.08 0.08
u2 -0.8 -0.62" ]
    [ "$(jq -r .type <<<"$output" | sort -u)" = settlement ]
}

@test "a supplier that nobody knows is no reason to write nothing and be content" {
    for supplier in nobody u1; do
        rm -f rejects
        run -1 --separate-stderr lm-settle --supplier "$supplier" --rejects rejects <(paper)
        [ -z "$output" ]
        [ "$(reasons rejects)" = no_identity ]
        [[ $stderr == "lm-settle: nobody knows a supplier $supplier" ]]
    done
}

@test "readings of unknown meters are told, and entries are as good as bare records" {
    { paper; reading u9 1 1; } >in
    run -1 --separate-stderr lm-settle --rejects rejects in
    [ "$(reasons rejects)" = no_meter ]
    [ "$output" = "$(lm-settle <(paper))" ]
    paper | jq -c '{type: "entry", v: 1, n: input_line_number, at: "2016-04-01T11:00:00Z", record: .}' >log
    run -0 lm-settle log
    [ "$output" = "$(lm-settle <(paper))" ]
}

@test "the order of lines and repeats do not matter" {
    lm-settle <(paper) >expected
    for seed in 1 2 3 4 5; do
        { paper; paper; } | shuf --random-source=<(yes $seed) | lm-settle | cmp - expected
    done
}

# bill USER MONTH CARRY: an earlier bill
bill() {
    printf '{"type":"bill","v":1,"supplier":"s","user":"%s","month":"%s","currency":"EUR","amount":"0","without_market":"0","difference":"0","items":[],"carried_in":"0","rounded":"0","carry":"%s"}\n' "$1" "$2" "$3"
}

# settlement START AMOUNT: of U1, feed-in at 0.001 a kWh
settlement() {
    printf '{"type":"settlement","v":1,"period":"%s/PT30M","market":null,"party":"u1","role":"user","supplier":"s","region":"r","currency":"EUR","amount":"%s","without_market":"0","import_wh":0,"export_wh":0,"bought_wh":0,"sold_wh":0,"short_wh":0,"surplus_wh":0,"items":[{"item":"feed_in","energy_wh":%s,"price":"0.001","amount":"%s"}]}\n' \
        "$1" "$2" "$3" "$2"
}

@test "bills: half-even to cents, the rest is carried on" {
    { tariff s; settlement 2016-04-10T00:00Z 0.125 125000; } >in
    run -0 lm-settle --bills --month 2016-04 in
    [ "$(jq -c '[.amount, .carried_in, .rounded, .carry, .difference]' <<<"$output")" = '["0.125","0","0.12","0.005","0.125"]' ]
    { cat in; echo "$output"; settlement 2016-05-10T00:00Z 0.13 130000; } >next
    run -0 lm-settle --bills --month 2016-05 next
    [ "$(jq -c '[.amount, .carried_in, .rounded, .carry]' <<<"$output")" = '["0.13","0.005","0.14","-0.005"]' ]
    # 0.115 is as far from 0.11 as from 0.12; the even one is 0.12. And the latest bill carries.
    { tariff s; settlement 2016-04-10T00:00Z 0.1 100000; bill u1 2016-03 0.015; bill u1 2016-01 0.5; bill u2 2016-03 0.7; } >in
    run -0 lm-settle --bills --month 2016-04 in
    [ "$(jq -c '[.carried_in, .rounded, .carry]' <<<"$output")" = '["0.015","0.12","-0.005"]' ]
}

@test "bills: a period belongs to the local month of its start, across a change of clocks" {
    # April in Brussels, UTC+2: from 2016-03-31T22:00Z to 2016-04-30T22:00Z; March began at UTC+1.
    {
        tariff s
        settlement 2016-02-29T22:30Z 0.01 10000
        settlement 2016-02-29T23:00Z 0.02 20000
        settlement 2016-03-31T21:30Z 0.04 40000
        settlement 2016-03-31T22:00Z 0.08 80000
        settlement 2016-04-30T21:30Z 0.16 160000
        settlement 2016-04-30T22:00Z 0.32 320000
    } >in
    total() { lm-settle --bills --month "$1" in | jq -r .amount; }
    [ "$(total 2016-02)" = 0.01 ]
    [ "$(total 2016-03)" = 0.06 ]
    [ "$(total 2016-04)" = 0.24 ]
    [ "$(total 2016-05)" = 0.32 ]
    [ -z "$(total 2016-06)" ]
}

@test "bills: adjustments are billed in their month, and bills add up to what is right" {
    lm-settle --accept-rejects <(paper | grep -v '"reading".*m-u1') >issued 2>/dev/null
    lm-settle --previous issued --month 2016-05 <(paper) >adjustments
    { paper; cat issued adjustments; } >in
    run -0 lm-settle --bills --month 2016-04 in
    [ "$(jq -c '[.user, .amount, .without_market, .difference, .rounded]' <<<"$output")" = '["u2","-0.62","-0.8","0.18","-0.62"]' ]
    run -0 lm-settle --bills --month 2016-05 in
    [ "$(jq -c '[.user, .amount, .difference, .items]' <<<"$output")" = \
        '["u1","0.16","0.08",[{"amount":"-0.06","energy_wh":2000,"item":"adjustment","price":"0.03"},{"amount":"0.22","energy_wh":2000,"item":"adjustment","price":"0.11"}]]' ]
}

@test "bills are withheld where they would be wrong" {
    settlement 2016-04-10T00:00Z 0.1 100000 >in
    run -1 --separate-stderr lm-settle --bills --month 2016-04 --rejects rejects in
    [ -z "$output" ]
    [ "$(reasons rejects)" = no_tariff ]
    { tariff s; cat in; settlement 2016-04-10T00:00Z 0.2 200000; } >two
    run -1 --separate-stderr lm-settle --bills --month 2016-04 --rejects rejects2 two
    [ -z "$output" ]
    [ "$(reasons rejects2)" = conflict ]
    { tariff s; cat in; bill u1 2016-03 0.001; bill u1 2016-03 0.002; } >two
    run -1 --separate-stderr lm-settle --bills --month 2016-04 --rejects rejects3 two
    [ "$(reasons rejects3)" = conflict ]
    { tariff s; sed 's/"amount":"0.1"/"amount":"0.2"/g' in; } >wrong
    run -1 --separate-stderr lm-settle --bills --month 2016-04 --rejects rejects4 wrong
    [ "$(reasons rejects4)" = bad_member ]
}

# agrees KIND CASES: the oracle does, on so many cases; with LM_QUICK, for sanitizers, on a fifth.
agrees() {
    local cases=$2
    [[ -z ${LM_QUICK-} ]] || cases=$((cases / 5))
    run -0 timeout 600 python3 "$LM_ROOT/tests/oracle/settle.py" "$1" "$LM_BIN/lm-settle" "$cases" 1
    [ "$output" = "$cases cases of $1" ]
}

@test "an independent settlement agrees on random markets" {
    agrees periods 150
}

@test "an independent settlement agrees on adjustments" {
    agrees adjustments 120
}

@test "an independent settlement agrees on bills" {
    agrees bills 60
}

@test "bad usage is 2, a missing file 66, a full disk 74, no object 65" {
    run -2 --separate-stderr lm-settle --bills
    [[ $stderr == *"--bills needs --month"* ]]
    run -2 --separate-stderr lm-settle --month 2016-04
    run -2 --separate-stderr lm-settle --bills --month 2016-04 --previous /dev/null
    run -2 --separate-stderr lm-settle --bills --month 2016-13
    run -2 --separate-stderr lm-settle --supplier 'a b'
    run -66 --separate-stderr lm-settle nowhere
    run -66 --separate-stderr lm-settle --previous nowhere <(paper)
    run -65 --separate-stderr lm-settle <<<'[1]'
    paper >in
    run -74 --separate-stderr bash -c 'lm-settle in >/dev/full'
    run -0 --separate-stderr lm-settle --help
    [[ $output == *"--previous FILE"* ]]
    run -0 --separate-stderr lm-settle --version
    run -0 --separate-stderr lm-settle </dev/null
    [ -z "$output" ]
}

@test "a bad line is told, and the good ones around it settled" {
    {
        paper | head -3
        printf '{"type":"reading","v":1,"v":1}\n'
        printf '{"type":"nothing","v":1}\n'
        printf '{"type":"trade","v":1,"market":"lm","period":"%s","order":"o","from":"u1","side":"bid","energy_wh":5,"price":null}\n' "$PERIOD"
        printf '\xff\n\n'
        paper | tail -n +4
    } >in
    run -1 --separate-stderr lm-settle --rejects rejects in
    [ "$output" = "$(lm-settle <(paper))" ]
    [ "$(reasons rejects)" = "duplicate_name
unknown_type
bad_member
utf8
empty" ]
    [[ $stderr == *"in:6: a trade of energy without a price"* ]]
}
