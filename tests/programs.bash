# shellcheck shell=bash
# The programs, and how each is called: for tests of what all of them keep. Loaded behind helper.
# shellcheck disable=SC2034

# Each filter that reads records, and how it is called on a stream; {} is the folder of keys.
FILTERS="
lm-sign    -k {}/u1.jwk
lm-verify  -r {}/registry.ndjson --root {}/registrar.jwk --now 2016-04-01T11:00:00Z
lm-clear
lm-settle
lm-inform  -r {}/registry.ndjson --root {}/registrar.jwk
lm-audit   --root {}/registrar.jwk --now 2016-04-02T00:00:00Z
"
# Programs that read nothing, but for what their options name.
OTHERS="lm-keygen lm-period"

programs() {
    basename -s .c "$LM_ROOT"/cmd/lm-*.c
}

# Programs that read text, and how they are called on it.
TEXTS="
lm-bid   --csv --now 2016-04-01T10:00:00Z
lm-meter --meter mt1 --now 2016-04-01T13:00:00Z
"
# Filters that work record by record, with several threads.
PARALLEL="lm-sign lm-verify"

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
    read -ra COMMAND <<<"${line//\{\}/$BATS_FILE_TMPDIR}"
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
