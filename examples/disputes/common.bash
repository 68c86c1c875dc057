# shellcheck shell=bash
# What the disputes share: a market with its logs, made again for each half, by people who may cheat
# with the keys that they have; the claim, the verdict, and what a stranger makes of it. Sourced by
# each script, which is called with FOLDER, the lm programs on the PATH.
set -eEuo pipefail
trap 'echo "$0: line $LINENO failed" >&2' ERR

disputes=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=${1:?usage: $0 FOLDER, with the lm programs on the PATH}
rm -rf "$folder"
"$disputes/../attacks/market" "$folder"
cd "$folder"
# shellcheck source=examples/attacks/times
. "$disputes/../attacks/times"
lm-keygen --id auditor --role auditor --valid "$valid" | lm-sign -k registrar.jwk >>registry.ndjson
keys=$PWD

# When things come to pass; the gate closes at 11:45.
cleared=2016-04-01T11:50:00Z
settled=2016-04-01T13:00:00Z
billed=2016-05-02T08:00:00Z
judged=2016-05-03T08:00:00Z

failed=0
halves=0

say() { printf '%s\n' "$*"; }
# dispute SENTENCE…: what it is about.
dispute() { say "THE DISPUTE"; say "$@"; }
# honest SENTENCE…, lying SENTENCE…: who claims now.
honest() { halves=$((halves + 1)); printf '\nAN HONEST CLAIM\n'; say "$@"; }
lying() { halves=$((halves + 1)); printf '\nA LYING CLAIM\n'; say "$@"; }
# shown SENTENCE COMMAND…: says the sentence, if the command bears it out.
shown() {
    local sentence=$1
    shift
    if "$@"; then
        printf ' - %s\n' "$sentence"
    else
        failed=1
        printf ' - NOT AS SAID: %s\n' "$sentence"
    fi
}

# ---- the market ----

# Who cheats puts another function in the place of one of these: each gets what an honest party
# would do on stdin, and writes what is done.
market_logs() { cat; }      # the market: the orders that it got, before its log
market_clears() { cat; }    # the market: the orders that it clears
market_issues() { cat; }    # the market: clearing and trades, before they are signed
supplier_settles() { cat; } # power: settlements, before they are signed
supplier_bills() { cat; }   # power: bills, before they are signed

order() { # from option…
    local from=$1
    shift
    lm-bid --from "$from" --market market --period "$period" --now "$before" --seq 1 "$@" |
        lm-sign -k "$keys/$from.jwk"
}
# Ann and Carl sell, Bob and Dora buy: 3 kWh at the middle of 0.11 and 0.12. Mallory bids too little.
orders() {
    order ann --offer=2kWh@0.10
    order carl --offer=1kWh@0.11
    order bob --bid=2kWh@0.14
    order dora --bid=1kWh@0.12
    order mallory --bid=1kWh@0.05
}
reading() { # user import_wh export_wh
    printf '{"type":"reading","v":1,"meter":"%s-meter","period":"%s","import_wh":%s,"export_wh":%s,"quality":"measured","seq":0}\n' \
        "$1" "$period" "$2" "$3" | lm-sign -k "$keys/$1-meter.jwk"
}
keep() { # log key instant
    lm-log append "$1.log" -k "$keys/$2.jwk" --now "$3"
}

# happens NAME: all of it, up to the bills, in the folder NAME.
happens() {
    local supplier
    mkdir "$keys/$1"
    cd "$keys/$1"
    orders >orders.ndjson
    market_logs <orders.ndjson | keep market market "$before" >receipts.ndjson
    lm-log cat market.log --bare | market_clears |
        cat "$keys/public.ndjson" - | lm-clear --accept-rejects --all 2>messages | market_issues >all
    cat "$keys/public.ndjson" all |
        lm-inform -r "$keys/registry.ndjson" --root "$keys/registrar.jwk" --now "$after" --accept-rejects \
            2>>messages >notices
    jq -c 'select(.type != "trade" or .energy_wh > 0)' all | lm-sign -k "$keys/market.jwk" >results.ndjson
    lm-sign -k "$keys/market.jwk" notices | cat results.ndjson - |
        keep market market "$cleared" >>receipts.ndjson
    { reading ann 0 2100; reading carl 0 1000; reading bob 2300 0; reading dora 1000 0
      reading mallory 700 0; } >readings.ndjson
    for supplier in power rival; do
        local users='ann|bob|mallory'
        [[ $supplier == power ]] || users='carl|dora'
        grep -E "\"meter\":\"($users)-meter\"" readings.ndjson |
            keep "$supplier" "$supplier" "$after" >>receipts.ndjson
        cat "$keys/registry.ndjson" "$keys/public.ndjson" results.ndjson readings.ndjson |
            lm-settle --accept-rejects --supplier "$supplier" 2>>messages >"$supplier.settled"
        if [[ $supplier == power ]]; then supplier_settles; else cat; fi <"$supplier.settled" |
            lm-sign -k "$keys/$supplier.jwk" >"$supplier.settlements"
        keep "$supplier" "$supplier" "$settled" <"$supplier.settlements" >>receipts.ndjson
        cat "$keys/registry.ndjson" "$keys/public.ndjson" "$supplier.settlements" |
            lm-settle --accept-rejects --bills --month 2016-04 --supplier "$supplier" 2>>messages |
            if [[ $supplier == power ]]; then supplier_bills; else cat; fi |
            lm-sign -k "$keys/$supplier.jwk" | keep "$supplier" "$supplier" "$billed" >>receipts.ndjson
    done
    lm-log checkpoint market.log -k "$keys/market.jwk" --now "$judged" >/dev/null
    lm-log checkpoint power.log -k "$keys/power.jwk" --now "$judged" >/dev/null
    lm-log checkpoint rival.log -k "$keys/rival.jwk" --now "$judged" >/dev/null
}

# ---- the claim and the verdict ----

# claim WHO KIND [MEMBER…]: in the market where we are; members are JSON, as '"month":"2016-04"'.
claim() {
    local who=$1 kind=$2 member members=
    shift 2
    for member; do members+=",$member"; done
    printf '{"type":"claim","v":1,"claimant":"%s","kind":"%s","entries":[]%s}\n' "$who" "$kind" "$members" |
        lm-sign -k "$keys/$who.jwk" >claims.ndjson
    lm-audit --root "$keys/registrar.jwk" --now "$judged" --claims claims.ndjson \
        --checkpoint market.log.checkpoint --checkpoint power.log.checkpoint --checkpoint rival.log.checkpoint \
        "$keys/registry.ndjson" "$keys/public.ndjson" market.log power.log rival.log >audit.ndjson || true
    grep -E '"type":"(exhibit|finding)"|"claim":' audit.ndjson | grep -v '"type":"finding"' |
        lm-sign -k "$keys/auditor.jwk" >verdict.ndjson
    printf '   The auditor: %s\n' "$(jq -r 'select(.type == "verdict") | .text' verdict.ndjson)"
}
# on_period: the member that says so. receipt_of FILE: the receipt for the order in a file.
on_period() { printf '"period":"%s"' "$period"; }
# verdict RESULT [PARTY]: the verdict is that, and blames her and nobody else.
verdict() {
    local said
    said=$(jq -r 'select(.type == "verdict") | "\(.result) \(.party // "")"' verdict.ndjson)
    [[ $said == "$1 ${2-}" ]] || { printf '   (it is %s)\n' "$said"; return 1; }
}

# A stranger has the claim, the verdict and the exhibits, and the public registry and terms.
stranger() { # file…
    cat "$@" >shown.ndjson
    lm-audit --root "$keys/registrar.jwk" --now "$judged" --verdicts shown.ndjson \
        "$keys/registry.ndjson" "$keys/public.ndjson" >stranger.ndjson 2>>messages
}
convinced() { stranger claims.ndjson verdict.ndjson; }
# unconvinced JQ: by what JQ makes of the verdict and its exhibits, signed by the auditor or not.
unconvinced() {
    jq -c "$1" verdict.ndjson >tampered.ndjson
    ! cmp -s <(jq -cS . verdict.ndjson) <(jq -cS . tampered.ndjson) || return 1
    ! stranger claims.ndjson tampered.ndjson || return 1
    jq -c "$1 | del(.sig)" verdict.ndjson | lm-sign -k "$keys/auditor.jwk" >tampered.ndjson
    ! stranger claims.ndjson tampered.ndjson
}
# holds: a stranger is convinced by this verdict, and by no other.
holds() {
    convinced &&
        unconvinced 'if .type == "verdict" then .result = (if .result == "upheld" then "refuted" else "upheld" end) else . end' &&
        unconvinced 'if .type == "verdict" then .party = "rival" else . end' &&
        if [[ $(wc -l <verdict.ndjson) -gt 1 ]]; then
            unconvinced 'if .type == "exhibit" then .n += 1 else . end' &&
                unconvinced 'if .type == "exhibit" then .entry.at = "2016-01-01T00:00:00Z" else . end' &&
                unconvinced 'select(.type == "verdict")'
        fi
}

# The last line of every script.
conclude() {
    printf '\n'
    if [[ $failed -ne 0 || $halves -ne 2 ]]; then
        say "This did not go as it was said."
        exit 1
    fi
    say "Who was wronged is heard, and who lies is not."
    exit 0
}
