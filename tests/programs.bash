# shellcheck shell=bash
# The programs, and how each is called: for tests of what all of them keep. Loaded behind helper.
# shellcheck disable=SC2034

# Each filter that reads records, and how it is called on a stream; {} is the folder of keys,
# {test} that of the test.
FILTERS="
lm-sign    -k {}/u1.jwk
lm-verify  -r {}/registry.ndjson --root {}/registrar.jwk --now 2016-04-01T11:00:00Z
lm-seal    -r {}/registry.ndjson --root {}/registrar.jwk --now 2016-04-01T11:00:00Z
lm-open    -k {}/m1.jwk
lm-clear
lm-settle
lm-inform  -r {}/registry.ndjson --root {}/registrar.jwk
lm-audit   --root {}/registrar.jwk --now 2016-04-02T00:00:00Z
lm-log     append {test}/market.log -k {}/m1.jwk --now 2016-04-01T11:00:00Z
"
# Programs that read nothing, but for what their options name, and lm-auth, whose input counts once:
# lm-auth.bats has its streams.
OTHERS="lm-auth lm-keygen lm-period"

programs() {
    basename -s .c "$LM_ROOT"/cmd/lm-*.c
}

# Programs that read text, and how they are called on it.
TEXTS="
lm-bid   --csv --now 2016-04-01T10:00:00Z
lm-meter --meter mt1 --now 2016-04-01T13:00:00Z
"
# Filters that work record by record, with several threads.
PARALLEL="lm-sign lm-verify lm-log lm-seal lm-open"
# Filters whose output holds random numbers.
RANDOM_OUTPUT="lm-seal"

# filters: the names of the filters.
filters() {
    awk 'NF { print $1 }' <<<"$FILTERS"
}

# texts: the names of the programs that read text.
texts() {
    awk 'NF { print $1 }' <<<"$TEXTS"
}

# call FILTER: puts its command line into the array COMMAND.
call() {
    local line
    line=$(awk -v name="$1" '$1 == name' <<<"$FILTERS$TEXTS")
    line=${line//\{test\}/$BATS_TEST_TMPDIR}
    read -ra COMMAND <<<"${line//\{\}/$BATS_FILE_TMPDIR}"
}

# unseal FILTER: of a filter's output what is not random, to be compared.
unseal() {
    if [[ $1 == lm-seal ]]; then
        lm-open -k "$BATS_FILE_TMPDIR/m1.jwk"
    else
        cat
    fi
}

entity() {
    lm-keygen "$@" --valid 2016-01-01T00:00Z/2017-01-01T00:00Z -o "$2.jwk" |
        lm-sign -k registrar.jwk >>registry.ndjson
}

order() {
    printf '{"at":"2016-04-01T10:00:00Z","energy_wh":%d,"from":"u1","id":"%s","market":"m1",' "$2" "$1"
    printf '"period":"2016-04-01T12:00Z/PT30M","price":"%s","seq":1,"side":"%s",' "$3" "$4"
    printf '"type":"order","v":1}\n'
}

# make_inputs: makes the keys, the registry and what each program is fed with, in the folder of
# keys: FILE.in for program FILE.
make_inputs() {
    cd "$BATS_FILE_TMPDIR" || exit
    entity --id registrar --role registrar
    entity --id m1 --role market --region north
    entity --id s1 --role supplier --region north
    entity --id u1 --role user --supplier s1 --region north
    entity --id mt1 --role meter --user u1
    cat >rules.ndjson <<'RULES'
{"currency":"EUR","gate_minutes":15,"grace_seconds":60,"market":"m1","max_orders":10,"mechanism":"double-auction","min_group":1,"period_minutes":30,"price_rule":"midpoint","regions":["north"],"type":"market-rules","v":1,"valid":"2016-01-01T00:00Z/2017-01-01T00:00Z"}
RULES
    lm-sign -k registrar.jwk <rules.ndjson >>registry.ndjson
    { order a 2000 0.11 offer; order b 500 0.12 offer; order c 700 0.13 offer; } >orders.ndjson
    lm-sign -k u1.jwk orders.ndjson >signed.ndjson

    cat >tariff.ndjson <<'TARIFF'
{"currency":"EUR","feed_in":"0.04","fees_borne_by":{"bought":"supplier","export":"supplier","import":"supplier","sold":"user"},"retail":[{"price":"0.2"}],"supplier":"s1","type":"tariff","v":1,"valid":"2016-01-01T00:00Z/2017-01-01T00:00Z","zone":"Europe/Brussels"}
TARIFF
    cat >reading.ndjson <<'READING'
{"export_wh":0,"import_wh":1000,"meter":"mt1","period":"2016-04-01T12:00Z/PT30M","quality":"measured","seq":1,"type":"reading","v":1}
READING
    # What each filter is fed with: good lines, and something to be seen of them.
    cp orders.ndjson lm-sign.in
    cp signed.ndjson lm-verify.in
    cp signed.ndjson lm-log.in
    cp signed.ndjson lm-seal.in
    lm-seal -r registry.ndjson --root registrar.jwk --now 2016-04-01T11:00:00Z signed.ndjson >lm-open.in
    cp orders.ndjson lm-clear.in
    cat registry.ndjson tariff.ndjson reading.ndjson >lm-settle.in
    # The audit gets all that is right about a period, so that it has nothing to find.
    {
        lm-sign -k s1.jwk tariff.ndjson
        lm-sign -k mt1.jwk reading.ndjson
    } >terms.ndjson
    cat registry.ndjson signed.ndjson | lm-clear | lm-sign -k m1.jwk >market.ndjson
    cat registry.ndjson terms.ndjson market.ndjson | lm-settle | lm-sign -k s1.jwk >settled.ndjson
    cat registry.ndjson terms.ndjson signed.ndjson market.ndjson settled.ndjson >lm-audit.in
    lm-clear --all orders.ndjson >lm-inform.in
    {
        echo from,market,period,side,energy_wh,price
        echo u1,m1,2016-04-01T12:00Z/PT30M,offer,2000,0.11
    } >lm-bid.in
    {
        echo period,import_kwh,export_kwh
        echo 2016-04-01T12:00Z/PT30M,0,2
    } >lm-meter.in
}

# The hostile lines, in files of their own: reason, and what the message says.
HOSTILE="
too_long        line of 70000 bytes
nul             NUL
utf8            UTF-8
duplicate_name  duplicate
real            1.5
integer_range   9007199254740992
empty           empty
unknown_type    toaster
json            -
not_object      object
"
hostile() {
    mkdir -p hostile
    {
        printf '{"x_":"'
        head -c 69991 /dev/zero | tr '\0' x
        printf '"}\n'
    } >hostile/too_long
    printf '{"type":"order","v":1,"x_":"\0"}\n' >hostile/nul
    printf '{"type":"order","v":1,"x_":"\xff"}\n' >hostile/utf8
    printf '{"type":"order","v":1,"v":1}\n' >hostile/duplicate_name
    printf '{"type":"order","v":1,"energy_wh":1.5}\n' >hostile/real
    printf '{"type":"order","v":1,"energy_wh":9007199254740992}\n' >hostile/integer_range
    printf '\n' >hostile/empty
    printf '{"type":"toaster","v":1}\n' >hostile/unknown_type
    printf '{"type":"order","v":1\n' >hostile/json
    printf '["order"]\n' >hostile/not_object
}

# hostile_stream FILTER: its good lines, the first one twice, then a hostile line behind each of the
# first ones, the last good line with CR LF and a truncated line; FILTER.lines says which and where.
hostile_stream() {
    local reason rest number=2
    head -n 1 "$1.in" >"$1.hostile"
    : >"$1.lines"
    while read -r reason rest; do
        [[ -n $reason ]] || continue
        cat "hostile/$reason" >>"$1.hostile"
        printf '%s %s %s\n' "$number" "$reason" "$rest" >>"$1.lines"
        head -n 1 "$1.in" >>"$1.hostile" # a repeat counts once
        ((number += 2))
    done <<<"$HOSTILE"
    tail -n +2 "$1.in" >>"$1.hostile"
    number=$(($(wc -l <"$1.hostile") + 1))
    head -n 1 "$1.in" | sed 's/$/\r/' >>"$1.hostile"
    printf '%s crlf CR LF\n' "$number" >>"$1.lines"
    head -n 1 "$1.in" | tr -d '\n' >>"$1.hostile"
    printf '%s truncated no line feed\n' $((number + 1)) >>"$1.lines"
}

# make_hostile_inputs: behind make_inputs, FILE.hostile and FILE.lines for each filter FILE.
make_hostile_inputs() {
    hostile
    local filter
    for filter in $(filters); do
        hostile_stream "$filter"
    done
}
