# lm-clear: what a market and its participants rely on in an auction.
# shellcheck disable=SC2154 # bats sets stderr
bats_require_minimum_version 1.5.0
load helper

setup() {
    ORACLE=$LM_ROOT/tests/oracle
    cd "$BATS_TEST_TMPDIR" || exit
}

# order ID FROM SIDE ENERGY PRICE [MEMBER=JSON…]: an order of market m; MEMBERs replace its own.
order() {
    local base filter=. member
    base=$(printf '{"at":"2016-04-01T10:00:00Z","energy_wh":%s,"from":"%s","id":"%s","market":"m","period":"2016-04-01T12:00Z/PT30M","price":"%s","seq":1,"side":"%s","type":"order","v":1}' \
        "$4" "$2" "$1" "$5" "$3")
    shift 5
    for member; do
        filter+="|.${member%%=*}=${member#*=}"
    done
    if [[ $filter == . ]]; then echo "$base"; else jq -c "$filter" <<<"$base"; fi
}

# rules [MEMBER=JSON…]: the rules of market m, gate at 11:40.
rules() {
    local filter=. member
    for member; do
        filter+="|.${member%%=*}=${member#*=}"
    done
    jq -nc '{type:"market-rules",v:1,market:"m",regions:["r"],currency:"EUR",
        valid:"2016-01-01T00:00Z/2017-01-01T00:00Z",period_minutes:30,gate_minutes:20,
        grace_seconds:30,mechanism:"double-auction",price_rule:"midpoint",max_orders:2,
        min_group:1}' | jq -c "$filter"
}

# entry AT: wraps the line from standard input.
entry() {
    jq -c "{type:\"entry\",v:1,n:0,at:\"$1\",record:.}"
}

# price, energy: of the clearing in $output.
price() {
    jq -r 'select(.type == "clearing") | .price' <<<"$output"
}
energy() {
    jq -r 'select(.type == "clearing") | .energy_wh' <<<"$output"
}
# trades: FROM/ORDER=ENERGY, as they stand in $output.
trades() {
    jq -r 'select(.type == "trade") | "\(.from)/\(.order)=\(.energy_wh)"' <<<"$output" | paste -sd ' '
}

# same STREAM OPTION…: lm-clear and the oracle agree on STREAM to the byte, rejects included.
same() {
    local stream=$1
    shift
    rm -f rejects.ndjson
    python3 "$ORACLE/clear.py" expect "$@" --rejects rejects.expected <"$stream" >expected
    lm-clear "$@" --accept-rejects --rejects rejects.ndjson "$stream" >got 2>messages
    cmp expected got
    jq -r '"\(.line) \(.reason)"' rejects.ndjson >rejects.got
    # Rules are reported first; then every line as it came.
    sort -n rejects.got | cmp rejects.expected -
}

@test "5 Wh offered at 10, 7 Wh bid at 20: the price is 20" {
    { order a u1 offer 5 10; order b u2 bid 7 20; } >orders
    run -0 --separate-stderr lm-clear orders
    [ -z "$stderr" ]
    [ "$(price)" = 20 ]
    [ "$(trades)" = "u1/a=5 u2/b=5" ]
}

@test "5 Wh offered at 10, 5 Wh bid at 20: the middle of [10, 20]" {
    { order a u1 offer 5 10; order b u2 bid 5 20; } >orders
    run -0 lm-clear orders
    [ "$(jq -r 'select(.type == "clearing") | "\(.price_low) \(.price) \(.price_high)"' <<<"$output")" = "10 15 20" ]
    run -0 lm-clear --price low orders
    [ "$(price)" = 10 ]
    run -0 lm-clear --price high orders
    [ "$(price)" = 20 ]
    run -0 lm-clear --price k=0.25 orders
    [ "$(price)" = 12.5 ]
    run -0 lm-clear --price k=0.50 orders
    [ "$(jq -r 'select(.type == "clearing") | .price_rule' <<<"$output")" = midpoint ]
}

@test "5 Wh offered and bid at 10: the price is 10" {
    { order a u1 offer 5 10; order b u2 bid 5 10; } >orders
    run -0 lm-clear orders
    [ "$(price)" = 10 ]
}

@test "half a micro-unit is rounded to even" {
    { order a u1 offer 5 0.000001; order b u2 bid 5 0.000002; } >orders
    run -0 lm-clear orders
    [ "$(price)" = 0.000002 ]
    { order a u1 offer 5 -0.000001; order b u2 bid 5 0; } >orders
    run -0 lm-clear orders
    [ "$(price)" = 0 ]
}

@test "without a crossing: price null, no trade, exit 0" {
    { order a u1 offer 5 11; order b u2 bid 5 10; } >orders
    run -0 --separate-stderr lm-clear orders
    [ "${#lines[@]}" -eq 1 ]
    [ "$(price)" = null ]
    [ "$(energy)" = 0 ]
    run -0 lm-clear --all orders
    [ "$(trades)" = "u1/a=0 u2/b=0" ]
    [ "$(jq -r 'select(.type == "trade") | .price' <<<"$output" | sort -u)" = null ]
}

@test "the price group shares pro rata, in whole Wh by largest remainder" {
    # 5 Wh among bids of 4, 4 and 2: 2, 2 and 1; 5 among 3, 3 and 3: ties by (from, id).
    { order a s offer 5 10; order a u1 bid 4 10; order a u2 bid 4 10; order a u3 bid 2 10; } >orders
    run -0 lm-clear orders
    [ "$(trades)" = "s/a=5 u1/a=2 u2/a=2 u3/a=1" ]
    { order a s offer 5 10; order b U1 bid 3 10; order a u1 bid 3 10; order B U1 bid 3 10; } >orders
    run -0 lm-clear orders
    [ "$(trades)" = "U1/B=2 U1/b=2 s/a=5 u1/a=1" ]
}

@test "21 000 random books are as the brute-force oracle says, rejects included" {
    # LM_QUICK, for sanitizers: a fifth of them.
    local part=${LM_QUICK:+5}
    part=${part:-1}
    python3 "$ORACLE/clear.py" generate 1 $((20000 / part)) $((1000 / part)) >stream
    same stream --all --curve
    # The books are of every kind that there is.
    for reason in ambiguous conflict late period price quota self_trade total; do
        [ "$(grep -c " $reason\$" rejects.got)" -gt $((100 / part)) ]
    done
    [ "$(grep -c '"price":null.*"type":"clearing"' got)" -gt $((1000 / part)) ]
    [ "$(grep -c '"price":".*"type":"clearing"' got)" -gt $((5000 / part)) ]
    # Their order does not matter.
    for seed in 1 2 3; do
        shuf --random-source=<(yes "$seed") stream >shuffled
        lm-clear --all --curve --accept-rejects shuffled 2>messages >again
        cmp got again
    done
    # Nor does the file that they are in.
    split -n l/3 stream part.
    lm-clear --all --curve --accept-rejects part.ac - part.aa <part.ab 2>messages >again
    cmp got again
}

@test "random books under each price rule are as the oracle says, and keep every property" {
    local small=${LM_QUICK:+300}
    small=${small:-3000}
    python3 "$ORACLE/clear.py" generate 2 "$small" 60 --no-rules >stream
    for rule in midpoint low high k=0.25 k=0.333333 k=1; do
        same stream --all --price "$rule"
        run -0 python3 "$ORACLE/clear_properties.py" stream got
        [ "$output" = $((small + 60)) ]
    done
}

@test "the highest seq counts, whenever it came, and energy 0 withdraws" {
    {
        order a u1 offer 9 10 seq=2
        order a u1 offer 5 11
        order b u2 bid 4 20
        order c u3 bid 7 20 seq=1
        order c u3 bid 0 20 seq=2
    } >orders
    run -0 --separate-stderr lm-clear orders
    [ -z "$stderr" ]
    [ "$(trades)" = "u1/a=4 u2/b=4" ]
    run -0 lm-clear <(order a u1 offer 0 10)
    [ "$(jq -c '[.offers, .bids, .price]' <<<"$output")" = "[0,0,null]" ]
}

@test "a repeat counts once, under another signature as well" {
    {
        order a u1 offer 5 10
        order a u1 offer 5 10
        order a u1 offer 5 10 'sig={protected:"e30",signature:"AAAA"}'
        order a u1 offer 5 10 'sig={protected:"e30",signature:"AQEB"}'
        order a u1 offer 5 10 | entry 2016-04-01T10:00:00Z
    } >orders
    run -0 lm-clear orders
    [ "$(jq -c '[.offers, .offered_wh]' <<<"$output")" = "[1,5]" ]
    first=$output
    run -0 lm-clear <(tac orders)
    [ "$output" = "$first" ]
}

@test "two different orders of one seq void it, and none of a lower seq comes back" {
    {
        order a u1 offer 1 10
        order a u1 offer 5 10 seq=2
        order a u1 offer 6 10 seq=2
        order b u2 bid 4 20
    } >orders
    run -1 --separate-stderr lm-clear --rejects rejects orders
    [ "$(jq -c 'select(.type == "clearing") | [.offers, .bids]' <<<"$output")" = "[0,1]" ]
    [ "$(jq -r '"\(.line) \(.reason)"' rejects | paste -sd ,)" = "2 conflict,3 conflict" ]
    [[ $stderr == *"lm-clear: orders:2: two different orders a of u1 have seq 2"* ]]
    [ "$(jq -c .record rejects | head -n 1)" = "$(sed -n 2p orders | jq -c .)" ]
}

@test "an entity whose bid reaches its own offer is out for that period only" {
    {
        order a u1 offer 5 10
        order b u1 bid 1 10
        order c u2 offer 3 10
        order d u3 bid 9 10
        order e u1 offer 2 10 'period="2016-04-01T12:30Z/PT30M"'
        order f u3 bid 2 10 'period="2016-04-01T12:30Z/PT30M"'
        order g u4 offer 1 10
        order h u4 bid 1 9.999999
    } >orders
    run -1 --separate-stderr lm-clear --rejects rejects orders
    [ "$(trades)" = "u2/c=3 u3/d=4 u4/g=1 u1/e=2 u3/f=2" ]
    [ "$(jq -r '"\(.line) \(.reason)"' rejects | paste -sd ,)" = "1 self_trade,2 self_trade" ]
}

@test "one order of hostile size does not block the market" {
    {
        order a u1 offer 5 10
        order b u2 offer 9007199254740991 10
        order c u3 bid 9007199254740990 20
        order d u4 bid 1 20
    } >orders
    run -1 --separate-stderr lm-clear --rejects rejects orders
    [ "$(jq -r '"\(.line) \(.reason)"' rejects)" = "2 total" ]
    [ "$(energy)" = 5 ]
    [ "$(jq -r 'select(.type == "clearing") | .demanded_wh' <<<"$output")" = 9007199254740991 ]
}

@test "prices at the ends of their range clear exactly" {
    {
        order a u1 offer 1 -9223372036854.775807
        order b u2 bid 1 9223372036854.775807
    } >orders
    run -0 lm-clear orders
    [ "$(price)" = 0 ]
    run -0 lm-clear --price high orders
    [ "$(price)" = 9223372036854.775807 ]
}

@test "ids that differ only in case are different" {
    { order a U1 offer 2 10; order A u1 offer 3 10; order A U1 offer 4 10; order a u2 bid 9 10; } >orders
    run -0 lm-clear orders
    [ "$(trades)" = "U1/A=4 U1/a=2 u1/A=3 u2/a=9" ]
}

@test "orders outside floor and cap are as if never received; a withdrawal may have any price" {
    {
        rules 'price_floor="-1"' 'price_cap="5"'
        order a u1 offer 5 4
        order b u2 bid 5 5
        order a u1 offer 5 5.000001 seq=2
        order c u2 bid 5 -1.1
        order d u3 bid 5 4
        order d u3 bid 0 99 seq=2
    } >orders
    run -1 --separate-stderr lm-clear orders
    [ "$(trades)" = "u1/a=5 u2/b=5" ]
    [ "$(price)" = 4.5 ]
    [[ $stderr == *"orders:4: price 5.000001 is above the cap 5 of the market's rules"* ]]
    [[ $stderr == *"orders:5: price -1.1 is below the floor -1 of the market's rules"* ]]
    [ "${#stderr_lines[@]}" -eq 2 ]
}

@test "an order logged at gate closure is late, one second earlier it is not" {
    {
        rules
        order a u1 offer 5 10 | entry 2016-04-01T11:39:59Z
        order b u2 bid 5 10 | entry 2016-04-01T11:40:00Z
        order c u3 bid 4 10 # bare: nobody says when it came
    } >orders
    run -1 --separate-stderr lm-clear orders
    [ "$(trades)" = "u1/a=4 u3/c=4" ]
    [[ $stderr == *"orders:3: logged at 2016-04-01T11:40:00Z, but the gate of 2016-04-01T12:00Z/PT30M closed 20 minutes before it begins"* ]]
}

@test "orders of another length of period do not enter, nor those beyond the quota" {
    {
        rules
        order a u1 offer 5 10 'period="2016-04-01T12:00Z/PT15M"'
        order c u1 offer 1 10
        order b u1 offer 2 10
        order B u1 offer 3 10
        order d u2 bid 9 10
    } >orders
    run -1 --separate-stderr lm-clear --rejects rejects orders
    [ "$(trades)" = "u1/B=3 u1/b=2 u2/d=5" ]
    [ "$(jq -r '"\(.line) \(.reason)"' rejects | paste -sd ,)" = "2 period,3 quota" ]
}

@test "the rules with the latest start count, for their market and time only" {
    {
        rules 'price_rule="low"'
        rules 'price_rule="high"' 'valid="2016-02-01T00:00Z/2016-04-01T12:30Z"'
        rules 'price_rule="k=0.1"' 'valid="2016-04-01T13:00Z/2017-01-01T00:00Z"'
        rules 'price_rule="k=0.2"' 'market="other"'
        for period in 12:00 12:30 13:00; do
            order a u1 offer 5 10 "period=\"2016-04-01T${period}Z/PT30M\""
            order b u2 bid 5 20 "period=\"2016-04-01T${period}Z/PT30M\""
        done
    } >orders
    run -0 lm-clear orders
    [ "$(price | paste -sd ' ')" = "20 10 11" ]
    tac orders >reversed
    first=$output
    run -0 lm-clear reversed
    [ "$output" = "$first" ]
}

@test "rules that were logged behind a period's gate do not take the place of others" {
    newer() { rules 'price_rule="high"' 'valid="2016-02-01T00:00Z/2017-01-01T00:00Z"'; }
    {
        rules 'price_rule="low"' | entry 2016-01-01T00:00:00Z
        order a u1 offer 5 10
        order b u2 bid 5 20
    } >orders
    # A bare copy says nothing of when it came.
    newer >bare
    for at in 2016-04-01T11:40:00Z=20 2016-04-01T11:40:01Z=10 2016-04-01T12:00:01Z=10; do
        newer | entry "${at%=*}" >late
        for files in 'orders late' 'late orders' 'orders late bare'; do
            # shellcheck disable=SC2086
            run -0 lm-clear $files
            [ "$(price)" = "${at#*=}" ]
        done
    done
    run -0 lm-clear orders bare
    [ "$(price)" = 20 ]
    # Those that begin together contradict each other once they are known.
    rules 'price_rule="high"' | entry 2016-04-01T11:40:01Z >twin
    run -0 lm-clear orders twin
    [ "$(price)" = 10 ]
    rules 'price_rule="high"' | entry 2016-04-01T11:40:00Z >twin
    run -1 --separate-stderr lm-clear orders twin
    [ -z "$output" ]
}

@test "the gate for rules is the longest of theirs and of those that were in force" {
    {
        rules 'price_rule="low"' | entry 2016-01-01T00:00:00Z
        order a u1 offer 5 10
        order b u2 bid 5 20
    } >orders
    # at, minutes of the newer rules' own gate, price: theirs is the longer one, then the shorter.
    for case in 11:00:00=60=20 11:00:01=60=10 11:40:00=0=20 11:40:01=0=10; do
        IFS='=' read -r at minutes want <<<"$case"
        rules 'price_rule="high"' 'valid="2016-02-01T00:00Z/2017-01-01T00:00Z"' "gate_minutes=$minutes" |
            entry "2016-04-01T${at}Z" >newer
        run -0 lm-clear orders newer
        [ "$(price)" = "$want" ]
    done
    # The first that a market has count as ever, as there are no others.
    { rules 'price_rule="high"' | entry 2016-04-01T11:59:00Z; sed 1d orders; } >first
    run -0 lm-clear first
    [ "$(price)" = 20 ]
}

@test "of several logs the first that has rules tells, whosever it is" {
    # As lm-clear(1) says: it does not know who keeps a log.
    {
        rules 'price_rule="low"' | entry 2016-01-01T00:00:00Z
        order a u1 offer 5 10
        order b u2 bid 5 20
    } >orders
    rules 'price_rule="high"' 'valid="2016-02-01T00:00Z/2017-01-01T00:00Z"' >newer
    entry 2016-04-01T11:40:00Z <newer >market
    entry 2016-04-01T12:00:01Z <newer >registrar
    run -0 lm-clear orders registrar
    [ "$(price)" = 10 ]
    run -0 lm-clear orders registrar market
    [ "$(price)" = 20 ]
}

@test "rules that contradict each other: nothing of their periods is cleared, and all is told" {
    {
        rules
        rules 'gate_minutes=5' 'valid="2016-01-01T00:00Z/2016-04-01T12:30Z"'
        order a u1 offer 5 10
        order b u2 bid 5 20
        order c u1 offer 5 10 'period="2016-04-01T12:30Z/PT30M"'
        order d u1 offer 5 10 'market="m2"'
    } >orders
    run -1 --separate-stderr lm-clear --rejects rejects orders
    [ "$(jq -r '.market + " " + .period' <<<"$output" | paste -sd ,)" = "m2 2016-04-01T12:00Z/PT30M,m 2016-04-01T12:30Z/PT30M" ]
    [ "$(jq -r '"\(.line) \(.reason)"' rejects | paste -sd ,)" = "1 ambiguous,2 ambiguous,3 ambiguous,4 ambiguous" ]
    # The same rules twice, under whatever signatures, are no contradiction.
    { rules; rules 'sig={protected:"e30",signature:"AAAA"}'; order a u1 offer 5 10; } >orders
    run -0 lm-clear orders
    [ "${#lines[@]}" -eq 1 ]
}

@test "--price against the market's rules is bad usage, and nothing is written" {
    {
        order z u1 offer 5 10 'market="a"'
        rules 'price_rule="k=0.5"'
        order a u1 offer 5 10
        order b u2 bid 5 20
    } >orders
    run -2 --separate-stderr lm-clear --price low orders
    [ -z "$output" ]
    [[ $stderr == *"price rule low conflicts with midpoint in the rules of market m"* ]]
    [[ $stderr == *"hint: "* ]]
    run -0 lm-clear --price midpoint orders
    # Rules of another market are none of its business.
    run -0 lm-clear --price low --market a orders
}

@test "--market and --period pick from the stream and clear an empty book, too" {
    {
        order a u1 offer 5 10
        order b u1 offer 5 10 'market="m2"'
        order c u1 offer 5 10 'period="2016-04-01T12:30Z/PT30M"'
        order d u1 offer 5 10 'period="2016-04-01T12:00Z/PT15M"'
    } >orders
    run -0 lm-clear --market m orders
    [ "${#lines[@]}" -eq 3 ]
    run -0 lm-clear --period 2016-04-01T12:00Z/PT30M orders
    [ "$(jq -r .market <<<"$output" | paste -sd ' ')" = "m m2" ]
    run -0 lm-clear -m m -p 2016-04-01T12:30Z/PT30M orders
    [ "${#lines[@]}" -eq 1 ]
    # The root of no orders is SHA-256 of nothing (RFC 6962 section 2.1).
    run -0 lm-clear -m m -p 2016-04-01T13:00Z/PT30M orders
    [ "$output" = '{"bids":0,"demanded_wh":0,"energy_wh":0,"market":"m","mechanism":"double-auction","offered_wh":0,"offers":0,"orders_root":"47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU","period":"2016-04-01T13:00Z/PT30M","price":null,"price_high":null,"price_low":null,"price_rule":"midpoint","type":"clearing","v":1}' ]
    run -0 lm-clear -m m -p 2016-04-01T13:00Z/PT30M </dev/null
    [ "${#lines[@]}" -eq 1 ]
    # Its rules apply as to any other.
    run -0 lm-clear -m m -p 2016-04-01T13:00Z/PT30M <(rules 'price_rule="low"')
    [ "$(jq -r .price_rule <<<"$output")" = low ]
    run -2 --separate-stderr lm-clear -m m -p 2016-04-01T13:00Z/PT15M <(rules)
    [[ $stderr == *"market m has periods of 30 minutes, not 15"* ]]
}

@test "--period now, next and next+1, of a length" {
    now=2016-04-01T11:59:00Z
    run -0 lm-clear -m m -p now --now $now </dev/null
    [ "$(jq -r .period <<<"$output")" = 2016-04-01T11:30Z/PT30M ]
    run -0 lm-clear -m m -p next --now $now </dev/null
    [ "$(jq -r .period <<<"$output")" = 2016-04-01T12:00Z/PT30M ]
    run -0 lm-clear -m m -p next+1 --length 15 --now $now </dev/null
    [ "$(jq -r .period <<<"$output")" = 2016-04-01T12:15Z/PT15M ]
    run -2 lm-clear -m m -p next --length 7 </dev/null
}

@test "--rules stand in for those of the stream, and say how long a period is" {
    rules 'period_minutes=15' 'price_rule="low"' >rules.ndjson
    { order a u1 offer 5 10; order b u2 bid 5 20; } | sed 's/PT30M/PT15M/' >orders
    run -0 --separate-stderr lm-clear -r rules.ndjson orders
    [ "$(price)" = 10 ]
    # As if they were in the stream.
    [ "$output" = "$(cat rules.ndjson orders | lm-clear)" ]
    [ "$output" = "$(cat rules.ndjson orders | lm-clear -r rules.ndjson)" ]
    rules 'price_rule="high"' >other
    run -1 --separate-stderr lm-clear -r rules.ndjson other orders
    [ -z "$output" ]
    [[ $stderr == *"rules.ndjson:1: different rules of market m begin together"* ]]
    # The other records of the file are none of the stream's.
    cat rules.ndjson orders >both
    run -0 lm-clear -r both /dev/null
    [ -z "$output" ]
    now=2016-04-01T11:59:00Z
    run -0 lm-clear -r rules.ndjson -m m -p now --now $now /dev/null
    [ "$(jq -r .period <<<"$output")" = 2016-04-01T11:45Z/PT15M ]
    run -0 lm-clear -r rules.ndjson -p next --now $now orders
    [ "$(price)" = 10 ]
    run -0 lm-clear -r rules.ndjson -p next+1 --now $now orders
    [ -z "$output" ]
    run -0 lm-clear -r - -p next --now $now orders <rules.ndjson
    [ "$(price)" = 10 ]
    # Whose length is not known, or not one.
    { cat rules.ndjson; rules 'market="m2"'; } >two
    run -2 --separate-stderr lm-clear -r two -p next --now $now orders
    [ -z "$output" ]
    run -0 lm-clear -r two -m m2 -p next --now $now /dev/null
    [ "$(jq -r .period <<<"$output")" = 2016-04-01T12:00Z/PT30M ]
    run -1 --separate-stderr lm-clear -r rules.ndjson -m m2 -p next --now $now orders
    [ -z "$output" ]
    run -2 --separate-stderr lm-clear -r - -p next <rules.ndjson
    [[ $stderr == *"both be standard input"* ]]
    run -66 lm-clear -r missing orders
    # A bad line among them is told, and the good ones count.
    { echo '{'; cat rules.ndjson; } >bad
    run -1 --separate-stderr lm-clear -r bad orders
    [ "$(price)" = 10 ]
    [[ $stderr == *"lm-clear: bad:1: "* ]]
    run -1 --separate-stderr lm-clear --strict -p next -r bad orders
    [ -z "$output" ]
}

@test "--curve writes the submitted prices with S(p) ascending and D(p) descending" {
    {
        order a u1 offer 5 10
        order b u2 offer 4 -2.5
        order c u3 offer 1 10
        order d u4 bid 7 20
        order e u5 bid 2 10
    } >orders
    run -0 lm-clear --curve orders
    [ "$(jq -r 'select(.type == "curve") | "\(.side) \(.price) \(.cumulative_wh)"' <<<"$output" | paste -sd ,)" = "offer -2.5 4,offer 10 10,bid 20 7,bid 10 9" ]
    # The curve comes after the trades.
    [ "$(jq -r .type <<<"$output" | uniq | paste -sd ' ')" = "clearing trade curve" ]
}

@test "the root is over the canonical lines of the orders that entered, by (from, id)" {
    order b u1 offer 5 10 >one
    order a u2 bid 5 10 'sig={protected:"e30",signature:"AAAA"}' >two
    # RFC 6962 section 2.1 by other tools; of ASCII and integers, jq's sorted form is canonical.
    sha256() { sha256sum | cut -d ' ' -f 1 | tr a-f A-F | basenc -d --base16; }
    leaf() { { printf '\0'; jq -cjS .; } | sha256; }
    root=$({ printf '\1'; leaf <one; leaf <two; } | sha256 | basenc --base64url | tr -d =)
    { cat two one; order z u3 offer 1 30; order z u3 bid 1 30; } >orders # z is self-trade
    run -1 --separate-stderr lm-clear orders
    [ "$(jq -r 'select(.type == "clearing") | .orders_root' <<<"$output")" = "$root" ]
}

@test "hostile lines are told by number and do not touch the good ones around them" {
    {
        order a u1 offer 5 10
        head -c 70000 /dev/zero | tr '\0' x
        echo
        printf '{"type":"order\0"}\n'
        printf '\xff\n'
        echo
        order b u2 bid 5 10 | sed 's/$/\r/'
        order b u2 bid 5 10 | sed 's/"v":1/"v":1,"v":1/'
        order b u2 bid 5.5 10
        order b u2 bid 9007199254740992 10
        echo '{"type":"bet","v":1}'
        order b u2 bid -1 10
        order b u2 bid 5 1e3
        order b u2 bid 5 0.1234567
        order b u2 bid 5 10 'period="2016-04-01T12:10Z/PT30M"'
        order b 'u 2' bid 5 10
        order b u2 bid 5 10
        order c u3 bid 5 10 | tr -d '\n'
    } >orders
    run -1 --separate-stderr lm-clear --rejects rejects orders
    [ "$(trades)" = "u1/a=5 u2/b=5" ]
    [ "$(jq -r .line rejects | paste -sd ' ')" = "2 3 4 5 6 7 8 9 10 11 12 13 14 15 17" ]
    [ "$(reasons rejects | paste -sd ' ')" = "too_long nul utf8 empty crlf duplicate_name real integer_range unknown_type bad_member bad_member bad_member bad_member bad_member truncated" ]
    first=$output
    run -0 --separate-stderr lm-clear --accept-rejects orders
    [ "$output" = "$first" ]
}

@test "--strict writes nothing once a line or an order was rejected" {
    { order a u1 offer 5 10; echo '{'; order b u2 bid 5 10; } >orders
    run -1 --separate-stderr lm-clear --strict orders
    [ -z "$output" ]
    { order a u1 offer 5 10; order a u1 bid 6 10; order b u2 bid 5 10; } >orders
    run -1 --separate-stderr lm-clear --strict orders
    [ -z "$output" ]
    [[ $stderr == *orders:1:* ]]
    [[ $stderr != *orders:2:* ]]
}

@test "records of other types are passed over, its own output included" {
    { order a u1 offer 5 10; order b u2 bid 5 10; } >orders
    run -0 lm-clear --all --curve orders
    first=$output
    { cat orders; echo "$first"; } >mixed
    run -0 --separate-stderr lm-clear --all --curve mixed
    [ -z "$stderr" ]
    [ "$output" = "$first" ]
}

@test "no orders: no output, exit 0; no JSON at all: 65; no file: 66; bad options: 2; a full disk: 74" {
    run -0 lm-clear </dev/null
    [ -z "$output" ]
    run -65 --separate-stderr lm-clear <<<"a,b,c"
    run -66 --separate-stderr lm-clear missing
    run -2 --separate-stderr lm-clear --price cheap
    [[ $stderr == *"--price"* ]]
    run -2 --separate-stderr lm-clear --period tomorrow
    run -2 --separate-stderr lm-clear --market 'a b'
    order a u1 offer 5 10 >orders
    run -74 bash -c 'lm-clear orders >/dev/full'
}

@test "the manual's examples" {
    command -v lm-bid || skip "lm-bid is not built"
    market=market
    period=2016-04-01T12:00Z/PT30M
    run -0 bash -c "{
        lm-bid --from ann --market $market --period $period --offer 2kWh@0.09
        lm-bid --from bob --market $market --period $period --bid 3kWh@0.13
    } | tee orders.ndjson | lm-clear"
    [ "$(price)" = 0.13 ]
    [ "$(energy)" = 2000 ]
    run -0 bash -c "lm-clear orders.ndjson | jq -r 'select(.type == \"clearing\") | [.period, .market, .price] | @tsv'"
    [ "$output" = "$period"$'\t'"market"$'\t'"0.13" ]
    run -0 bash -c "lm-clear --curve orders.ndjson | jq -r 'select(.type == \"curve\" and .side == \"offer\") | [.cumulative_wh, .price] | @tsv'"
    [ "$output" = "2000"$'\t'"0.09" ]
}
