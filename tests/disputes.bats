# The disputes of Section IV: who was wronged is heard, who lies is not, and a stranger can tell.
# shellcheck disable=SC2154
bats_require_minimum_version 1.5.0
load helper

setup() {
    cd "$BATS_TEST_TMPDIR" || exit
}

# play NAME HONEST LYING: the script goes as it says, and its two verdicts are RESULT PARTY.
play() {
    run -0 --separate-stderr "$LM_ROOT/examples/disputes/$1" "$BATS_TEST_TMPDIR/$1"
    [[ -z $stderr ]]
    [[ $output == "THE DISPUTE"*"AN HONEST CLAIM"*$'\n - '*"A LYING CLAIM"*$'\n - '* ]]
    [[ $output != *"NOT AS SAID"* ]]
    [[ ${lines[-1]} == "Who was wronged is heard, and who lies is not." ]]
    cd "$1" || exit
    diff <(jq -r 'select(.type == "verdict") | "\(.result) \(.party)"' {cheated,honest}/verdict.ndjson) \
        <(printf '%s\n' "$2" "$3")
    # The honest market is clean, and the claim changes nothing of that.
    [[ $(jq -r 'select(.type == "verdict" and (.claim | not)) | .result' honest/audit.ndjson) == clean ]]
}

# types: of the records that are exhibited in a half.
types() {
    jq -r 'select(.type == "exhibit") | .entry.record.type' "$1/verdict.ndjson" | sort | uniq -c |
        awk '{ print $1 " " $2 }' | paste -sd ' '
}

# blind NAME: where lm-audit finds nothing wrong with any verdict, the script must notice. With
# LM_QUICK, for sanitizers, that is passed over: it tries the scripts.
blind() {
    [[ -z ${LM_QUICK-} ]] || return 0
    mkdir -p "$BATS_TEST_TMPDIR/stubs"
    printf '#!/usr/bin/env bash\n[[ " $* " != *" --verdicts "* ]] || exit 0\nexec %q "$@"\n' \
        "$(command -v lm-audit)" >"$BATS_TEST_TMPDIR/stubs/lm-audit"
    chmod +x "$BATS_TEST_TMPDIR/stubs/lm-audit"
    PATH=$BATS_TEST_TMPDIR/stubs:$PATH run -1 "$LM_ROOT/examples/disputes/$1" "$BATS_TEST_TMPDIR/blind"
    [[ ${lines[-1]} == "This did not go as it was said." ]]
}

@test "dispute: I never agreed to that price" {
    play price "upheld market" "refuted null"
    [[ $(types cheated) == "1 order 1 trade" ]]
    [[ $(types honest) == "1 clearing 1 order 1 trade" ]]
    blind price
}

@test "dispute: my order was left out" {
    play left-out "upheld market" "refuted null"
    # It takes the whole book to show the one; the other shows nobody else's orders.
    [[ $(types cheated) == "1 clearing 5 order" ]]
    [[ $(types honest) == "1 clearing 1 order" ]]
    blind left-out
}

@test "dispute: my order was altered" {
    play altered "upheld market" "refuted null"
    [[ $(types cheated) == "1 order" ]]
    [[ $(jq -r 'select(.type == "exhibit") | .entry.record.energy_wh' cheated/verdict.ndjson) -eq 3000 ]]
    blind altered
}

@test "dispute: I consumed less" {
    play consumed-less "upheld power" "refuted null"
    [[ $(types cheated) == "1 reading 1 settlement" ]]
    # The meter's word is not the truth, and the verdict says so.
    [[ $(jq -r 'select(.type == "verdict") | .text' honest/verdict.ndjson) == *"whether the meter itself counts right"* ]]
    blind consumed-less
}

@test "dispute: I sold more" {
    play sold-more "upheld power" "refuted null"
    [[ $(types cheated) == "1 reading 1 settlement 1 trade" ]]
    blind sold-more
}

@test "dispute: my bill is wrong" {
    play bill "upheld power" "refuted null"
    [[ $(types honest) == *"1 bill"*"1 reading 1 settlement"*"1 trade"* ]]
    blind bill
}

@test "dispute: an order that was dropped before any receipt" {
    play dropped "undecidable null" "undecidable null"
    [[ $(types cheated) == "" && $(types honest) == "" ]]
    [[ $(jq -r 'select(.type == "verdict") | .text' cheated/verdict.ndjson) == *"leaves no trace"* ]]
    # Not the least thing tells the two apart.
    diff <(jq -r 'select(.type == "verdict") | .text' cheated/verdict.ndjson) \
        <(jq -r 'select(.type == "verdict") | .text' honest/verdict.ndjson)
}
