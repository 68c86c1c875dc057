# lm-inform: everybody is told what is due, and nobody anything else.
# Scripts in single quotes are for another shell, and bats sets what shellcheck does not know.
# shellcheck disable=SC2016,SC2154
bats_require_minimum_version 1.5.0
load helper

ORACLE=$LM_ROOT/tests/oracle/inform.py
PERIOD=2016-04-01T12:00Z/PT30M

# Everybody whom the oracle speaks of. u3 and u4 change from sa to sb at 12:00.
setup_file() {
    cd "$BATS_FILE_TMPDIR" || exit
    lm-keygen --id registrar --role registrar --valid 2016-01-01T00:00Z/2999-01-01T00:00Z |
        lm-sign -k registrar.jwk >registry.ndjson
    local id role supplier user regions valid
    while read -r id role supplier user regions valid; do
        local options=(--id "$id" --role "$role" --valid "$valid")
        [[ $supplier == - ]] || options+=(--supplier "$supplier")
        [[ $user == - ]] || options+=(--user "$user")
        local region
        [[ $regions == - ]] || for region in ${regions//,/ }; do options+=(--region "$region"); done
        # Who gets another identity at noon keeps the first key in a file of that name.
        lm-keygen "${options[@]}" -o "$id$([[ -e $id.jwk ]] && echo .1).jwk"
    done < <(python3 "$ORACLE" who) | lm-sign -k registrar.jwk >>registry.ndjson
    market_rules 1 >rules.ndjson
    lm-inform --policy >policy
}

setup() {
    cd "$BATS_TEST_TMPDIR" || exit
    F=$BATS_FILE_TMPDIR
}

# market_rules MIN_GROUP: the rules of both markets.
market_rules() {
    local region
    for region in north south; do
        jq -nc --arg region $region --argjson min "$1" '{type: "market-rules", v: 1,
            market: ("m" + $region[:1]), regions: [$region],
            valid: "2016-01-01T00:00Z/2017-01-01T00:00Z", currency: "EUR", period_minutes: 30,
            gate_minutes: 15, grace_seconds: 60, mechanism: "double-auction",
            price_rule: "midpoint", max_orders: 1000, min_group: $min}'
    done
}

inform() {
    lm-inform -r "$F/registry.ndjson" --root "$F/registrar.jwk" "$@"
}

order() { # from id side energy_wh price
    jq -nc --arg period "$PERIOD" '$ARGS.positional as [$from, $id, $side, $energy, $price] |
        {type: "order", v: 1, market: "mn", $period, $id, seq: 1, $from, $side, $price,
         energy_wh: ($energy | tonumber), at: "2016-04-01T11:00:00Z"}' --args "$@"
}

reading() { # meter import_wh export_wh [more]
    jq -nc --arg period "$PERIOD" '$ARGS.positional as [$meter, $in, $out, $more] |
        {type: "reading", v: 1, $meter, $period, import_wh: ($in | tonumber),
         export_wh: ($out | tonumber), quality: "measured", seq: 1} + ($more // "{}" | fromjson)' \
        --args "$@"
}

# A small auction at 0.11: u2 of sa sells 3000 of its 4000 Wh to u4 (sb by then) and u12 (sb), u6 of
# sb asks too much, and sa itself buys 500 Wh.
small() {
    order u2 u2.a offer 4000 0.10
    order u2 u2.b offer 1000 0.30
    order u4 u4.a bid 1500 0.12
    order u12 u12.a bid 1000 0.12
    order u6 u6.a offer 700 0.20
    order sa sa.a bid 500 0.12
}

@test "a user is told her orders, zero included, and suppliers their own and their customers' sums" {
    small >orders
    lm-clear --all orders >cleared
    run -0 --separate-stderr inform cleared
    [[ -z $stderr ]]
    diff <(jq -c '[.to, .price, .orders, .bought_wh, .sold_wh]' <<<"$output") - <<'WANTED'
["sa","0.1",[{"energy_wh":500,"id":"sa.a","side":"bid"}],0,3000]
["sb","0.1",null,2500,0]
["u12","0.1",[{"energy_wh":1000,"id":"u12.a","side":"bid"}],null,null]
["u2","0.1",[{"energy_wh":3000,"id":"u2.a","side":"offer"},{"energy_wh":0,"id":"u2.b","side":"offer"}],null,null]
["u4","0.1",[{"energy_wh":1500,"id":"u4.a","side":"bid"}],null,null]
["u6","0.1",[{"energy_wh":0,"id":"u6.a","side":"offer"}],null,null]
WANTED
}

@test "random auctions: exactly what is due, nothing of anybody else, every row of the policy used" {
    for seed in 1 2 3 4 5 6 7 8; do
        python3 "$ORACLE" orders $seed >book
        lm-clear --all book >cleared
        inform cleared >told
        run -0 python3 "$ORACLE" notices cleared told "$F/policy"
        [[ $output -gt 20 ]]
    done
}

@test "random readings and settlements: exactly what is due, for groups of any size" {
    for seed in 1 2 3 4 5 6; do
        for min in 0 1 2 3 5; do
            python3 "$ORACLE" flows $seed >flowed
            market_rules $min >rules
            run inform --settlement --rejects rejects rules flowed
            [[ $status -le 1 ]]
            inform --settlement rules flowed >told 2>/dev/null || true
            run -0 python3 "$ORACLE" told flowed $min told
            [[ $output -gt 50 ]]
            # Of what is wrong there are only small groups.
            [[ $min -gt 1 || ! -s rejects ]]
            [[ ! -s rejects || $(reasons rejects | sort -u) == small_group ]]
            rm -f rejects
        done
        market_rules 1 >rules
        inform --settlement rules flowed >told
        run -0 python3 "$ORACLE" told flowed 1 told "$F/policy"
    done
}

@test "the check of the random markets sees one record too many, one too few, and one astray" {
    python3 "$ORACLE" orders 1 >book
    lm-clear --all book >cleared
    inform cleared >told
    head -n -1 told >less
    run -1 python3 "$ORACLE" notices cleared less
    { cat told; head -n 1 told; } >larger
    run -1 python3 "$ORACLE" notices cleared larger
    jq -c 'if .to == "u1" then .to = "u2" else . end' told >astray
    run -1 python3 "$ORACLE" notices cleared astray
    grep -v 'of its customers' "$F/policy" >narrower
    run -1 python3 "$ORACLE" notices cleared told narrower
}

@test "the order of the lines, entries and repeats change nothing" {
    python3 "$ORACLE" orders 3 >book
    lm-clear --all book >cleared
    inform cleared >told
    jq -c '{type: "entry", v: 1, n: input_line_number, at: "2016-04-01T12:00:00Z", record: .}' cleared >entries
    { shuf --random-source=<(yes) cleared; cat entries cleared; } >mixed
    inform mixed | cmp - told
    inform <entries | cmp - told
    python3 "$ORACLE" flows 3 >flowed
    inform --settlement "$F/rules.ndjson" flowed >told
    { shuf --random-source=<(yes) flowed; cat flowed; } >mixed
    inform --settlement mixed "$F/rules.ndjson" | cmp - told
}

@test "orders take the place of trades of zero energy, if they are those that were cleared" {
    small >orders
    lm-clear --all orders >cleared
    inform cleared >wanted
    lm-clear orders >without
    inform without orders | cmp - wanted
    # One order more, one less, one altered, one that was replaced since.
    { cat orders; order u8 u8.a bid 1 0.01; } >larger
    head -n -1 orders >less
    sed 's/"energy_wh":700/"energy_wh":701/' orders >altered
    { cat orders; order u6 u6.a offer 0 0.2 | jq -c '.seq = 2'; } >replaced
    for other in larger less altered replaced; do
        run -1 --separate-stderr inform without $other
        [[ -z $output ]]
        [[ $stderr == *"without:1: of the 6 orders of the clearing, trades and orders show 4"* ]]
        # With all trades there, what else is in the stream is nobody's business.
        inform cleared $other | cmp - wanted
    done
}

@test "market-rules decide which orders entered, in the stream or in the registry" {
    small >orders
    market_rules 1 | jq -c '.price_cap = "0.25"' >capped
    run -1 lm-clear capped orders
    lm-clear --accept-rejects capped orders >without 2>/dev/null
    run -0 --separate-stderr inform without capped orders
    [[ $(jq -c 'select(.to == "u2") | .orders' <<<"$output") == '[{"energy_wh":3000,"id":"u2.a","side":"offer"}]' ]]
    wanted=$output
    lm-sign -k "$F/registrar.jwk" capped >signed
    run -0 inform -r signed without orders
    [[ $output == "$wanted" ]]
    # What the registrar has not signed is no rule.
    run -1 --separate-stderr inform -r capped without orders
    [[ $stderr == *"capped:1: the market-rules is not signed"* ]]
}

@test "without the trades of zero energy nobody is told anything, and told how" {
    small >orders
    lm-clear orders >without
    run -1 --separate-stderr inform --rejects rejects without
    [[ -z $output ]]
    [[ $stderr == *"hint: lm-clear --all"* ]]
    [[ $(reasons rejects) == missing_record ]]
    # Another period is told all the same.
    sed 's/12:00Z/12:30Z/' orders | lm-clear --all >other
    run -1 --separate-stderr inform without other
    [[ ${#lines[@]} -eq 6 ]]
    [[ $(jq -r .period <<<"$output" | sort -u) == 2016-04-01T12:30Z/PT30M ]]
}

@test "a trade too few, one too many, one altered, a clearing twice: nothing of that auction is told" {
    small >orders
    lm-clear --all orders >cleared
    grep -v '"u4.a"' cleared >few
    { cat cleared; grep '"u4.a"' cleared | sed 's/u4/u8/g'; } >many
    sed 's/"energy_wh":1500/"energy_wh":1400/' cleared >altered
    { cat cleared; grep '"u4.a"' cleared | sed 's/"energy_wh":1500/"energy_wh":1400/'; } >trades
    { cat cleared; grep '"clearing"' cleared | sed 's/"price":"0.1"/"price":"0.11"/'; } >clearings
    grep -v '"clearing"' cleared >headless
    for stream in few many altered trades clearings headless; do
        rm -f rejects
        run -1 --separate-stderr inform --rejects rejects $stream
        [[ -z $output ]]
        echo "$stream $(reasons rejects | sort | uniq -c | tr -s ' ' | tr '\n' ' ')"
    done >found
    diff found - <<'WANTED'
few  1 missing_record 
many  1 missing_record 
altered  1 missing_record 
trades  1 conflict 
clearings  2 conflict 
headless  6 missing_record 
WANTED
}

@test "who is not in the registry, or may not be told, is rejected; the others are told" {
    small >orders
    { cat orders; order nobody x offer 5 0.5; order m1 y bid 5 0.01; order dn z bid 6 0.01; } >larger
    lm-clear --all larger >cleared
    run -1 --separate-stderr inform --rejects rejects cleared
    [[ $(jq -r .to <<<"$output" | tr '\n' ' ') == "sa sb u12 u2 u4 u6 " ]]
    [[ $(jq -c '[.line, .reason]' rejects | tr '\n' ' ') == '[2,"not_told"] [3,"not_told"] [4,"no_identity"] ' ]]
    [[ $stderr == *"cleared:4: nobody: nobody knows that party"* ]]
    run -0 --separate-stderr inform --accept-rejects cleared
    [[ ${#lines[@]} -eq 6 ]]
}

@test "several trades of one order are told as one, and are of one side" {
    small >book
    lm-clear --all book >cleared
    {
        grep -v '"u4.a"' cleared
        grep '"u4.a"' cleared | jq -c '(.energy_wh = 600), (.energy_wh = 900 | .n = 1)'
    } >parts
    diff <(inform parts) <(inform cleared)
    # Sums that are right do not help: 600 bought and 900 sold of one order.
    {
        grep -v '"u4.a"\|"clearing"' cleared
        grep '"u4.a"' cleared | jq -c '(.energy_wh = 2400), (.energy_wh = 900 | .n = 1 | .side = "offer")'
        grep '"clearing"' cleared | jq -c '.energy_wh = 3900'
    } >both
    run -1 --separate-stderr inform --rejects rejects both
    [[ -z $output && $(reasons rejects) == conflict ]]
}

@test "a supplier that is in no registry is not told; its customers are" {
    small >book
    lm-clear --all book >cleared
    grep -v '"id":"sb"' "$F/registry.ndjson" >fewer
    run -1 --separate-stderr lm-inform -r fewer --root "$F/registrar.jwk" --rejects rejects cleared
    [[ $(jq -r .to <<<"$output" | paste -sd ' ') == "sa u12 u2 u4 u6" ]]
    [[ $(jq -r '.reason + " " + .detail' rejects | sort -u) == "no_identity sb: nobody knows that party" ]]
    [[ $(wc -l <rejects) -eq 3 ]]
}

@test "before the switch of suppliers the sum is the old one's" {
    small | sed 's/12:00Z/11:30Z/' >orders
    lm-clear --all orders >cleared
    run -0 inform cleared
    [[ $(jq -c 'select(.bought_wh) | [.to, .bought_wh, .sold_wh]' <<<"$output" | tr '\n' ' ') == \
        '["sa",1500,3000] ["sb",1000,0] ' ]]
}

@test "an auction without a crossing or an order" {
    { order u2 u2.a offer 10 0.2; order u4 u4.a bid 10 0.1; } >orders
    lm-clear --all orders >cleared
    run -0 inform cleared
    [[ $(jq -c '[.to, .price, .sold_wh, .orders[]?.energy_wh]' <<<"$output" | tr '\n' ' ') == \
        '["sa",null,0] ["sb",null,0] ["u2",null,null,0] ["u4",null,null,0] ' ]]
    lm-clear --all --market mn --period $PERIOD </dev/null >cleared
    run -0 --separate-stderr inform cleared
    [[ -z $output$stderr ]]
}

@test "whoever has more orders than a notice lists gets several, each of which seals and fits" {
    # Ids of 64 characters, the longest that there are.
    order u2 x offer 1 0.1 | jq -c '. as $one | range(600) | tostring as $i |
        $one + {id: ("u2." + "0" * (61 - ($i | length)) + $i)}' >orders
    order u4 u4.a bid 600 0.1 >>orders
    lm-clear --all orders >cleared
    inform cleared >told
    [[ $(jq -c 'select(.to == "u2") | .orders | length' told | tr '\n' ' ') == "256 256 88 " ]]
    [[ $(jq -r 'select(.to == "u2") | .orders[].id' told | sort -u | wc -l) -eq 600 ]]
    [[ $(wc -L <told) -lt 45000 ]]
    [[ $(jq -c 'select(.to == "sa") | [.bought_wh, .sold_wh]' told) == '[0,600]' ]]
}

@test "signed notices, copies and totals are what their signers may sign" {
    small >orders
    lm-clear --all orders | inform | lm-sign -k "$F/mn.jwk" >signed
    reading m1 100 0 | inform --settlement --by meter | lm-sign -k "$F/m1.jwk" >>signed
    reading m2 100 0 | inform --settlement --by dso "$F/rules.ndjson" - | lm-sign -k "$F/dn.jwk" >>signed
    run -0 --separate-stderr lm-verify -r "$F/registry.ndjson" --root "$F/registrar.jwk" \
        --now 2016-04-01T13:00:00Z signed
    [[ -z $stderr ]]
    [[ $(jq -r .type <<<"$output" | sort | uniq -c | tr -s ' \n' ' ') == " 6 notice 1 reading 3 total " ]]
}

@test "sealed, each party opens what it is told, and nothing else" {
    python3 "$ORACLE" orders 5 >book
    lm-clear --all book | inform >told
    lm-sign -k "$F/mn.jwk" --accept-rejects told >signed 2>/dev/null
    lm-sign -k "$F/ms.jwk" --accept-rejects told >>signed 2>/dev/null
    [[ $(wc -l <signed) -eq $(wc -l <told) ]]
    lm-seal -r "$F/registry.ndjson" --root "$F/registrar.jwk" --now 2016-04-01T11:50:00Z signed >sealed
    count=0
    for name in $(jq -r .to told | sort -u); do
        lm-open -k "$F/$name.jwk" --accept-rejects sealed >opened 2>/dev/null
        diff <(jq -c --arg to "$name" 'select(.to == $to)' told | sort) <(jq -c 'del(.sig)' opened | sort)
        count=$((count + $(wc -l <opened)))
    done
    [[ $count -eq $(wc -l <told) && $count -gt 20 ]]
}

@test "an audit finds notices, totals and copies to be what they should be" {
    "$LM_ROOT/tests/audit/market" market
    cd market
    tell() { lm-inform -r registry.ndjson -r public.ndjson --root registrar.jwk "$@"; }
    tell market.ndjson orders.ndjson public.ndjson | lm-sign -k lm.jwk >notices
    tell --settlement --by dso readings.ndjson | lm-sign -k DSO.jwk >totals
    for i in {1..12}; do
        grep "\"m$i\"" readings.ndjson | tell --settlement --by meter | lm-sign -k "m$i.jwk"
    done >copies
    run -0 lm-audit --root registrar.jwk --now 2016-04-02T00:00:00Z all.ndjson notices totals copies
    [[ $(jq -r .result <<<"$output") == clean ]]
    [[ $(cat notices totals copies | wc -l) -eq $((42 + 12 + 36)) ]]
}

@test "readings: a copy to her supplier of then, totals to the operators of her region" {
    # In the north: u2 of sa, u4 of sb by now, u6 of sb.
    { reading m2 100 7; reading m4 20 0; reading m6 3 1; } >flows
    run -0 --separate-stderr inform --settlement "$F/rules.ndjson" flows
    [[ -z $stderr ]]
    diff <(jq -c '[.type, .to, .meter // .region, .supplier, .import_wh, .export_wh, .meters]' <<<"$output") - <<'WANTED'
["total","dn","north",null,123,8,3]
["total","dn","north","sa",100,7,1]
["total","dn","north","sb",23,1,2]
["reading","sa","m2",null,100,7,null]
["reading","sb","m4",null,20,0,null]
["reading","sb","m6",null,3,1,null]
["total","ts","north",null,123,8,3]
WANTED
}

@test "min_group counts users, not meters; what could be taken from a sum is refused as well" {
    # One customer of sa with two meters, two of sb, in the south.
    { reading m1 1 0; reading m1b 2 0; reading m7 4 0; reading m9 8 0; } >flows
    market_rules 2 >rules
    run -1 --separate-stderr inform --settlement --by dso --rejects rejects rules flows
    # The total of sa is refused; that of the region less that of sb would be it.
    [[ $(jq -c '[.to, .supplier, .import_wh]' <<<"$output" | tr '\n' ' ') == '["ds","sb",12] ["ts",null,15] ' ]]
    [[ $(reasons rejects | tr '\n' ' ') == "small_group small_group " ]]
    [[ $stderr == *"the total of sa in south would be over 1 of its customers, min_group is 2"* ]]
    [[ $stderr == *"would give away to a dso"* ]]
    # Two small groups hide each other: what is left is over two users.
    reading m13 16 0 >>flows
    run -1 --separate-stderr inform --settlement --by dso rules flows
    [[ $(jq -c '[.to, .supplier, .import_wh]' <<<"$output" | tr '\n' ' ') == \
        '["ds",null,31] ["ds","sb",12] ["ts",null,31] ' ]]
    market_rules 5 >rules
    run -1 --separate-stderr inform --settlement --by dso rules flows
    [[ -z $output ]]
}

@test "where no rules say how small a group may be there is no total" {
    reading m2 100 7 >flows
    run -1 --separate-stderr inform --settlement --rejects rejects flows
    [[ $(jq -r .type <<<"$output") == reading ]]
    [[ $(reasons rejects) == missing_record ]]
    [[ $stderr == *"hint: give the market-rules"* ]]
    # In the registry, signed, they count; unsigned, or of another region or time, they do not.
    lm-sign -k "$F/registrar.jwk" "$F/rules.ndjson" >signed
    run -0 inform --settlement -r signed flows
    [[ ${#lines[@]} -eq 4 ]]
    run -1 inform --settlement -r "$F/rules.ndjson" flows
    tail -n 1 "$F/rules.ndjson" >south
    run -1 inform --settlement south flows
    sed 's/2016-01-01T00:00Z/2016-04-02T00:00Z/' "$F/rules.ndjson" >later
    run -1 inform --settlement later flows
}

@test "of several rules the latest counts, of several markets the strictest, of contradictions none" {
    { reading m2 1 0; reading m4 2 0; } >flows
    { market_rules 1; market_rules 3 | sed 's/"valid":"2016-01-01/"valid":"2016-03-01/'; } >rules
    run -1 inform --settlement --by dso rules flows
    [[ $output != *'"type":"total"'* ]]
    { market_rules 1; market_rules 3 | sed 's/"market":"mn"/"market":"mx"/'; } >rules
    run -1 inform --settlement --by dso rules flows
    [[ $output != *'"type":"total"'* ]]
    { market_rules 1; market_rules 2; } >rules
    run -1 --separate-stderr inform --settlement --by dso --rejects rejects rules flows
    [[ -z $output && $(reasons rejects) == ambiguous ]]
}

@test "the highest seq counts, readings that disagree do not, unknown meters are rejected" {
    { reading m2 1 0 '{"seq":1}'; reading m2 2 0 '{"seq":5}'; reading m4 3 0
      reading m4 4 0; reading m99 5 0; reading u2 6 0; } >flows
    run -1 --separate-stderr inform --settlement --rejects rejects "$F/rules.ndjson" flows
    [[ $(jq -c 'select(.type == "reading") | [.to, .meter, .import_wh]' <<<"$output") == '["sa","m2",2]' ]]
    [[ $(jq -c 'select(.to == "ts") | [.import_wh, .meters]' <<<"$output") == '[2,1]' ]]
    [[ $(jq -c '[.line, .reason]' rejects | sort | tr '\n' ' ') == \
        '[3,"conflict"] [4,"conflict"] [5,"no_meter"] [6,"no_meter"] ' ]]
}

@test "a copy that the meter addressed and signed itself keeps its signature" {
    reading m2 1 0 '{"to":"sa","x_note":"é"}' | lm-sign -k "$F/m2.jwk" >own
    reading m2 1 0 '{"to":"dn","x_note":"é"}' | lm-sign -k "$F/m2.jwk" >other
    run -0 inform --settlement --by meter other own
    [[ -n $output && $output == "$(<own)" ]]
    run -0 inform --settlement --by meter other
    [[ $output == "$(jq -cS '.to = "sa" | del(.sig)' other)" ]]
}

@test "a reading that would be too long with its addressee is rejected" {
    reading m2 1 0 | jq -c ".x_pad = \"$(head -c 65392 /dev/zero | tr '\0' x)\"" >long
    [[ $(wc -c <long) -le 65537 && $(wc -c <long) -gt 65530 ]]
    run -1 --separate-stderr inform --settlement --by meter --rejects rejects long
    [[ -z $output && $(reasons rejects) == too_long ]]
}

@test "totals beyond 2^53-1 Wh are refused" {
    { reading m2 9007199254740991 0; reading m4 1 0; } >flows
    run -1 --separate-stderr inform --settlement --by dso --rejects rejects "$F/rules.ndjson" flows
    [[ $(jq -c '[.to, .supplier, .import_wh]' <<<"$output" | tr '\n' ' ') == \
        '["dn","sa",9007199254740991] ["dn","sb",1] ' ]]
    [[ $(reasons rejects) == total ]]
}

@test "settlements, transfers and bills go to whom they are about, as they came, or to nobody" {
    python3 "$ORACLE" flows 7 | jq -c 'select(.type != "reading")' >accounts
    for supplier in sa sb sc; do
        jq -c --arg s $supplier 'select((.supplier // .from) == $s)' accounts | lm-sign -k "$F/$supplier.jwk"
    done >signed
    [[ $(wc -l <signed) -eq $(wc -l <accounts) ]]
    run -0 --separate-stderr inform --settlement signed
    diff <(sort -u <<<"$output") <(sort -u signed)
    jq -c 'select(.party == "u2" or .user == "u2")' signed >hers
    sed 's/"u2"/"nobody"/' hers >unknown
    run -1 --separate-stderr inform --settlement --rejects rejects unknown
    [[ -z $output ]]
    [[ $(reasons rejects | sort -u | tr '\n' ' ') == "no_identity wrong_customer " ]]
    # A role that is not the party's, and one that is told of nothing.
    jq -c 'select(.type == "settlement" and .party == "dn") | .party = "ts"' accounts >wrong
    jq -c 'select(.type == "settlement" and .party == "sa") | .role = "auditor"' accounts >>wrong
    [[ -s wrong ]]
    rm rejects
    run -1 --separate-stderr inform --settlement --rejects rejects wrong
    [[ -z $output ]]
    [[ $(reasons rejects | sort -u | tr '\n' ' ') =~ ^(no_identity\ )?(not_told\ )?$ ]]
}

@test "--by: each role's part, and together all" {
    python3 "$ORACLE" flows 4 >flowed
    inform --settlement "$F/rules.ndjson" flowed >all
    for role in meter dso supplier; do
        inform --settlement --by $role "$F/rules.ndjson" flowed >"by-$role"
        [[ -s by-$role ]]
    done
    diff <(sort by-meter by-dso by-supplier) <(sort all)
    [[ $(jq -r .type by-meter | sort -u) == reading ]]
    [[ $(jq -r .type by-dso | sort -u) == total ]]
    for role in market user registrar; do
        run -0 --separate-stderr inform --settlement --by $role "$F/rules.ndjson" flowed
        [[ -z $output$stderr ]]
    done
    run -2 inform --by toaster flowed
}

@test "the table in the manual page is the one that the program has" {
    # The page has it by who tells, in fewer columns: it must fit where a manual is read.
    sed -n '/^\.Ss Who is told what$/,/^\.Ed$/p' "$LM_ROOT/man/lm-inform.1" |
        awk '/^told /,/^\.Ed$/' >lines
    [[ $(wc -L <lines) -le 73 ]]
    sed -E '/^\.Ed$/d; s/ {2,}/\t/g' lines |
        awk '/^told/ { print $0 "\tby" } /^by / { by = tolower($3) } /\t/ && !/^told/ { print $0 "\t" by }' >page
    sed -E "s/of (its [a-z]*)/\\1'/; s/ {2,}/\t/g" "$F/policy" >table
    [[ $(wc -l <table) -gt 10 ]]
    diff table page
    # It needs no registry, and nearly stays within 80 columns.
    run -0 lm-inform --policy
    [[ $(wc -L <"$F/policy") -le 85 ]]
}

@test "--strict tells nobody anything once something was rejected" {
    { small; order nobody x offer 5 0.5; } >orders
    lm-clear --all orders >cleared
    run -1 --separate-stderr inform --strict cleared
    [[ -z $output ]]
    [[ $(grep -c ^lm-inform: <<<"$stderr") -eq 1 ]]
}

@test "a registry without its root, and no registry at all" {
    run -2 --separate-stderr lm-inform --root "$F/registrar.jwk" /dev/null
    [[ $stderr == *"--registry and --root are needed"* ]]
    small | lm-clear --all >cleared
    run -1 --separate-stderr lm-inform -r "$F/registry.ndjson" --root "$F/mn.jwk" cleared
    [[ -z $output ]]
}

@test "the manual page's examples" {
    cp "$F"/*.jwk "$F/registry.ndjson" .
    for pair in mn:market dn:grid m1:ann-meter; do cp "${pair%:*}.jwk" "${pair#*:}.jwk"; done
    cp "$F/rules.ndjson" public.ndjson
    lm-sign -k registrar.jwk --again public.ndjson >signed && mv signed public.ndjson
    small >orders.ndjson
    reading m2 1 0 >readings.ndjson
    reading m1 1 0 >reading.ndjson
    sed -n '/^\.Sh EXAMPLES$/,/^\.Sh SEE ALSO$/p' "$LM_ROOT/man/lm-inform.1" |
        sed -n '/^\.Bd/,/^\.Ed$/p' | sed '/^\./d; s/\\e/\\/g' >examples
    [[ $(wc -l <examples) -gt 6 ]]
    run -0 --separate-stderr bash -euo pipefail examples
    [[ -z $stderr ]]
    # u4 has another key since noon.
    for key in market sa sb u2 u4.1 u6 u12 grid ts; do
        lm-open -k "$key.jwk" --accept-rejects notices.ndjson totals.ndjson copy.ndjson 2>/dev/null
    done >opened
    [[ $(jq -r .type opened | sort | uniq -c | tr -s ' ' | tr '\n' ';') == \
        " 6 notice; 1 reading; 3 total;" ]]
}
