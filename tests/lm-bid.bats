# Orders from the command line and from CSV.
bats_require_minimum_version 1.5.0
load helper

now=2016-04-01T11:40:00Z # five minutes before the gate of:
p=2016-04-01T12:00Z/PT30M

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    market_rules m 2016-01-01T00:00Z/2017-01-01T00:00Z 30 15 -0.5 1 >rules
}

# market_rules MARKET VALID LENGTH GATE FLOOR CAP: a market-rules line.
market_rules() {
    printf '{"type":"market-rules","v":1,"market":"%s","regions":["r1"],"valid":"%s","currency":"EUR","period_minutes":%s,"gate_minutes":%s,"grace_seconds":60,"mechanism":"double-auction","price_rule":"midpoint","price_floor":"%s","price_cap":"%s","max_orders":8,"min_group":1}\n' "$@"
}

bid() {
    given --now "$@" || set -- --now $now "$@"
    lm-bid --from u1 --market m --period $p "$@"
}

# csv [OPTION…] [FILE…]: the CSV on stdin, or files.
# shellcheck disable=SC2120
csv() {
    lm-bid --csv --from u1 --market m --period $p --now $now "$@"
}

# fields FILTER: of each order on stdin.
fields() {
    jq -r "$1 | @tsv" | tr '\t' ' '
}

@test "an offer is one canonical order record, every member as it was said" {
    run -0 --separate-stderr bid --offer 2kWh@0.11
    # 2016-04-01T11:40:00Z is 1459510800 s after 1970: 16892 days, 42000 s.
    [ $((16892 * 86400 + 42000)) -eq 1459510800 ]
    [ "$output" = '{"at":"2016-04-01T11:40:00Z","energy_wh":2000,"from":"u1","id":"offer-0.11","market":"m","period":"2016-04-01T12:00Z/PT30M","price":"0.11","seq":1459510800000000,"side":"offer","type":"order","v":1}' ]
    [ -z "$stderr" ]
}

@test "several offers and bids in one call, each with its own id and seq" {
    run -0 --separate-stderr bid --offer 2kWh@0.110 --bid 500Wh@-0.01 --offer 1.5MWh@0 --bid 1Wh@12
    [ "$(fields '[.side, .energy_wh, .price, .id]' <<<"$output")" = "offer 2000 0.11 offer-0.11
offer 1500000 0 offer-0
bid 500 -0.01 bid--0.01
bid 1 12 bid-12" ]
    [ "$(jq .seq <<<"$output" | sort -u | wc -l)" -eq 4 ]
}

@test "--id and --seq" {
    run -0 bid --offer 2kWh@0.11 --id morning --seq 7
    [ "$(fields '[.id, .seq]' <<<"$output")" = "morning 7" ]
    run -0 bid --offer 2kWh@0.11 --bid 1kWh@0.1 --seq 7
    [ "$(jq .seq <<<"$output" | sort | uniq -c | tr -s ' ')" = " 2 7" ]
    run -2 --separate-stderr bid --offer 2kWh@0.11 --bid 1kWh@0.1 --id x
    [[ $stderr == *"--id with more than one order"* ]]
}

@test "without --now the clock's microseconds are the seq, its second the at" {
    before=$(date +%s)
    run -0 lm-bid --from u1 --market m --period next --bid 1kWh@0.1
    after=$(date +%s)
    seq=$(jq .seq <<<"$output")
    [ "$((seq / 1000000))" -ge "$before" ]
    [ "$((seq / 1000000))" -le "$after" ]
    [ "$(date -ud "$(jq -r .at <<<"$output")" +%s)" -eq $((seq / 1000000)) ]
}

@test "two orders of one call may not have one id" {
    run -2 --separate-stderr bid --offer 2kWh@0.11 --offer 3kWh@0.110
    [[ $stderr == *"two orders with the id offer-0.11"* ]]
    [ -z "$output" ]
}

@test "--period takes now, next and next+N, in lengths of the rules, else --length, else 30" {
    run -0 lm-bid --from u1 --market m --period next+1 --now $now --offer 1kWh@0
    [ "$(jq -r .period <<<"$output")" = 2016-04-01T12:30Z/PT30M ]
    run -0 lm-bid --from u1 --market m --period now --length 15 --now $now --offer 1kWh@0
    [ "$(jq -r .period <<<"$output")" = 2016-04-01T11:30Z/PT15M ]
    market_rules m 2016-01-01T00:00Z/2017-01-01T00:00Z 60 15 0 1 >hourly
    run -0 lm-bid --from u1 --market m --period next --rules hourly --length 15 --now $now --offer 1kWh@0
    [ "$(jq -r .period <<<"$output")" = 2016-04-01T12:00Z/PT60M ]
}

@test "the rules' floor and cap are kept; the hint names the limit" {
    run -0 bid --rules rules --offer 1kWh@-0.5 --bid 1kWh@1
    run -2 --separate-stderr bid --rules rules --offer 1kWh@-0.500001
    [[ $stderr == *"-0.500001 is below the floor of market m"*"hint: the lowest price is -0.5"* ]]
    run -2 --separate-stderr bid --rules rules --bid 1kWh@1.000001
    [[ $stderr == *"above the cap"*"hint: the highest price is 1" ]]
    # Nothing is written where one of several orders is refused.
    run -2 --separate-stderr bid --rules rules --offer 1kWh@0.1 --bid 1kWh@2
    [ -z "$output" ]
}

@test "gate closure is kept to the second; the hint names the next open period" {
    run -0 bid --rules rules --offer 1kWh@0.1 --now 2016-04-01T11:44:59Z
    run -2 --separate-stderr bid --rules rules --offer 1kWh@0.1 --now 2016-04-01T11:45:00Z
    [[ $stderr == *"closed at 2016-04-01T11:45:00Z"*"hint: the next open period is 2016-04-01T12:30Z/PT30M" ]]
    run -0 lm-bid --from u1 --market m --rules rules --offer 1kWh@0.1 --now 2016-04-01T11:45:00Z \
        --period 2016-04-01T12:30Z/PT30M
    # Without rules nobody knows of a gate.
    run -0 bid --offer 1kWh@0.1 --now 2016-04-01T13:00:00Z
}

@test "a period of another length than the rules' is refused" {
    run -2 --separate-stderr lm-bid --from u1 --market m --rules rules --offer 1kWh@0.1 --now $now \
        --period 2016-04-01T12:00Z/PT60M
    [[ $stderr == *"lasts 60 minutes"*"hint: the periods of market m last 30" ]]
}

@test "the rules at the period's start count, and there must be some" {
    market_rules m 2016-04-01T12:00Z/2017-01-01T00:00Z 30 15 0 0.2 >>rules
    run -2 --separate-stderr bid --rules rules --offer 1kWh@0.3
    [[ $stderr == *"the highest price is 0.2" ]]
    run -0 lm-bid --from u1 --market m --period 2016-04-01T11:30Z/PT30M --rules rules \
        --offer 1kWh@0.3 --now 2016-04-01T10:00:00Z
    run -2 --separate-stderr lm-bid --from u1 --market x --period $p --rules rules --offer 1kWh@0.1 --now $now
    [[ $stderr == *"no rules of market x hold"* ]]
    market_rules m 2016-04-01T12:00Z/2017-01-01T00:00Z 30 15 0 0.4 >>rules
    run -2 --separate-stderr bid --rules rules --offer 1kWh@0.1
    [[ $stderr == *"contradict each other"* ]]
}

@test "--cancel withdraws: by the id, or by the very call that placed the order" {
    run -0 bid --cancel --id morning
    [ "$(fields '[.id, .energy_wh]' <<<"$output")" = "morning 0" ]
    run -0 bid --cancel --offer 2kWh@0.11 --bid 1kWh@0.1
    [ "$(fields '[.id, .energy_wh, .price, .side]' <<<"$output")" = "offer-0.11 0 0.11 offer
bid-0.1 0 0.1 bid" ]
    # A withdrawal's price does not matter, its gate does.
    run -0 bid --rules rules --cancel --offer 2kWh@5
    run -2 --separate-stderr bid --rules rules --cancel --id x --now 2016-04-01T11:45:00Z
    run -2 --separate-stderr bid --cancel
    [[ $stderr == *"--cancel needs --id, --offer or --bid"* ]]
}

@test "an order over nothing is refused with the way to withdraw" {
    run -2 --separate-stderr bid --offer 0Wh@0.1
    [[ $stderr == *"0 Wh"*"hint: to withdraw an order give --cancel" ]]
}

@test "quantities and prices that are none" {
    for text in 2@0.1 2kWh 2kWh@ @0.1 2kwh@0.1 2.5Wh@0.1 0.0005kWh@1 -1kWh@0.1 1e3Wh@0.1 +1Wh@1 \
        02kWh@0.1 '2 kWh@0.1' 2kWh@.1 2kWh@0.1234567 2kWh@1e1 2kWh@+1 2kWh@0,1 2kWh@x \
        9007199254740992Wh@1 9223372036855kWh@1 1Wh@9223372036854.775808 ''; do
        run -2 --separate-stderr bid --offer "$text"
        [ -z "$output" ]
        [[ $stderr == "lm-bid: "*"hint: "* ]]
    done
    run -0 bid --offer 9007199254740991Wh@-9223372036854.775807
    [ "$(jq .energy_wh <<<"$output")" = 9007199254740991 ]
}

@test "bad usage" {
    base=(--from u1 --market m --period "$p")
    while read -r words; do
        # shellcheck disable=SC2086
        run -2 --separate-stderr lm-bid $words
        [ -z "$output" ]
        [[ $stderr == "lm-bid: "*"hint: "* ]]
    done <<EOT
--market m --period $p --offer 1kWh@1
--from u1 --period $p --offer 1kWh@1
--from u1 --market m --offer 1kWh@1
--from u/1 --market m --period $p --offer 1kWh@1
${base[*]}
${base[*]} --offer 1kWh@1 file
${base[*]} --csv --offer 1kWh@1
${base[*]} --csv --id x
${base[*]} --csv --rules -
${base[*]} --csv --rules - file -
${base[*]} --offer 1kWh@1 --length 7
${base[*]} --offer 1kWh@1 --seq -1
${base[*]} --offer 1kWh@1 --seq 9007199254740992
${base[*]} --offer 1kWh@1 --now 2300-01-01T00:00:00Z
--from u1 --market m --period later --offer 1kWh@1
--from u1 --market m --period 2016-04-01T12:10Z/PT30M --offer 1kWh@1
EOT
    run -0 lm-bid "${base[@]}" --offer 1kWh@1 --now 2300-01-01T00:00:00Z --seq 1
}

@test "CSV: all columns, in any order, quoted or not" {
    run -0 --separate-stderr lm-bid --csv --now $now <<EOT
price,"side",energy,from,market,period,id,seq,x_note
0.11,offer,2kWh,u1,m,$p,"a",5,"one, ""two"""
-0.5,bid,"1.5kWh",u2,n,2016-04-01T12:15Z/PT15M,,,
EOT
    [ "$(fields '[.from, .market, .period, .side, .energy_wh, .price, .id]' <<<"$output")" = \
        "u1 m $p offer 2000 0.11 a
u2 n 2016-04-01T12:15Z/PT15M bid 1500 -0.5 bid--0.5" ]
    [ "$(jq -s '.[0].seq' <<<"$output")" = 5 ]
}

@test "CSV: options stand in for columns and empty fields" {
    run -0 csv <<<$'side,energy_wh,price,from\noffer,2000,0.11,\nbid,1000,0.12,u2'
    [ "$(fields '[.from, .market, .period, .energy_wh]' <<<"$output")" = "u1 m $p 2000
u2 m $p 1000" ]
    run -0 lm-bid --csv --from u1 --market m --now $now <<<$'side,energy_wh,price,period\noffer,1,1,next'
    [ "$(jq -r .period <<<"$output")" = 2016-04-01T12:00Z/PT30M ]
}

@test "CSV: later rows of one name replace earlier ones" {
    run -0 csv <<<$'side,energy,price\noffer,2kWh,0.11\noffer,3kWh,0.11\noffer,4kWh,0.11'
    [ "$(jq -s 'max_by(.seq).energy_wh' <<<"$output")" = 4000 ]
    [ "$(jq .seq <<<"$output" | sort -u | wc -l)" -eq 3 ]
    run -0 csv --seq 10 <<<$'side,energy,price\noffer,2kWh,0.11\noffer,3kWh,0.11'
    [ "$(jq -r .seq <<<"$output" | tr '\n' ' ')" = "10 11 " ]
}

@test "CSV: CR LF and a byte order mark, as spreadsheets write them" {
    run -0 --separate-stderr csv < <(printf '\xef\xbb\xbfside,energy,price\r\noffer,2kWh,0.11\r\n"bid","1kWh","0.2"\r\n')
    [ "$(fields '[.side, .price]' <<<"$output")" = "offer 0.11
bid 0.2" ]
}

@test "CSV: several files, each with its own header" {
    printf 'side,energy,price\noffer,2kWh,0.11\n' >a
    printf 'price,side,energy_wh\n0.2,bid,7\n' >b
    run -0 csv a b a
    [ "$(fields '[.side, .energy_wh]' <<<"$output")" = "offer 2000
bid 7
offer 2000" ]
    run -0 csv a - <b
    [ "${#lines[@]}" -eq 2 ]
}

@test "CSV: --cancel withdraws every row" {
    run -0 csv --cancel <<<$'side,price\noffer,0.11\nbid,0.2'
    [ "$(fields '[.id, .energy_wh]' <<<"$output")" = "offer-0.11 0
bid-0.2 0" ]
    run -0 csv --cancel <<<$'side,price,energy\noffer,0.11,2kWh\noffer,0.12,'
    [ "$(jq .energy_wh <<<"$output" | tr '\n' ' ')" = "0 0 " ]
}

@test "CSV: each bad row is rejected by its line and reason, the good ones around it go through" {
    {
        echo side,energy,price,from,market,period,id,seq
        echo offer,1kWh,0.1,,,,,      # 2: good
        echo sell,1kWh,0.1,,,,,       # 3
        echo offer,1,0.1,,,,,         # 4
        echo offer,1kWh,free,,,,,     # 5
        echo offer,1kWh,,,,,,         # 6
        echo ,1kWh,0.1,,,,,           # 7
        echo offer,,0.1,,,,,          # 8
        echo offer,1kWh,0.1,u/1,,,,   # 9
        echo offer,1kWh,0.1,,m/m,,,   # 10
        echo offer,1kWh,0.1,,,soon,,  # 11
        echo offer,1kWh,0.1,,,,i/d,   # 12
        echo offer,1kWh,0.1,,,,,-1    # 13
        echo offer,1kWh,0.1,,,,,9007199254740992 # 14
        echo offer,0kWh,0.1,,,,,      # 15
        echo offer,1kWh,1.1,,,,,      # 16
        echo offer,1kWh,0.1,,,2016-04-01T12:00Z/PT15M,, # 17
        echo offer,1kWh,0.1,,,2016-04-01T11:30Z/PT30M,, # 18
        echo offer,1kWh,0.1,,x,,,     # 19
        echo offer,1kWh,0.1,,,,       # 20: a field too few
        echo offer,1kWh,0.1,,,,,,     # 21: a field too many
        echo 'offer,"1kWh,0.1,,,,,'   # 22
        echo 'offer,"1kWh"x,0.1,,,,,' # 23
        echo 'offer,1k"Wh,0.1,,,,,'   # 24
        echo                          # 25
        printf 'offer,1kWh,0.1,,\0,,,\n'   # 26
        printf 'offer,1kWh,0.1,,\xff,,,\n' # 27
        head -c 70000 /dev/zero | tr '\0' x; echo # 28
        echo bid,9007199254740991Wh,0.1,,,,,9007199254740991 # 29: good
    } >in
    run -1 --separate-stderr csv --rules rules --rejects rejects in
    [ "$(jq -r .side <<<"$output" | tr '\n' ' ')" = "offer bid " ]
    [ "$(jq -r '"\(.line) \(.reason)"' rejects)" = "3 bad_member
4 bad_member
5 bad_member
6 csv
7 csv
8 csv
9 bad_member
10 bad_member
11 csv
12 bad_member
13 bad_member
14 integer_range
15 bad_member
16 price
17 period
18 late
19 missing_record
20 csv
21 csv
22 csv
23 csv
24 csv
25 empty
26 nul
27 utf8
28 too_long" ]
    for line in $(seq 3 28); do
        [[ $stderr == *"lm-bid: in:$line: "* ]]
    done
    run -0 --separate-stderr csv --rules rules --accept-rejects in
    [ "${#lines[@]}" -eq 2 ]
    run -1 --separate-stderr csv --rules rules --strict in
    [ "${#lines[@]}" -eq 1 ]
    [[ $stderr == *in:3:* && $stderr != *in:4:* ]]
}

@test "CSV: a header that cannot be used is told, and nothing of its file is read" {
    while read -r header; do
        printf '%s\noffer,1kWh,0.1\n' "$header" >in
        run -1 --separate-stderr csv in
        [ -z "$output" ]
        [[ $stderr == "lm-bid: in:1: "*"nothing of this file is read"* && $stderr != *in:2* ]]
    done <<'EOT'
side,energy,price,price
side,energy,prize
side,price
energy,price
side,energy
side,energy,energy_wh,price
"side,energy,price
Side,energy,price

EOT
    run -1 --separate-stderr lm-bid --csv --now $now <<<$'side,energy,price,market,period\n'
    [[ $stderr == *"no column from"*"give --from"* ]]
    run -1 --separate-stderr lm-bid --csv --from u --now $now <<<$'side,energy,price,period\n'
    [[ $stderr == *"no column market"* ]]
    run -1 --separate-stderr lm-bid --csv --from u --market m --now $now <<<$'side,energy,price\n'
    [[ $stderr == *"no column period"* ]]
    # A header that is too long does not make a header of the row behind it.
    { head -c 70000 /dev/zero | tr '\0' x; printf '\nside,energy,price\noffer,1kWh,0.1\n'; } >in
    run -1 --separate-stderr csv in
    [ -z "$output" ]
    [[ $stderr == *"in:2: the file has no header"* ]]
    # The next file is read all the same.
    printf 'side,energy,price\noffer,1kWh,0.1\n' >good
    run -1 --separate-stderr csv in good
    [ "$(jq .energy_wh <<<"$output")" = 1000 ]
}

@test "CSV: a last line without its line feed may be cut off and is refused" {
    printf 'side,energy_wh,price\noffer,20,0.1\noffer,20,0.1' >in
    run -1 --separate-stderr csv in
    [ "$(jq .energy_wh <<<"$output")" = 20 ]
    [[ $stderr == *"in:3: truncated"* ]]
}

@test "CSV: empty input is no input and no error" {
    run -0 --separate-stderr csv </dev/null
    [ -z "$output$stderr" ]
}

@test "a stream that stays open is answered at its pauses" {
    # To a pipe, not to a file: files are written in large blocks.
    { printf 'side,energy,price\noffer,1kWh,0.1\n'; sleep 3; } | csv | {
        read -r -t 2 line
        [[ $line == *'"energy_wh":1000'* ]]
        cat >/dev/null
    }
}

@test "exit statuses: missing files 66, full disk 74; help and version" {
    run -66 --separate-stderr csv nowhere
    run -66 --separate-stderr bid --rules nowhere --offer 1kWh@1
    [ -z "$output" ]
    run -74 --separate-stderr bash -c "lm-bid --from u1 --market m --period $p --offer 1kWh@1 >/dev/full"
    [[ $stderr == *"No space left"* ]]
    run -74 --separate-stderr csv --rejects /dev/full <<<$'side,energy,price\nx,1kWh,1'
    run -0 --separate-stderr lm-bid --help
    [[ $output == usage:* ]]
    run -0 --separate-stderr lm-bid --version
    [ "${output%% *}" = lm-bid ]
}

@test "the examples of lm-bid(1)" {
    run -0 lm-bid --from ann --market m --period next --offer 2kWh@0.10 --bid 500Wh@0.05
    [ "${#lines[@]}" -eq 2 ]
    run -0 lm-bid --from ann --market m --period next --rules rules --offer 2kWh@0.10 --now $now
    run -0 lm-bid --from ann --market m --period next --cancel --offer 2kWh@0.10
    printf 'from,side,energy,price\nann,offer,2kWh,0.10\nbob,bid,500Wh,0.2\n' >orders.csv
    run -0 lm-bid --csv --market m --period next orders.csv
    [ "$(fields '[.from, .side, .energy_wh, .price]' <<<"$output")" = "ann offer 2000 0.1
bob bid 500 0.2" ]
}
