# lm(7): the market that the page sets up is set up by what stands there, word for word.
# shellcheck disable=SC2016,SC2154
bats_require_minimum_version 1.5.0
load helper

setup() {
    cd "$BATS_TEST_TMPDIR" || exit
    # The literal blocks of the section, with mdoc's \e as the backslash that it prints.
    sed -n '/^\.Sh SETTING UP A MARKET$/,/^\.Sh SEE ALSO$/p' "$LM_ROOT/man/lm.7" |
        sed -n '/^\.Bd -literal$/,/^\.Ed$/p' | sed '/^\./d; s/\\e/\\/g' >market.bash
}

@test "setting up a market and running a period" {
    [[ $(wc -l <market.bash) -gt 40 ]]
    run -0 --separate-stderr bash -euo pipefail market.bash
    [[ -z $stderr ]]
    [[ $(jq -r '"\(.type) \(.result)"' <<<"$output") == "verdict clean" ]]
    # 2 kWh at the midpoint of 0.10 and 0.12; ann pays 0.03 a kWh on what she sold, bob buys the
    # 2 kWh that he is short of at 0.2.
    [[ $(jq -r 'select(.type == "clearing") | .price' market.ndjson) == 0.11 ]]
    [[ $(jq -r 'select(.party == "ann") | .amount' settlements.ndjson) == 0.16 ]]
    [[ $(jq -r 'select(.party == "bob") | .amount' settlements.ndjson) == -0.62 ]]
    # Both are told of their 2 kWh, and power of the sum of both.
    [[ $(jq -c '[.to, .orders[]?.energy_wh, .bought_wh, .sold_wh]' notices.ndjson | paste -sd ' ') == \
        '["ann",2000,null,null] ["bob",2000,null,null] ["power",2000,2000]' ]]
}

@test "a record that was altered does not pass for clean" {
    bash -euo pipefail market.bash >/dev/null
    sed -i 's/"import_wh":4000/"import_wh":3000/' readings.ndjson
    run -1 --separate-stderr bash -c 'cat registry.ndjson public.ndjson orders.ndjson market.ndjson \
        readings.ndjson settlements.ndjson | lm-audit --root registrar.jwk --now 2016-04-01T12:31:00Z'
    [[ $(tail -n 1 <<<"$output" | jq -r '"\(.type) \(.result)"') == "verdict findings" ]]
}

@test "the page names every program" {
    for source in "$LM_ROOT"/cmd/lm-*.c; do
        name=$(basename "$source" .c)
        grep -qx ".It Xr $name 1" "$LM_ROOT/man/lm.7"
    done
}
