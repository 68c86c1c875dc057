# The paper's example through the real programs, and what README shows of it.
bats_require_minimum_version 1.5.0

setup() {
    PATH=${LM_BIN:-$PWD/build/bin}:$PATH
}

@test "the demo prints the paper's Table I to the cent" {
    run -0 --separate-stderr examples/paper/run "$BATS_TEST_TMPDIR/demo"
    [ -z "$stderr" ]
    # Section III-D's amounts; the last percentage is the corrected one.
    table=$(printf '%s\n' "$output" | sed -n '/^# Table I/,$p' | tr -s ' ')
    [[ $table == *'U1 (seller) +0.08 +0.16 +100.00%'* ]]
    [[ $table == *'U2 (buyer) -0.80 -0.62 -22.50%'* ]]
    [[ $table == *'DSO/TSO +0.18 +0.18 0.00%'* ]]
    [[ $table == *'S (supplier)* +0.54 +0.28 -48.15%'* ]]
}

@test "the demo's trading price is 0.11 and its audit is clean" {
    run -0 examples/paper/run "$BATS_TEST_TMPDIR/demo"
    cd "$BATS_TEST_TMPDIR/demo"
    [ "$(jq -r 'select(.type == "clearing") | .price' market.ndjson)" = 0.11 ]
    [ "$(jq -r 'select(.type == "verdict") | .result' audit.ndjson)" = clean ]
    [ "$(wc -l <audit.ndjson)" -eq 1 ]
}

@test "the amounts are exact: DSO 0.12, TSO 0.06, and all sum to zero" {
    run -0 examples/paper/run "$BATS_TEST_TMPDIR/demo"
    cd "$BATS_TEST_TMPDIR/demo"
    run -0 jq -r 'select(.type == "settlement") | "\(.party) \(.without_market) \(.amount)"' \
        settlements.ndjson
    [ "$(sort <<<"$output")" = "DSO 0.12 0.12
S 0.54 0.28
TSO 0.06 0.06
U1 0.08 0.16
U2 -0.8 -0.62" ]
}

@test "README shows the table that the demo prints" {
    run -0 examples/paper/run "$BATS_TEST_TMPDIR/demo"
    printf '%s\n' "$output" | sed -n '/^# Table I/,$p' | tail -n +2 >"$BATS_TEST_TMPDIR/printed"
    sed -n '/without LM/,/The paper prints/p' README.md >"$BATS_TEST_TMPDIR/shown"
    diff "$BATS_TEST_TMPDIR/printed" "$BATS_TEST_TMPDIR/shown"
}

@test "README's first auction works as it is shown" {
    # shellcheck disable=SC2016
    # The lines behind the prompts, and what they print.
    sed -n '/^```console/,/^```$/p' README.md | sed '1d;$d' >"$BATS_TEST_TMPDIR/session"
    sed -n 's/^[$>] //p' "$BATS_TEST_TMPDIR/session" >"$BATS_TEST_TMPDIR/script"
    grep -v '^[$>] ' "$BATS_TEST_TMPDIR/session" >"$BATS_TEST_TMPDIR/shown"
    [ -s "$BATS_TEST_TMPDIR/shown" ]
    bash "$BATS_TEST_TMPDIR/script" >"$BATS_TEST_TMPDIR/printed"
    diff "$BATS_TEST_TMPDIR/printed" "$BATS_TEST_TMPDIR/shown"
}

@test "README names every program and every folder that there is" {
    for source in cmd/lm-*.c; do
        name=$(basename "$source" .c)
        grep -q "^| \`$name\` |" README.md
        [ -f "man/$name.1" ]
    done
    for folder in lib/*/; do
        grep -q "^$folder" README.md
    done
}
