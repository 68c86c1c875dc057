# lm-audit: an honest market is clean, and whatever is done to it is found and put down to whoever
# answers for it. Scripts in single quotes are jq's, and bats sets what shellcheck does not know.
# shellcheck disable=SC2016,SC2154
bats_require_minimum_version 1.5.0
load helper

NOW=2016-04-02T00:00:00Z
T1=2016-04-01T11:30Z/PT30M
T2=2016-04-01T12:00Z/PT30M
CLEAN='{"exhibits":[],"result":"clean","type":"verdict","v":1}'

setup_file() {
    "$LM_ROOT/tests/audit/market" "$BATS_FILE_TMPDIR/market" >/dev/null
}

setup() {
    M=$BATS_FILE_TMPDIR/market
    cd "$BATS_TEST_TMPDIR" || exit
}

audit() {
    timeout 60 lm-audit --root "$M/registrar.jwk" --now "$NOW" "$@"
}

# clean FILE…: nothing is found.
clean() {
    run -0 --separate-stderr audit "$@"
    [[ -z $stderr ]]
    [[ $output == "$CLEAN" ]]
}

# found FILE 'COUNT CODE PARTY'…: these and no other findings, then the verdict.
found() {
    run -1 --separate-stderr audit "$1"
    shift
    jq -se '.[-1] | .type == "verdict" and .result == "findings"' <<<"$output"
    # What an audit says are records; lm-clear would refuse others.
    lm-clear <<<"$output"
    diff <(jq -r 'select(.type == "finding") | "\(.code) \(.party)"' <<<"$output" | sort | uniq -c |
        sed 's/^ *//') <(printf '%s\n' "$@" | sort -k 2)
}

# entries FILE [AT]: its records as the entries of a log, taken in at AT (a jq string), but for what
# comes after the periods.
entries() {
    jq -c "{type: \"entry\", v: 1, n: (input_line_number - 1), record: ., at:
        (if .type | IN(\"reading\", \"settlement\", \"transfer\") then \"2016-04-01T21:00:00Z\"
        else ${2:-\"2016-04-01T09:00:00Z\"} end)}" "$1"
}

# without SELECT: the market without some records.
without() {
    jq -c "select(($1) | not)" "$M/all.ndjson"
}

# altered SELECT CHANGE: with some records changed behind their signatures.
altered() {
    jq -c "if ($1) then $2 else . end" "$M/all.ndjson"
}

# made KEY SELECT CHANGE: some records, changed, and signed with a key.
made() {
    jq -c "select($2) | $3 | del(.sig)" "$M/all.ndjson" | lm-sign -k "$1"
}

# remade KEY SELECT CHANGE: the market with some records changed and signed again.
remade() {
    without "$2"
    made "$@"
}

# impostor ID AS: a key file with ID's key that says it is AS's: lm-sign refuses to speak for
# somebody else.
impostor() {
    jq -c --arg id "$2" '.id = $id' "$M/$1.jwk" >"$1-as-$2.jwk"
    chmod 600 "$1-as-$2.jwk"
    echo "$1-as-$2.jwk"
}

CLEARING="(.type == \"clearing\" and .period == \"$T1\")"
# u1 sells below the price, so that she trades, in full.
TRADE="(.type == \"trade\" and .period == \"$T1\" and .from == \"u1\")"
SETTLEMENT="(.type == \"settlement\" and .period == \"$T1\" and .party == \"u8\")"
TRANSFER="(.type == \"transfer\" and .period == \"$T1\")"
ORDER="(.type == \"order\" and .period == \"$T1\" and .from == \"u1\")"
READING="(.type == \"reading\" and .period == \"$T1\" and .meter == \"m8\")"

# ---- an honest market ----

@test "an honest market is clean, and that is all that is said" {
    [[ $(wc -l <"$M/all.ndjson") -gt 200 ]]
    [[ $(jq -s 'map(select(.type == "transfer")) | length' "$M/all.ndjson") -eq 3 ]]
    clean "$M/all.ndjson"
}

@test "the order of lines, the threads and the files change nothing" {
    for seed in 1 2 3; do
        shuf --random-source=<(yes "$seed") "$M/all.ndjson" >shuffled
        clean shuffled
    done
    tac "$M/all.ndjson" >backwards
    for jobs in 1 2 8; do
        clean --jobs "$jobs" backwards
    done
    clean "$M"/{settlements,readings,market,orders,public,registry}.ndjson
    run -0 --separate-stderr bash -c 'cat "$1" | lm-audit --root "$2" --now 2016-04-02T00:00:00Z' \
        _ "$M/all.ndjson" "$M/registrar.jwk"
    [[ $output == "$CLEAN" ]]
}

@test "repeats count once" {
    cat "$M/all.ndjson" "$M/all.ndjson" >twice
    clean twice
}

@test "records in entries, at instants before the gates" {
    entries "$M/logged.ndjson" >log
    clean log
    # A part of a log, out of its place, is as good in a stream.
    tac log | sed '$d' | audit >said
    [[ $(cat said) == "$CLEAN" ]]
    # Those of a log are judged when it took them in, whatever the time is now.
    run -0 --separate-stderr lm-audit --root "$M/registrar.jwk" --now 2030-01-01T00:00:00Z log
    [[ $output == "$CLEAN" ]]
    run -1 --separate-stderr lm-audit --root "$M/registrar.jwk" --now 2030-01-01T00:00:00Z "$M/all.ndjson"
    [[ $(jq -r 'select(.type == "finding") | .code' <<<"$output" | head -n 1) == expired ]]
}

@test "findings are the same for shuffled lines and any number of threads" {
    {
        remade "$M/lm.jwk" "$TRADE" '.energy_wh -= 1'
        made "$M/B.jwk" "$SETTLEMENT" '.amount = "1"'
        made "$M/B.jwk" "$SETTLEMENT" '.amount = "2"'
    } >bad
    audit bad | jq -c 'del(.entries)' >wanted || true
    [[ $(wc -l <wanted) -gt 2 ]]
    shuf --random-source=<(yes 4) bad >shuffled
    for jobs in 1 2 8; do
        audit --jobs "$jobs" shuffled | jq -c 'del(.entries)' | cmp - wanted
    done
}

# ---- records left out, altered, repeated ----

@test "what was left out is missing" {
    without "$CLEARING" >a
    found a '1 clearing_missing lm'
    without "$SETTLEMENT" >a
    found a '1 settlement_missing B'
    without "$TRANSFER" >a
    found a '1 transfer_missing B'
    # Without a trade the period's do not balance, and nobody can settle it.
    without "$TRADE" >a
    found a '1 missing_record null' '1 trade_missing lm'
}

@test "what was altered behind its signature is not there" {
    altered "$CLEARING" '.price = "0.12"' >a
    found a '1 bad_signature null' '1 clearing_missing lm'
    altered "$SETTLEMENT" '.amount = "1"' >a
    found a '1 bad_signature null' '1 settlement_missing B'
    altered "$TRANSFER" '.amount = "1"' >a
    found a '1 bad_signature null' '1 transfer_missing B'
    altered "$TRADE" '.energy_wh += 1' >a
    found a '1 bad_signature null' '1 missing_record null' '1 trade_missing lm'
    # A clearing is of the orders that were signed. Without what u1 sold, the price is the same, and
    # the last of the buyers gets that much less.
    altered "$ORDER" '.energy_wh += 1' >a
    found a '1 bad_signature null' '1 clearing_differs lm' '1 trade_unfounded lm' '1 trade_differs lm'
}

@test "records of one name with another content are told, whoever is right" {
    { cat "$M/all.ndjson"; made "$M/B.jwk" "$SETTLEMENT" '.amount = "1"'; } >a
    found a '1 settlement_repeated B'
    [[ $(jq -c 'select(.type == "finding") | .entries | length' <<<"$output") -eq 2 ]]
    { cat "$M/all.ndjson"; made "$M/B.jwk" "$TRANSFER" '.amount = "1"'; } >a
    found a '1 transfer_repeated B'
    # The one that is right is the first of entries, wherever it stands.
    { made "$M/B.jwk" "$TRANSFER" '.amount = "1"'; cat "$M/all.ndjson"; } >a
    found a '1 transfer_repeated B'
    [[ $(jq -c 'select(.type == "finding") | [.entries[].n]' <<<"$output") == \[*,1\] ]]
    # A market that says two things cannot be settled; its suppliers are not to blame.
    { cat "$M/all.ndjson"; made "$M/lm.jwk" "$CLEARING" '.price = "0.12"'; } >a
    found a '1 clearing_repeated lm' '1 conflict null'
    { cat "$M/all.ndjson"; made "$M/lm.jwk" "$TRADE" '.energy_wh += 1'; } >a
    found a '1 trade_repeated lm' '2 conflict null'
}

# ---- signed, and wrong ----

@test "a market that clears at another price" {
    remade "$M/lm.jwk" "$CLEARING" '.price = "0.12"' >a
    found a '1 clearing_differs lm' '1 conflict null'
    # The trades at that price, too: they are consistent, and wrong.
    remade "$M/lm.jwk" "(.type == \"clearing\" or .type == \"trade\") and .period == \"$T1\"" \
        '.price = "0.12"' >a
    run -1 --separate-stderr audit a
    jq -r 'select(.type == "finding") | "\(.code) \(.party)"' <<<"$output" | sort -u >codes
    # Settlements that were made of the right price are not those that the trades call for.
    diff codes - <<<$'clearing_differs lm\nsettlement_differs A\nsettlement_differs B\ntrade_differs lm\ntransfer_differs B'
}

@test "a trade that was shaved by 1 Wh" {
    remade "$M/lm.jwk" "$TRADE" '.energy_wh -= 1' >a
    found a '1 trade_differs lm' '1 missing_record null'
    jq -se 'any(.code == "trade_differs" and (.text | contains("from u1")))' <<<"$output"
}

@test "a trade that no order calls for, or of an order that was refused" {
    extra() {
        cat "$M/registry.ndjson" "$M/public.ndjson"
        lm-sign -k "$M/lm.jwk" <<<'{"type":"trade","v":1,"market":"lm","period":"2016-04-01T15:00Z/PT30M","order":"x","from":"u1","side":"offer","energy_wh":5,"price":"0.1"}'
    }
    extra >a
    found a '1 trade_unfounded lm'
    # Above the cap of 0.5: the market had to refuse it.
    {
        extra
        lm-sign -k "$M/u1.jwk" <<<'{"type":"order","v":1,"market":"lm","period":"2016-04-01T15:00Z/PT30M","id":"x","seq":1,"from":"u1","side":"offer","energy_wh":5,"price":"0.6","at":"2016-04-01T10:00:00Z"}'
    } >b
    found b '1 price_used lm'
    # Two of one seq are void, and so is who would trade with herself: nothing is traded there.
    {
        extra
        for price in 0.1 0.2; do
            lm-sign -k "$M/u1.jwk" <<<'{"type":"order","v":1,"market":"lm","period":"2016-04-01T15:00Z/PT30M","id":"x","seq":1,"from":"u1","side":"offer","energy_wh":5,"price":"'$price'","at":"2016-04-01T10:00:00Z"}'
        done
    } >c
    found c '1 conflict_used lm' '1 clearing_missing lm'
    {
        extra
        for side in offer bid; do
            lm-sign -k "$M/u1.jwk" <<<'{"type":"order","v":1,"market":"lm","period":"2016-04-01T15:00Z/PT30M","id":"'$side'","seq":1,"from":"u1","side":"'$side'","energy_wh":5,"price":"0.2","at":"2016-04-01T10:00:00Z"}'
        done
    } >d
    found d '1 trade_unfounded lm' '1 clearing_missing lm'
    sed 's/"order":"x"/"order":"bid"/' <(grep '"trade"' d | jq -c 'del(.sig)') | lm-sign -k "$M/lm.jwk" >trade
    { grep -v '"trade"' d; cat trade; } >e
    found e '1 self_trade_used lm' '1 clearing_missing lm'
}

@test "an order that the market let in late shows by its entry" {
    { without "$ORDER or .type == \"clearing\" or (.type | IN(\"trade\", \"reading\", \"settlement\", \"transfer\"))"
        jq -c "select($ORDER)" "$M/all.ndjson"
        jq -c 'select(.type | IN("clearing", "trade", "reading", "settlement", "transfer"))' "$M/all.ndjson"; } >all
    entries all "(if $ORDER or .type == \"clearing\" or .type == \"trade\" then \"2016-04-01T11:15:00Z\" else \"2016-04-01T11:14:59Z\" end)" >log
    found - '1 clearing_differs lm' '1 late_used lm' '1 trade_differs lm' <log
    # The order first, then the trade.
    jq -se --slurpfile log log 'map(select(.code == "late_used").entries | map($log[.n].record.type)) == [["order", "trade"]]' <<<"$output"
}

@test "an order that the market made up" {
    made_up='{"type":"order","v":1,"market":"lm","period":"'$T1'","id":"x","seq":1,"from":"u3","side":"offer","energy_wh":5000,"price":"0.01","at":"2016-04-01T10:00:00Z"}'
    {
        without '.type == "clearing" or .type == "trade" or .type == "settlement" or .type == "transfer" or .type == "reading"'
        echo "$made_up"
        cat "$M/public.ndjson" "$M/orders.ndjson" <(echo "$made_up") | lm-clear | lm-sign -k "$M/lm.jwk"
    } >a
    run -1 --separate-stderr audit a
    [[ $(jq -r 'select(.type == "finding") | "\(.code) \(.party)"' <<<"$output" | sort -u) == \
        $'clearing_differs lm\ntrade_differs lm\ntrade_missing lm\ntrade_unfounded lm\nunsigned null' ]]
}

@test "a settlement that is off by a billionth, or owed to nobody" {
    remade "$M/B.jwk" "$SETTLEMENT" \
        '.amount |= (. / "." | .[0] + "." + (.[1] + "00000000")[:8] + "1")' >a
    found a '1 settlement_differs B'
    jq -se 'any(.code == "settlement_differs" and (.text | contains("user u8")))' <<<"$output"
    { cat "$M/all.ndjson"; made "$M/B.jwk" "$SETTLEMENT" '.period = "2016-04-01T15:00Z/PT30M"'; } >a
    found a '1 settlement_unfounded B'
    { cat "$M/all.ndjson"; made "$M/B.jwk" "$TRANSFER" '.period = "2016-04-01T15:00Z/PT30M"'; } >a
    found a '1 transfer_unfounded B'
    # One to whoever is no supplier is none.
    { cat "$M/all.ndjson"; made "$M/B.jwk" "$TRANSFER" '.from = "B" | .to = "DSO"'; } >a
    found a '1 wrong_party B'
    remade "$M/B.jwk" "$TRANSFER" '.to = "lm"' >a
    found a '1 transfer_missing B' '1 wrong_party B'
    # A supplier cannot settle another's customer.
    { cat "$M/all.ndjson"; made "$M/A.jwk" "$SETTLEMENT" '.supplier = "A"'; } >a
    found a '1 wrong_customer A'
}

# ---- readings, tariffs ----

@test "without her reading, a user cannot be settled, nor who settled her" {
    without "$READING" >a
    found a '1 no_reading null' '1 settlement_unfounded B' '3 settlement_differs B'
    altered "$READING" '.import_wh -= 1' >a
    found a '1 bad_signature null' '1 no_reading null' '1 settlement_unfounded B' '3 settlement_differs B'
    altered "$READING" 'del(.sig)' >a
    found a '1 unsigned null' '1 no_reading null' '1 settlement_unfounded B' '3 settlement_differs B'
    # Two that disagree.
    { cat "$M/all.ndjson"; made "$M/m8.jwk" "$READING" '.import_wh -= 1'; } >a
    found a '1 conflict null' '1 reading_repeated m8' '1 settlement_unfounded B' '3 settlement_differs B'
    # A later one of the meter's own: then she is settled by the wrong one.
    { cat "$M/all.ndjson"; made "$M/m8.jwk" "$READING" '.import_wh -= 1 | .seq = 9'; } >a
    found a '4 settlement_differs B'
}

@test "who is withheld by an honest supplier is told once" {
    without "$READING" >a
    jq -c 'select(.type != "settlement" and .type != "transfer")' a >known
    cp known b
    for supplier in A B; do
        { lm-settle --supplier "$supplier" --accept-rejects known 2>/dev/null |
            lm-sign -k "$M/$supplier.jwk"; } >>b
    done
    [[ $(wc -l <b) -eq $(($(wc -l <a) - 1)) ]]
    found b '1 no_reading null'
    # Once she is settled by an adjustment, all is well; without the supplier's own part it is not.
    jq -c 'select(.type == "settlement" or .type == "transfer")' b >issued
    jq -c 'select(.type != "settlement" and .type != "transfer")' "$M/all.ndjson" |
        lm-settle --previous issued --month 2016-04 >adjustments
    [[ $(wc -l <adjustments) -ge 3 ]]
    jq -se 'all(.type == "adjustment")' adjustments
    { without '.type == "settlement"'; jq -c 'select(.type == "settlement")' issued
        lm-sign -k "$M/B.jwk" adjustments; } >c
    clean c
    jq -c 'select((.type == "adjustment" and .role == "supplier") | not)' c >d
    found d '1 adjustment_missing B'
    jq -c 'select((.type == "adjustment" and .role == "supplier") | not)' c |
        jq -c "select((.type == \"settlement\" and .party == \"u9\" and .period == \"$T2\") | not)" >e
    found e '1 adjustment_missing B' '1 settlement_missing B'
}

@test "bills and other records in the stream break nothing" {
    {
        cat "$M/all.ndjson"
        cat "$M"/registry.ndjson "$M"/public.ndjson "$M"/settlements.ndjson |
            lm-settle --bills --month 2016-04 --supplier B | lm-sign -k "$M/B.jwk"
        cat "$M/public.ndjson" "$M/orders.ndjson" | lm-clear --curve | jq -c 'select(.type == "curve")'
    } >a
    [[ $(jq -r .type a | grep -c bill) -eq 6 ]]
    [[ $(jq -r .type a | grep -c curve) -gt 6 ]]
    clean a
    # An audit of an audit: what it says need not be signed.
    without "$TRANSFER" >b
    audit b >said || true
    found <(cat b said) '1 transfer_missing B'
}

@test "a tariff that was changed afterwards contradicts the one before" {
    { cat "$M/all.ndjson"; made "$M/B.jwk" '.type == "tariff" and .supplier == "B"' '.feed_in = "0"'; } >a
    run -1 --separate-stderr audit a
    jq -r 'select(.type == "finding") | "\(.code) \(.party)"' <<<"$output" | sort -u >codes
    diff codes - <<<$'ambiguous B\nambiguous null\nsettlement_differs B\nsettlement_unfounded B'
    # B's customers, and both tariffs; nobody of A's.
    [[ $(jq -s 'map(select(.code == "settlement_unfounded")) | length' <<<"$output") -eq $((3 * (6 + 2))) ]]
    [[ $(jq -s 'map(select(.code == "ambiguous")) | length' <<<"$output") -eq $((3 * 6 + 2)) ]]
    without '.type == "tariff" and .supplier == "B"' >a
    run -1 --separate-stderr audit a
    [[ $(jq -s 'map(select(.code == "no_tariff")) | length' <<<"$output") -eq 18 ]]
}

@test "rules that contradict each other are told once, and nothing is cleared by them" {
    { cat "$M/public.ndjson" "$M/registry.ndjson" "$M/orders.ndjson"
        made "$M/registrar.jwk" '.type == "market-rules"' '.price_rule = "low"'; } >a
    found a '2 ambiguous registrar'
}

# ---- identities and signers ----

@test "signed by somebody else's key: who signed is told" {
    remade "$(impostor u2 u1)" "$ORDER" '.price = "0.01"' >a
    found a '1 wrong_subject u2' '1 clearing_differs lm' '1 trade_unfounded lm' '1 trade_differs lm'
    { cat "$M/all.ndjson"; made "$(impostor A B)" "$SETTLEMENT" '.amount = "1"'; } >a
    found a '1 wrong_subject A'
    { cat "$M/all.ndjson"; made "$(impostor B lm)" "$CLEARING" '.price = "0.12"'; } >a
    found a '1 wrong_role B'
    { cat "$M/all.ndjson"; made "$(impostor u8 m8)" "$READING" '.import_wh = 0'; } >a
    found a '1 wrong_role u8'
    # Who did not sign is not accused, however the header reads.
    { cat "$M/all.ndjson"; made "$(impostor A B)" "$SETTLEMENT" '.amount = "1"' |
        jq -c '.amount = "2"'; } >a
    found a '1 bad_signature null'
}

@test "an identity that the registrar has not signed, and keys that nobody has" {
    lm-keygen --id mallory --role market --region r1 -o mallory.jwk \
        --valid 2016-01-01T00:00Z/2017-01-01T00:00Z >identity
    clearing='{"type":"clearing","v":1,"market":"mallory","period":"'$T1'","mechanism":"double-auction","price_rule":"low","price":null,"price_low":null,"price_high":null,"energy_wh":0,"offered_wh":0,"demanded_wh":0,"offers":0,"bids":0,"orders_root":"47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"}'
    { cat "$M/all.ndjson" identity; lm-sign -k mallory.jwk <<<"$clearing"; } >a
    found a '1 unsigned null' '1 unknown_signer null'
    # Signed by itself.
    jq -c '.id = "registrar" | .role = "registrar"' mallory.jwk >registrar.jwk
    chmod 600 registrar.jwk
    { cat "$M/all.ndjson"; lm-sign -k registrar.jwk identity; lm-sign -k mallory.jwk <<<"$clearing"; } >a
    found a '2 unknown_signer null'
    # Signed by the root, a market may clear its empty book: that is what its clearing says.
    { cat "$M/all.ndjson"; lm-sign -k "$M/registrar.jwk" identity; lm-sign -k mallory.jwk <<<"$clearing"; } >a
    clean a
    # Not where it says that there was an order.
    { cat "$M/all.ndjson"; lm-sign -k "$M/registrar.jwk" identity
        jq -c '.offers = 1' <<<"$clearing" | lm-sign -k mallory.jwk; } >a
    found a '1 clearing_differs mallory'
}

@test "a key that was revoked" {
    kid=$(jq -r 'select(.from == "u1") | .sig.protected' "$M/orders.ndjson" | head -n 1 |
        tr '_-' '/+' | base64 -d 2>/dev/null | jq -r .kid)
    lm-sign -k "$M/registrar.jwk" >revocation <<<'{"type":"revocation","v":1,"id":"u1","kid":"'"$kid"'","at":"2016-04-01T10:00:00Z","reason":"lost"}'
    cat "$M/all.ndjson" revocation >a
    # Her three orders are refused at the present, at which bare records are judged.
    run -1 --separate-stderr audit a
    [[ $(jq -s 'map(select(.code == "revoked")) | length' <<<"$output") -eq 3 ]]
    # In entries from before, the key was good.
    entries a >log
    clean - <log
    entries a '"2016-04-01T10:30:00Z"' >log
    run -1 --separate-stderr audit log
    [[ $(jq -s 'map(select(.code == "revoked")) | length' <<<"$output") -eq 3 ]]
}

@test "the records of another registrar" {
    mkdir other
    (cd other && lm-keygen --id registrar --role registrar | lm-sign -k registrar.jwk >registry.ndjson)
    run -1 --separate-stderr timeout 60 lm-audit --root other/registrar.jwk --now "$NOW" "$M/all.ndjson"
    # All that is signed is by strangers, and nobody is accused.
    signed=$(jq -c 'select(.sig)' "$M/all.ndjson" | wc -l)
    [[ $(jq -s 'map(select(.code == "unknown_signer")) | length' <<<"$output") -eq $signed ]]
    [[ ${#lines[@]} -eq $((signed + 1)) ]]
    jq -se 'all(.party == null)' <<<"$output"
}

@test "a part of the registry that is missing is found" {
    without '.type == "identity" and .id == "u1"' >a
    run -1 --separate-stderr audit a
    jq -r 'select(.type == "finding") | "\(.code) \(.party)"' <<<"$output" | sort | uniq -c |
        sed 's/^ *//' >codes
    grep -qx '3 unknown_signer null' codes
    # Her trades and her meter are nobody's: nothing of these periods is settled, which is told, and
    # no settlement is held against it.
    grep -qx '6 no_identity null' codes
    jq -se 'map(select(.code == "no_identity").text | select(contains("nothing of 2016-04-01T"))) |
        length == 3' <<<"$output"
    grep -qx '3 wrong_customer A' codes
    run -1 grep -e settlement_ -e transfer_ codes
}

# ---- what a market may look like ----

@test "without market-rules the clearing's own price rule counts" {
    without '.type == "market-rules" or .type == "clearing" or .type == "trade" or .type == "settlement" or .type == "transfer" or .type == "reading"' >lab
    for option in '--price low' '--price high' '--price k=0.1' '--all' '--price low --all --curve'; do
        # shellcheck disable=SC2086
        { cat lab; lm-clear $option "$M/orders.ndjson" |
            jq -c 'select(.type != "curve")' | lm-sign -k "$M/lm.jwk"; } >a
        clean a
    done
    # What the rules say counts where there are some.
    { cat lab "$M/public.ndjson"; lm-clear --price high "$M/orders.ndjson" | lm-sign -k "$M/lm.jwk"; } >a
    run -1 --separate-stderr audit a
    [[ $(jq -r 'select(.type == "finding") | "\(.code) \(.party)"' <<<"$output" | sort | uniq -c |
        sed 's/^ *//') == '3 clearing_differs lm' ]]
    # A rule that the trades do not keep.
    { cat lab; lm-clear --price low "$M/orders.ndjson" |
        jq -c 'if .type == "trade" then .price = "0.105" else . end' | lm-sign -k "$M/lm.jwk"; } >a
    run -1 --separate-stderr audit a
    [[ $(jq -r 'select(.type == "finding") | "\(.code) \(.party)"' <<<"$output" | sort -u) == 'trade_differs lm' ]]
}

@test "a market without a crossing, with an empty book, and one that did not clear" {
    cat "$M/registry.ndjson" "$M/public.ndjson" >known
    jq -c 'select(.side == "offer")' "$M/orders.ndjson" >offers
    for option in --accept-rejects --all; do
        { cat known offers; cat known offers | lm-clear "$option" | lm-sign -k "$M/lm.jwk"; } >a
        [[ $(jq -r 'select(.type == "clearing") | .price' a | sort -u) == null ]]
        clean a
    done
    { cat known; lm-clear --market lm --period "$T1" known | lm-sign -k "$M/lm.jwk"; } >a
    [[ $(wc -l <a) -eq $(($(wc -l <known) + 1)) ]]
    clean a
    cat known "$M/orders.ndjson" >a
    run -1 --separate-stderr audit a
    jq -r 'select(.type == "finding") | "\(.code) \(.party)"' <<<"$output" | sort | uniq -c |
        sed 's/^ *//' >codes
    grep -qx '3 clearing_missing lm' codes
    [[ $(cut -d ' ' -f 2- codes | sort -u) == $'clearing_missing lm\ntrade_missing lm' ]]
}

@test "what nobody has settled yet is not missing" {
    without '.type == "settlement" or .type == "transfer" or .type == "reading"' >a
    clean a
    # Nor in a period beside one that is settled.
    without "(.type == \"settlement\" or .type == \"transfer\" or .type == \"reading\") and .period != \"$T1\"" >a
    clean a
    # With readings, it is.
    without '.type == "settlement" or .type == "transfer"' >a
    found a '27 settlement_missing A' '27 settlement_missing B' '3 transfer_missing B'
}

# ---- logs ----

@test "an entry's number is its place in a log, and logs do not run backwards" {
    entries "$M/logged.ndjson" >log
    n=$(jq 'select(.record | .type == "notice" and .to == "u1") | .n' log | head -n 1)
    jq -c "select(.n != $n)" log >a
    found a '1 entry_number null' '1 notice_missing lm'
    jq -se --argjson n "$n" '.[0] | .code == "entry_number" and .entries == [{"log": "a", "n": ($n + 1)}]' <<<"$output"
    sed 50p log >a
    found a '1 entry_number null' '1 entry_repeated null'
    # The last but one, dated after it.
    head -n -2 log >a
    tail -n 2 log | head -n 1 | jq -c '.at = "2016-04-01T21:00:01Z"' >>a
    tail -n 1 log >>a
    found a '1 entry_time null'
    # A bare record has no place in a log; at the head of a file it makes it a stream.
    { cat log; tail -n 1 "$M/all.ndjson"; } >a
    found a '1 not_entry null'
    { tail -n 1 "$M/all.ndjson"; tac log; } >a
    clean a
    # The same record in two logs is none too much.
    cp log b
    clean log b
}

@test "terms that are changed for a time that has begun" {
    tariff() { # key select valid feed_in
        made "$M/$1.jwk" "$2" ".valid = \"$3\" | .feed_in = \"$4\""
    }
    entries "$M/logged.ndjson" >log
    n=$(wc -l <log)
    late() { # at
        jq -c --argjson n "$n" --arg at "$1" '{type: "entry", v: 1, n: ($n + input_line_number - 1), at: $at, record: .}'
    }
    B='.type == "tariff" and .supplier == "B"'
    { cat log; tariff B "$B" 2016-05-01T00:00Z/2017-01-01T00:00Z 0.02 | late 2016-04-20T00:00:00Z; } >a
    clean a
    { cat log; tariff B "$B" 2016-04-02T00:00Z/2017-01-01T00:00Z 0.02 | late 2016-04-20T00:00:00Z; } >a
    found a '1 retroactive null'
    jq -se '.[0].entries | length == 2' <<<"$output"
    # What was settled before it was logged goes by what was known then.
    { cat log; tariff B "$B" 2016-04-01T00:00Z/2017-01-01T00:00Z 0.02 | late 2016-04-20T00:00:00Z; } >a
    found a '1 retroactive null'
    # What is logged in time changes what is due.
    tariff B "$B" 2016-04-01T10:00Z/2017-01-01T00:00Z 0.02 |
        jq -c '{type: "entry", v: 1, n: 0, at: "2016-04-01T09:30:00Z", record: .}' >b
    run -1 --separate-stderr audit log b
    jq -se 'map(select(.code) | [.code, .party]) | unique == [["settlement_differs", "B"]]' <<<"$output"
    # Another log that has them later says nothing.
    tariff B "$B" 2016-04-02T00:00Z/2017-01-01T00:00Z 0.02 |
        jq -c '{type: "entry", v: 1, n: 0, at: "2016-04-20T00:00:00Z", record: .}' >b
    run -1 --separate-stderr audit log b
    [[ $(jq -r .code <<<"${lines[0]}") == retroactive ]]
    jq -c '.at = "2016-04-01T10:00:00Z"' b >c
    clean log b c
}

# ---- notices ----

@test "of every auction in a log there are the notices, and where there is one, all" {
    [[ $(wc -l <"$M/notices.ndjson") -gt 30 ]]
    clean "$M/logged.ndjson"
    entries "$M/all.ndjson" >log
    run -1 --separate-stderr audit log
    [[ $(jq -r 'select(.code) | "\(.code) \(.party)"' <<<"$output" | sort | uniq -c) == \
        *" $(wc -l <"$M/notices.ndjson") notice_missing lm" ]]
    NOTICE="(.type == \"notice\" and .period == \"$T1\" and .to == \"u1\")"
    jq -c "select($NOTICE | not)" "$M/logged.ndjson" >a
    found a '1 notice_missing lm'
    { cat a; jq -c "select($NOTICE) | .orders[0].energy_wh -= 1 | del(.sig)" "$M/logged.ndjson" | lm-sign -k "$M/lm.jwk"; } >b
    found b '1 notice_differs lm'
    cat "$M/logged.ndjson" b >c
    found c '1 notice_repeated lm'
    { cat "$M/logged.ndjson"; jq -c "select($NOTICE) | .to = \"u2\" | .orders[0].id = \"other\" | del(.sig)" "$M/logged.ndjson" | lm-sign -k "$M/lm.jwk"; } >d
    found d '1 notice_unfounded lm'
    # A supplier is told no more of its customers than the sums.
    { jq -c 'select((.type == "notice" and .to == "B" and .period == "'"$T1"'") | not)' "$M/logged.ndjson"
        jq -c 'select(.type == "notice" and .to == "B" and .period == "'"$T1"'") | .sold_wh += 1 | del(.sig)' "$M/logged.ndjson" | lm-sign -k "$M/lm.jwk"; } >e
    found e '1 notice_differs lm'
}

# ---- checkpoints, witnesses, receipts (tests/tamper.bats has what can be wrong with them) ----

# kept: the market's logs by lm-log, with checkpoints at the gate of the first period and at the end,
# both cosigned, and the receipts.
kept() { # instant of the cosignature at the gate
    lm-keygen --id witness --role auditor -o witness.jwk >/dev/null
    lm-log vkey -k witness.jwk >witness.vkey
    lm-log append registry.log -k "$M/registrar.jwk" --now 2016-03-01T00:00:00Z "$M/registry.ndjson" >receipts
    first=(-k witness.jwk --state market.state --first --log-key "$M/lm.jwk")
    # Orders of the first period; the others come after its gate.
    jq -c "select(.period == \"$T1\")" "$M/orders.ndjson" >now
    jq -c "select(.period != \"$T1\")" "$M/orders.ndjson" >later
    lm-log append market.log -k "$M/lm.jwk" --now 2016-04-01T11:00:00Z "$M/public.ndjson" now >>receipts
    lm-log checkpoint market.log -k "$M/lm.jwk" --now 2016-04-01T11:15:00Z |
        lm-log cosign "${first[@]}" --now "$1" >gate
    lm-log append market.log -k "$M/lm.jwk" --now 2016-04-01T11:17:00Z later >>receipts
    lm-log checkpoint market.log -k "$M/lm.jwk" --now 2016-04-01T11:18:00Z |
        lm-log cosign -k witness.jwk --state market.state --log market.log --log-key "$M/lm.jwk" \
            --now 2016-04-01T11:18:00Z >next
    lm-log append market.log -k "$M/lm.jwk" --now 2016-04-01T20:30:00Z "$M/market.ndjson" "$M/notices.ndjson" >>receipts
    for log in registry:registrar market:lm; do
        key=$M/${log#*:}.jwk log=${log%:*}
        options=(--state "$log.state" --log "$log.log" --log-key "$key" --now 2016-04-01T21:00:00Z)
        [[ -e $log.state ]] || options+=(--first)
        lm-log checkpoint "$log.log" -k "$key" --now 2016-04-01T21:00:00Z |
            lm-log cosign -k witness.jwk "${options[@]}" >"$log.final"
    done
    ALL=(--checkpoint gate --checkpoint next --checkpoint market.final --checkpoint registry.final --receipts receipts)
}

@test "logs under their checkpoints, with receipts, seen by a witness in time" {
    # The gate of 11:30 closes at 11:15, with a minute of grace.
    kept 2016-04-01T11:16:00Z
    clean "${ALL[@]}" market.log registry.log
    # The witness by its verifier key, in a file or not, or by its key file, which is the same.
    for witness in witness.vkey "$(cat witness.vkey)" witness.jwk; do
        clean "${ALL[@]}" --witness "$witness" registry.log market.log
    done
    # What was seen of the next log covers what came before; what came after the gate it does not.
    run -1 --separate-stderr audit "${ALL[@]:2}" --witness witness.vkey registry.log market.log
    [[ $(jq -r 'select(.code) | "\(.code) \(.party)"' <<<"$output" | sort | uniq -c | sed 's/^ *//') == \
        "$(wc -l <now) unanchored lm" ]]
    # Findings call the log by its checkpoint's origin.
    jq -se 'map(.entries // [] | .[].log) | unique == ["lm/market.log"]' <<<"$output"
    # A log may come through a pipe.
    mkfifo market.fifo
    cat market.log >market.fifo &
    clean "${ALL[@]}" --witness witness.vkey market.fifo registry.log
    # Suppliers whose logs are not here may have settled; one of which something is here has.
    cat "$M"/{readings,settlements}.ndjson >settled
    clean "${ALL[@]}" registry.log market.log settled
    jq -c 'select(.supplier != "B" and .from != "B")' settled >of-a
    clean "${ALL[@]}" registry.log market.log of-a
    jq -c "select(.supplier == \"B\" and .party == \"u8\" and .period == \"$T1\" | not)" settled >part
    run -1 --separate-stderr audit "${ALL[@]}" registry.log market.log part
    [[ $(jq -r 'select(.code) | "\(.code) \(.party)"' <<<"$output") == 'settlement_missing B' ]]
    # With two witnesses, both must have seen it.
    lm-keygen --id other --role auditor -o other.jwk >/dev/null
    run -1 --separate-stderr audit "${ALL[@]}" --witness witness.vkey --witness other.jwk registry.log market.log
    jq -se 'map(.code // empty) | unique == ["unanchored", "unwitnessed"]' <<<"$output"
}

@test "a witness that saw the orders a second too late anchors nothing" {
    kept 2016-04-01T11:16:01Z
    clean "${ALL[@]}" registry.log market.log
    run -1 --separate-stderr audit "${ALL[@]}" --witness witness.vkey registry.log market.log
    [[ $(jq -r 'select(.code) | "\(.code) \(.party)"' <<<"$output" | sort | uniq -c | sed 's/^ *//') == \
        "$(wc -l <now) unanchored lm" ]]
}

@test "a market that gets another key goes on in another log" {
    lm-keygen --id lm --role market --region r1 --region r2 --valid 2016-04-01T11:40Z/2016-12-01T00:00Z \
        -o new.jwk | lm-sign -k "$M/registrar.jwk" >identity
    lm-log append registry.log -k "$M/registrar.jwk" --now 2016-03-01T00:00:00Z "$M/registry.ndjson" >receipts
    lm-log append registry.log -k "$M/registrar.jwk" --now 2016-04-01T11:35:00Z identity >>receipts
    first() { jq -c "select(.period == \"$T1\")" "$@"; }
    others() { jq -c "select(.period != \"$T1\")" "$@"; }
    first "$M/orders.ndjson" >now
    lm-log append market.log -k "$M/lm.jwk" --now 2016-04-01T11:00:00Z "$M/public.ndjson" now >>receipts
    first "$M/market.ndjson" "$M/notices.ndjson" >now
    lm-log append market.log -k "$M/lm.jwk" --now 2016-04-01T11:20:00Z now >>receipts
    others "$M/orders.ndjson" >now
    lm-log append next.log -k new.jwk --now 2016-04-01T11:41:00Z now >>receipts
    # Not in the old one: who has its checkpoints knows another key.
    lm-log checkpoint market.log -k "$M/lm.jwk" --now 2016-04-01T11:30:00Z >old
    run -1 --separate-stderr lm-log append market.log -k new.jwk --now 2016-04-01T11:41:00Z now
    [[ $stderr == *"market.log.checkpoint: the note has no signature by this key"* ]]
    others "$M/market.ndjson" "$M/notices.ndjson" | jq -c 'del(.sig)' | lm-sign -k new.jwk >now
    lm-log append next.log -k new.jwk --now 2016-04-01T20:30:00Z now >>receipts
    lm-log checkpoint next.log -k new.jwk --now 2016-04-01T21:00:00Z >new
    lm-log checkpoint registry.log -k "$M/registrar.jwk" --now 2016-04-01T21:00:00Z >registry
    clean --receipts receipts --checkpoint old --checkpoint new --checkpoint registry market.log next.log registry.log
    # By the old key the new periods would have been cleared by nobody.
    others "$M/market.ndjson" "$M/notices.ndjson" >now
    head -n "$(others "$M/orders.ndjson" | wc -l)" next.log >next
    mv next next.log
    rm next.log.*
    lm-log append next.log -k new.jwk --now 2016-04-01T20:30:00Z now >/dev/null
    lm-log checkpoint next.log -k new.jwk --now 2016-04-01T21:00:00Z >new
    run -1 --separate-stderr audit --checkpoint old --checkpoint new --checkpoint registry market.log next.log registry.log
    [[ $(jq -r 'select(.code == "superseded").entries | length' <<<"$output" | wc -l) -eq $(wc -l <now) ]]
}

@test "what need not be there yet is no finding, and the verdict says how much that is" {
    lm-log append registry.log -k "$M/registrar.jwk" --now 2016-03-01T00:00:00Z "$M/registry.ndjson" >/dev/null
    lm-log append market.log -k "$M/lm.jwk" --now 2016-04-01T11:00:00Z "$M/public.ndjson" "$M/orders.ndjson" >/dev/null
    for at in 2016-04-01T11:29:59Z 2016-04-01T11:30:00Z; do
        lm-log checkpoint market.log -k "$M/lm.jwk" --now "$at" -o "$at" >/dev/null
    done
    # A second before the first period all clearings and trades are to come; notices follow these.
    jq -c 'select(.type == "clearing" or (.type == "trade" and .energy_wh > 0))' "$M/market.ndjson" >results
    count=$(wc -l <results)
    run -0 --separate-stderr audit --checkpoint 2016-04-01T11:29:59Z market.log registry.log
    [[ $(jq -r '"\(.result): \(.text)"' <<<"$output") == "clean: $count records are not due yet" ]]
    run -0 --separate-stderr audit --report --checkpoint 2016-04-01T11:29:59Z market.log registry.log
    [[ $output == "verdict: clean; $count records are not due yet" ]]
    # When it begins, what is of it is due.
    due=$(jq -c "select(.period == \"$T1\")" results | wc -l)
    run -1 --separate-stderr audit --checkpoint 2016-04-01T11:30:00Z market.log registry.log
    [[ $(jq -r .code <<<"$output" | grep -c _missing) -eq $due ]]
    [[ $(tail -n 1 <<<"$output" | jq -r .text) == "$((count - due)) records are not due yet" ]]
}

@test "evidence that is missing or no evidence" {
    kept 2016-04-01T11:16:00Z
    for option in --checkpoint --receipts --witness; do
        run -66 --separate-stderr audit "$option" no-such-file market.log registry.log
        [[ $stderr == *no-such-file* && -z $output ]]
    done
    run -66 --separate-stderr audit --witness market.log market.log registry.log
    [[ $stderr == *'holds no key of a witness'*'hint: '* ]]
    # A private key that others can read is nobody's to go by; its public half may lie open.
    (umask 077 && cp witness.jwk "$BATS_TEST_TMPDIR/open.jwk" && chmod 640 "$BATS_TEST_TMPDIR/open.jwk")
    run -77 --separate-stderr audit --witness "$BATS_TEST_TMPDIR/open.jwk" market.log registry.log
    [[ -z $output && $stderr == *"group or others have rights to this witness's key"* ]]
    jq -c '.keys |= map(del(.d))' witness.jwk >public.jwk
    chmod 644 public.jwk
    run -0 --separate-stderr audit "${ALL[@]}" --witness public.jwk registry.log market.log
    # A log's key is no witness's.
    run -66 --separate-stderr audit --witness "$(lm-log vkey market.log -k "$M/lm.jwk")" market.log registry.log
    : >empty
    head -c 200000 /dev/zero >large
    for file in empty large market.log /dev/null; do
        run -1 --separate-stderr audit --checkpoint "$file" --report market.log registry.log
        [[ ${lines[0]} == *'(checkpoint_unsigned)' && ${lines[-1]} == 'verdict: 1 finding' ]]
    done
    # A receipts file may hold other records; what is none is told.
    { cat receipts; head -n 1 market.log; } >mixed
    clean "${ALL[@]:0:8}" --receipts mixed market.log registry.log
    echo nonsense >>mixed
    run -1 --separate-stderr audit "${ALL[@]:0:8}" --receipts mixed market.log registry.log
    [[ $stderr == *'mixed:'* && $output == "$CLEAN" ]]
    # A revoked key's checkpoint counts only where witnesses saw it before.
    kid=$(jq -r '.keys[0].kid' "$M/lm.jwk")
    lm-sign -k "$M/registrar.jwk" <<<'{"type":"revocation","v":1,"id":"lm","kid":"'"$kid"'","at":"2016-04-01T22:00:00Z","reason":"lost"}' >revocation
    run -1 --separate-stderr audit "${ALL[@]:0:8}" registry.log market.log revocation
    jq -se 'map(.code // empty) | unique == ["checkpoint_unsigned"]' <<<"$output"
    clean "${ALL[@]:0:8}" --witness witness.vkey registry.log market.log revocation
}

# ---- readings and totals ----

@test "a reading of more than a meter can carry, or of a period that has not ended" {
    altered false . >all
    { cat all; made "$M/m8.jwk" "$READING" '.import_wh = 500001 | .seq = 9'; } >a
    run -1 --separate-stderr audit a
    jq -se 'map(select(.code == "implausible").party) == ["m8"]' <<<"$output"
    { cat all; made "$M/m8.jwk" "$READING" '.import_wh = 500000 | .seq = 9'; } >a
    run -1 --separate-stderr audit a
    jq -se 'any(.code == "implausible") | not' <<<"$output"
    run -1 --separate-stderr audit --max-power 3000 "$M/all.ndjson"
    [[ $(jq -s 'map(select(.code == "implausible")) | length' <<<"$output") -eq \
        $(jq -s 'map(select(.import_wh > 1500 or .export_wh > 1500)) | length' "$M/readings.ndjson") ]]
    entries "$M/all.ndjson" | jq -c "if .record | $READING then .at = \"2016-04-01T11:59:59Z\" else . end" >a
    run -1 --separate-stderr audit - <a
    jq -se 'map(select(.code) | [.code, .party]) == [["early", null]]' <<<"$output"
}

@test "totals that are not the sum of the readings" {
    total() { # import export meters [supplier]
        lm-sign -k "$M/DSO.jwk" <<<'{"type":"total","v":1,"to":"A","period":"'"$T1"'","region":"r1","supplier":'"$(jq -nc --arg s "${4:-}" 'if $s == "" then null else $s end')"',"import_wh":'"$1"',"export_wh":'"$2"',"meters":'"$3"'}'
    }
    sums() { # user numbers
        jq -s --arg p "$T1" "map(select(.period == \$p and (.meter[1:] | tonumber | IN($1))) | .$2) | add" "$M/readings.ndjson"
    }
    local in out
    in=$(sums 'range(1; 13)' import_wh) out=$(sums 'range(1; 13)' export_wh)
    bi=$(sums 'range(7; 13)' import_wh) be=$(sums 'range(7; 13)' export_wh)
    { cat "$M/all.ndjson"; total "$in" "$out" 12; total "$bi" "$be" 6 B; } >a
    clean a
    for wrong in "$((in + 1)) $out 12" "$in $((out - 1)) 12" "$in $out 13" "$in $out 11" "$bi $be 6" "$in $out 12 B"; do
        # shellcheck disable=SC2086
        { cat "$M/all.ndjson"; total $wrong; } >a
        found a '1 total_differs DSO'
    done
    # Readings that are not here may be in it; those that are cannot be left out of it.
    jq -c 'select(.type == "identity" or (.type == "reading" and (.meter | IN("m1", "m2", "m3"))))' "$M/all.ndjson" >part
    p=$(sums 'range(1; 4)' import_wh) q=$(sums 'range(1; 4)' export_wh)
    for right in "$p $q 3" "$((p + 5)) $q 4" "$in $out 12"; do
        # shellcheck disable=SC2086
        { cat part; total $right; } >a
        run -1 --separate-stderr audit a
        jq -se 'any(.code == "total_differs") | not' <<<"$output"
    done
    for wrong in "$p $q 2" "$((p - 1)) $q 4" "$((p + 5)) $q 3" "$in $out 13"; do
        # shellcheck disable=SC2086
        { cat part; total $wrong; } >a
        run -1 --separate-stderr audit a
        jq -se 'any(.code == "total_differs" and .party == "DSO")' <<<"$output"
    done
}

# ---- bills ----

@test "bills are what settlements come to" {
    cat "$M"/registry.ndjson "$M"/public.ndjson "$M"/settlements.ndjson >settled
    for supplier in A B; do
        lm-settle --bills --month 2016-04 --supplier "$supplier" settled | lm-sign -k "$M/$supplier.jwk"
    done >bills
    [[ $(wc -l <bills) -eq 12 ]]
    cat "$M/all.ndjson" bills >a
    clean a
    { cat "$M/all.ndjson"; jq -c 'if .user == "u8" then .amount |= (. / "." | .[0] + "." + (.[1] + "00000000")[:8] + "1") else . end | del(.sig)' bills >b
        jq -c 'select(.supplier == "B")' b | lm-sign -k "$M/B.jwk"
        jq -c 'select(.supplier == "A")' b | lm-sign -k "$M/A.jwk"; } >a
    found a '1 bill_differs B'
    # Who bills one customer bills all.
    { cat "$M/all.ndjson"; jq -c 'select(.user != "u8")' bills; } >a
    found a '1 bill_missing B'
    { cat "$M/all.ndjson"; jq -c 'select(.supplier == "A")' bills; } >a
    clean a
    # The next month carries on where this one stopped; there is nothing to bill in it.
    { cat "$M/all.ndjson" bills; jq -c 'select(.user == "u8") | .month = "2016-05" | del(.sig)' bills | lm-sign -k "$M/B.jwk"; } >a
    found a '1 bill_unfounded B'
    # Two bills of one month.
    { cat "$M/all.ndjson" bills; jq -c 'select(.user == "u8") | .carry = "0" | del(.sig)' bills | lm-sign -k "$M/B.jwk"; } >a
    found a '1 bill_repeated B'
}

# ---- for people ----

@test "--report says the same for people" {
    run -0 --separate-stderr audit --report "$M/all.ndjson"
    [[ $output == 'verdict: clean' ]]
    { without "$TRANSFER"; echo nonsense; } >a
    run -1 --separate-stderr audit a
    records=$output
    run -1 --separate-stderr audit --report a
    [[ ${lines[-1]} == 'verdict: 2 findings' ]]
    [[ ${lines[0]} == 'nobody named: '*'(json: a '*')' ]]
    [[ ${lines[1]} == "B: transfer $T1, market lm, from B, to A was not issued (transfer_missing)" ]]
    [[ $(jq -r 'select(.code).text' <<<"$records" | wc -l) -eq 2 ]]
    while read -r text; do
        grep -qF "$text" <<<"$output"
    done < <(jq -r 'select(.code).text' <<<"$records")
    # Nothing of a record reaches the terminal as it is.
    { cat "$M/registry.ndjson"; printf '{"type":"\\u001b[31m","v":1}\n'; } >a
    run -1 --separate-stderr audit --report a
    [[ $output == *'x1b[31m'* && $output != *$'\e'* ]]
}

@test "the codes are those of the manual" {
    "$LM_BUILD/tests/tools/codes" | sort >table
    mandoc -T utf8 "$LM_ROOT/man/lm-audit.1" >/dev/null
    sed -n '/^\.Ss Codes/,/^\.Sh/s/^\.It Cm \([a-z_]*\).*/\1/p' "$LM_ROOT/man/lm-audit.1" | sort >page
    diff <(cut -f 1 table) page
    # With the very sentences.
    tr '\n' ' ' <"$LM_ROOT/man/lm-audit.1" >flat
    while IFS=$'\t' read -r code meaning; do
        grep -qiF ".It Cm $code $meaning." flat || { echo "$code: $meaning"; false; }
    done <table
}

# ---- lines, options, exit statuses ----

@test "a line that is no record is a finding, on stderr as well, with its file and line" {
    { printf '{"type":"toaster","v":1}\nnonsense\n{"type":"order","v":1}\n\n'; cat "$M/all.ndjson"; } >a
    found a '1 unknown_type null' '1 json null' '1 missing_member null' '1 empty null'
    jq -se 'map(select(.code == "json").entries) == [[{"log": "a", "n": 2}]]' <<<"$output"
    [[ $stderr == *'lm-audit: a:1: '*'lm-audit: a:2: '*'lm-audit: a:3: '*'lm-audit: a:4: '* ]]
    run -1 --separate-stderr audit --rejects rejects --accept-rejects a
    [[ $(reasons rejects) == $'unknown_type\njson\nmissing_member\nempty' ]]
    [[ $(tail -n 1 <<<"$output" | jq -r .result) == findings ]]
    # --strict stops, and half a market is not judged.
    run -1 --separate-stderr audit --strict a
    [[ -z $output ]]
}

@test "findings are records, whatever hostile lines and file names hold" {
    long=$(printf 'é%.0s' {1..400})
    {
        printf '{"type":"%s","v":1}\n' "$long" "x$long"
        printf '{"type":"a\\u0000","v":1}\n{"type":"\\uffff","v":1}\n{"type":"\xff","v":1}\n'
        printf '{"type":"order","v":1,"%s":1}\n' "$long" $'\xef\xbf\xbf' '\u0007\n'
    } >$'hos\xfftile\n.ndjson'
    run -1 --separate-stderr audit $'hos\xfftile\n.ndjson' "$M/all.ndjson"
    [[ ${#lines[@]} -eq 9 ]]
    lm-clear <<<"$output"
    jq -se 'map(.entries // [] | .[].n) == [range(1; 9)]' <<<"$output"
}

@test "nothing to check is not clean" {
    run -1 --separate-stderr audit /dev/null
    [[ $(jq -r '.code // .result' <<<"$output") == $'missing_record\nfindings' ]]
    jq -se '.[0].entries == [] and .[0].party == null' <<<"$output"
    [[ -z $stderr ]]
    found "$M/registry.ndjson" '1 missing_record null'
    run -1 --separate-stderr bash -c 'cat no-such-file 2>/dev/null | lm-audit --root "$1"' _ "$M/registrar.jwk"
    [[ $(tail -n 1 <<<"$output" | jq -r .result) == findings ]]
}

@test "what nothing is recomputed from takes no memory, however long the log is" {
    ! nm -D "$LM_BIN/lm-audit" | grep -q __asan_init || skip "the sanitizer keeps what is freed"
    local peak=${LM_BUILD:-${LM_BIN%/bin}}/tests/tools/peak kind few grown
    # Never signed; signed, but for another audit; one order again and again.
    jq -nc 'range(24000) | {type: "curve", v: 1, market: "lm", side: "bid", price: "0.1",
        cumulative_wh: ., period: "2016-04-01T12:00Z/PT30M"}' >curves
    jq -nc 'range(24000) | {type: "claim", v: 1, claimant: "u1", kind: "price", entries: [],
        text: tostring}' | lm-sign -k "$M/u1.jwk" >claims
    jq -c 'select(.type == "order")' "$M/orders.ndjson" | awk 'NR == 1 { while (i++ < 24000) print }' >repeats
    for kind in curves claims repeats; do
        { cat "$M/registry.ndjson"; cat "$kind"; } >records
        entries records >many.log
        # By then all of the table that tells repeats is touched.
        head -n 8000 many.log >few.log
        few=$("$peak" lm-audit --root "$M/registrar.jwk" --now "$NOW" --jobs 1 few.log)
        grown=$(($("$peak" lm-audit --root "$M/registrar.jwk" --now "$NOW" --jobs 1 many.log) - few))
        # Of each record a digest is kept, of as many as the manual says; a quarter of the bytes is
        # more.
        echo "$kind: $grown KiB"
        [ "$grown" -lt $((($(stat -c %s many.log) - $(stat -c %s few.log)) / 1024 / 4)) ]
    done
}

@test "exit statuses" {
    run -2 --separate-stderr lm-audit "$M/all.ndjson"
    [[ $stderr == *'--root'* ]]
    run -66 --separate-stderr audit no-such-file
    run -66 --separate-stderr lm-audit --root no-such-file "$M/all.ndjson"
    run -66 --separate-stderr lm-audit --root "$M/all.ndjson" no-such-file
    echo '[1]' >no-object
    run -65 --separate-stderr audit no-object
    run -74 --separate-stderr bash -c 'lm-audit --root "$1" "$2" >/dev/full' _ "$M/registrar.jwk" "$M/all.ndjson"
    run -74 --separate-stderr bash -c 'lm-audit --root "$1" --rejects /dev/full no-object' _ "$M/registrar.jwk"
}

@test "the root by a key file, its identity, or its thumbprint" {
    head -n 1 "$M/registry.ndjson" >identity
    run -0 --separate-stderr lm-audit --root identity --now "$NOW" "$M/all.ndjson"
    [[ $output == "$CLEAN" ]]
    kid=$(jq -r .sig.protected identity | tr '_-' '/+' | base64 -d 2>/dev/null | jq -r .kid)
    run -0 --separate-stderr lm-audit --root "$kid" --now "$NOW" "$M/all.ndjson"
    [[ $output == "$CLEAN" ]]
    without '.type == "identity" and .id == "registrar"' >a
    run -66 --separate-stderr lm-audit --root "$kid" --now "$NOW" a
    [[ $stderr == "lm-audit: the root key $kid is not in the registry"*"hint: "* ]]
    [[ -z $output ]]
    # With the key at hand its identity is not needed.
    clean a
}

@test "the examples of the manual" {
    cd "$M" || exit
    lm-keygen --id nobody --role auditor >/dev/null -o "$BATS_TEST_TMPDIR/nobody.jwk"
    page=$LM_ROOT/man/lm-audit.1
    # Those without checkpoints: what is a block up to the first .Ed, and what is a line.
    sed -n '/^\.Sh EXAMPLES$/,/^\.Ed$/p' "$page" | sed '/^\./d; 2d; s/\\e/\\/g' >first
    { cat first; sed -n 's/^\.Dl \$ //p' "$page"; } >commands
    [[ $(wc -l <commands) -eq 3 ]]
    { echo "lm-audit() { command lm-audit --now $NOW \"\$@\"; }"; cat commands; } >script
    run -0 --separate-stderr bash -euo pipefail script
    [[ -z $stderr ]]
    [[ ${#lines[@]} -eq 2 ]]
}
