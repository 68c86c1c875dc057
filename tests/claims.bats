# Claims and their verdicts: what lm-audit --claims answers, and what lm-audit --verdicts believes.
# Scripts in single quotes are jq's, and bats sets what shellcheck does not know.
# shellcheck disable=SC2016,SC2154
bats_require_minimum_version 1.5.0
load helper

NOW=2016-05-03T08:00:00Z
ON='"period":"2016-04-01T12:00Z/PT30M"'
LOGS='--checkpoint market.log.checkpoint --checkpoint power.log.checkpoint --checkpoint rival.log.checkpoint
    ../registry.ndjson ../public.ndjson market.log power.log rival.log'

setup_file() {
    "$LM_ROOT/examples/disputes/price" "$BATS_FILE_TMPDIR/market" >/dev/null
}

setup() {
    M=$BATS_FILE_TMPDIR/market
    T=$BATS_TEST_TMPDIR
    cd "$M/honest" || exit
}

# The digest of standard input as records spell it: SHA-256 in base64url, without padding.
digest_of() {
    python3 -c 'import base64, hashlib, sys
print(base64.urlsafe_b64encode(hashlib.sha256(sys.stdin.buffer.read()).digest()).decode().rstrip("="))'
}

# claim WHO KIND MEMBERS [KEY]: one claim, signed.
claim() {
    printf '{"type":"claim","v":1,"claimant":"%s","kind":"%s","entries":[]%s}\n' "$1" "$2" "${3:+,$3}" |
        lm-sign -k "${4:-$M/$1.jwk}"
}

# impostor ID AS: a key file with ID's key that says it is AS's.
impostor() {
    jq -c --arg id "$2" '.id = $id' "$M/$1.jwk" >"$T/$1-as-$2.jwk"
    chmod 600 "$T/$1-as-$2.jwk"
    echo "$T/$1-as-$2.jwk"
}

# answers OPTION…: of the audit of the logs where we are, to the claims in $T/claims.
answers() {
    # shellcheck disable=SC2086
    timeout 60 lm-audit --root "$M/registrar.jwk" --now "$NOW" --claims "$T/claims" "$@" $LOGS
}

# power_answers OPTION…: of the log of power alone, and what else is given.
power_answers() {
    timeout 60 lm-audit --root "$M/registrar.jwk" --now "$NOW" --claims "$T/claims" \
        --checkpoint power.log.checkpoint "$@" ../registry.ndjson ../public.ndjson power.log
}

# signed: the answers, signed by the auditor.
signed() {
    grep '"claim":' | lm-sign -k "$M/auditor.jwk"
}

# believed FILE…: what a stranger makes of claims and answers.
believed() {
    cat "$@" >"$T/shown"
    timeout 60 lm-audit --root "$M/registrar.jwk" --now "$NOW" --verdicts "$T/shown" \
        "$M/registry.ndjson" "$M/public.ndjson"
}

# codes FILE…: those of its findings.
codes() {
    run -1 --separate-stderr believed "$@"
    [[ $(tail -n 1 <<<"$output" | jq -r .result) == findings ]]
    jq -r 'select(.type == "finding") | .code' <<<"$output" | sort -u | paste -sd ' '
}

results() {
    jq -r 'select(.type == "verdict" and .claim) | "\(.result) \(.party // "-")"' | paste -sd ' '
}

@test "honest markets, whatever is claimed; cheating ones, and whose fault it is; all of it shown to a stranger" {
    run -0 --separate-stderr timeout 1200 python3 "$LM_ROOT/tests/audit/claims.py" "$T/claims"
    [[ -z $stderr ]]
    [[ ${lines[0]} == "1..$(grep -c '^ok' <<<"$output")" ]]
    [[ $(grep -c '^ok' <<<"$output") -ge 30 ]]
    run -1 grep '^not ok' <<<"$output"
}

@test "a month of half-hours: its bill is answered in parts, and what is done to these a stranger notices" {
    local length=() # with LM_QUICK, for sanitizers, 420 hours, which take several parts as well
    [[ -z ${LM_QUICK-} ]] || length=(60 420)
    run -0 --separate-stderr timeout 1200 python3 "$LM_ROOT/tests/audit/month.py" "$T/month" "${length[@]}"
    [[ -z $stderr ]]
    [[ ${lines[-1]} == "1..$(grep -c '^ok' <<<"$output")" ]]
    [[ $(grep -c '^ok' <<<"$output") -ge 30 ]]
    run -1 grep '^not ok' <<<"$output"
}

@test "verdicts come in the order of the claims, before the audit's own" {
    { claim ann price "$ON"; claim bob consumed_less "$ON"; claim ann left_out "$ON"; } >"$T/claims"
    run -0 --separate-stderr answers
    [[ -z $stderr ]]
    [[ $(results <<<"$output") == "refuted - refuted - undecidable -" ]]
    [[ $(tail -n 1 <<<"$output" | jq -c '[.type, .result, .claim]') == '["verdict","clean",null]' ]]
    # The digest is that of the claim as it stands, and each exhibit follows its verdict.
    while read -r line; do
        printf %s "$line" | digest_of
    done <"$T/claims" >"$T/digests"
    diff "$T/digests" <(jq -r 'select(.type == "verdict" and .claim) | .claim' <<<"$output")
    [[ $(jq -r '.claim // empty' <<<"$output" | uniq | wc -l) -eq 3 ]]
    for digest in $(jq -r 'select(.type == "verdict") | .exhibits[]' <<<"$output" | head -n 1); do
        [[ $(jq -c 'select(.type == "exhibit")' <<<"$output" | head -n 1 | tr -d '\n' |
            digest_of) == "$digest" ]]
    done
}

@test "the same bytes come of the same claims, whatever the threads" {
    { claim ann price "$ON"; claim bob bill '"month":"2016-04"'; } >"$T/claims"
    answers --jobs 1 >"$T/one"
    answers --jobs 4 >"$T/four"
    cmp "$T/one" "$T/four"
}

@test "a claim is answered the same beside others as alone" {
    { claim ann price "$ON"; claim bob bill '"month":"2016-04"'; claim ann sold_more "$ON"
      claim bob consumed_less "$ON"; claim ann altered; claim ann left_out "$ON"
      claim ann altered '"period":"2016-04-01T12:30Z/PT30M"'; } >"$T/all"
    while read -r line; do
        echo "$line" >"$T/claims"
        answers | grep '"claim":' || true
    done <"$T/all" >"$T/alone"
    mv "$T/all" "$T/claims"
    answers | grep '"claim":' | cmp - "$T/alone"
    [[ $(jq -r 'select(.type == "verdict") | .result' "$T/alone" | wc -l) -eq 7 ]]
}

@test "a claim that is not the claimant's own is rejected, and not answered" {
    { claim ann price "$ON"
      claim ann price "$ON" | jq -c 'del(.sig)'
      claim ann price "$ON" | jq -c '.kind = "bill"'
      claim ann price "$ON" "$(impostor bob ann)"
      printf '{"type":"claim","v":1,"claimant":"ann","kind":"lies","entries":[]}\n'; } >"$T/claims"
    run -1 --separate-stderr answers --rejects "$T/rejects"
    [[ $(results <<<"$output") == "refuted -" ]]
    [[ $(jq -r .reason "$T/rejects" | sort | paste -sd ' ') == "bad_member bad_signature unsigned wrong_subject" ]]
    [[ $stderr == *"claims:3:"* ]]
    run -0 --separate-stderr answers --accept-rejects
}

@test "a claim that comes twice is answered once, and other records among claims are passed over" {
    claim ann price "$ON" >"$T/one"
    cat "$T/one" "$T/one" receipts.ndjson >"$T/claims"
    run -0 --separate-stderr answers
    [[ -z $stderr && $(results <<<"$output") == "refuted -" ]]
}

@test "a file without a claim, or without a receipt, may be the wrong one, and that is told" {
    cp ../public.ndjson "$T/claims"
    run -0 --separate-stderr answers --receipts market.log
    [[ $stderr == "lm-audit: $T/claims: no claim is in it"$'\n'"lm-audit: market.log: no receipt is in it" ]]
    [[ $(jq -r .result <<<"$output") == clean ]]
}

@test "what proves nothing, however it is wrapped, changes no answer" {
    local kind held
    head -n 1 market.log >"$T/entry"
    jq -c .record "$T/entry" >"$T/order"
    user=$(jq -r .from "$T/order")
    # A claim in a claim, seven deep; entries in entries; boxes; exhibits of exhibits; and the rest.
    claim "$user" price "$ON" >"$T/nested"
    for _ in {1..6}; do
        claim "$user" altered "\"record\":$(cat "$T/nested")" >"$T/next"
        mv "$T/next" "$T/nested"
    done
    held=("$(cat "$T/nested")" "$(cat "$T/entry")" "$(jq -c '{type, v, n, at, record: .}' "$T/entry")"
        '{"type":"sealed","v":1,"to":"lm","kid":"'"$(printf 'A%.0s' {1..43})"'","box":"AAAA"}'
        "$(jq -c '{type: "exhibit", v: 1, log: "lm/market.log", n: 0, path: [], checkpoint: "x",
            entry: {type: "exhibit", v: 1, log: "lm/market.log", n: 0, path: [], checkpoint: "x", entry: .}}' "$T/entry")"
        '{"type":"verdict","v":1,"result":"upheld","party":"lm","exhibits":[]}'
        "$(head -n 1 ../registry.ndjson)" '{}')
    for kind in price left_out altered consumed_less sold_more bill; do
        about=$ON
        [[ $kind != bill ]] || about='"month":"2016-04"'
        claim "$user" "$kind" "$about" >"$T/claims"
        for what in "${held[@]}"; do
            claim "$user" "$kind" "$about,\"record\":$what"
            claim "$user" "$kind" "$about,\"receipt\":$what"
        done >>"$T/claims"
        [[ $(wc -l <"$T/claims") -eq 17 ]]
        run -0 --separate-stderr answers
        [[ -z $stderr ]]
        # Seventeen answers, all of them the one without anything held.
        jq -se 'map(select(.type == "verdict" and .claim) | [.result, .party]) | length == 17 and (unique | length == 1)' <<<"$output"
        signed <<<"$output" >"$T/signed"
        run -0 --separate-stderr believed "$T/claims" "$T/signed"
        [[ $(tail -n 1 <<<"$output" | jq -r .result) == clean ]]
    done
}

@test "an upheld claim is status 1, an undecidable one is not" {
    claim ann price '"period":"2016-04-01T13:00Z/PT30M"' >"$T/claims"
    run -0 answers
    [[ $(results <<<"$output") == "undecidable -" ]]
    cd ../cheated
    claim ann price "$ON" >"$T/claims"
    run -1 --separate-stderr answers
    [[ -z $stderr && $(results <<<"$output") == "upheld market" ]]
    run -1 --separate-stderr answers --report
    [[ $output == *"claim "????????" of ann (price): upheld, market is at fault: the trade of order offer-0.1 is at a price"* ]]
    [[ $output != *exhibit* ]]
}

@test "without checkpoints there is nothing to exhibit, and --verdicts takes no logs" {
    claim ann price "$ON" >"$T/claims"
    run -2 --separate-stderr lm-audit --root "$M/registrar.jwk" --claims "$T/claims" market.log
    [[ $stderr == *"--claims needs a --checkpoint"* ]]
    run -2 --separate-stderr lm-audit --root "$M/registrar.jwk" --claims "$T/claims" --verdicts x market.log
    [[ $stderr == *"--verdicts checks what is in its FILE"* ]]
    mv "$T/claims" "$T/kept"
    run -66 --separate-stderr answers
    mv "$T/kept" "$T/claims"
    # Only what a keeper has signed for counts: here it is the registry's terms alone.
    # shellcheck disable=SC2086
    run --separate-stderr lm-audit --root "$M/registrar.jwk" --now "$NOW" --claims "$T/claims" \
        --checkpoint power.log.checkpoint ../registry.ndjson ../public.ndjson market.log power.log rival.log
    [[ $(results <<<"$output") == "undecidable -" ]]
}

@test "no supplier is named for trades in a log of the market that is not there" {
    claim bob bill '"month":"2016-04"' >"$T/claims"
    run -0 answers
    [[ $(results <<<"$output") == "refuted -" ]]
    run --separate-stderr power_answers
    [[ $(results <<<"$output") == "undecidable -" ]]
    [[ $(jq -r 'select(.claim and .text) | .text' <<<"$output") == *"2016-04-01T12:00Z/PT30M"*"cannot be made again"* ]]
    signed <<<"$output" >"$T/answers"
    run -0 --separate-stderr believed "$T/claims" "$T/answers"
    # A checkpoint of before the market cleared is none of what it traded.
    head -n 3 market.log >"$T/early.log"
    lm-log checkpoint "$T/early.log" -k "$M/market.jwk" --now "$NOW" --origin market/market.log >/dev/null
    run --separate-stderr power_answers --checkpoint "$T/early.log.checkpoint" market.log
    [[ $(results <<<"$output") == "undecidable -" ]]
}

@test "claims by standard input, and in entries" {
    claim ann price "$ON" >"$T/claims"
    # shellcheck disable=SC2086
    run -0 --separate-stderr lm-audit --root "$M/registrar.jwk" --now "$NOW" --claims - $LOGS <"$T/claims"
    [[ $(results <<<"$output") == "refuted -" ]]
    jq -c '{type: "entry", v: 1, n: 0, at: "2016-05-01T00:00:00Z", record: .}' "$T/claims" >"$T/entries"
    mv "$T/entries" "$T/claims"
    run -0 --separate-stderr answers
    [[ $(results <<<"$output") == "refuted -" ]]
}

# ---- what a stranger believes ----

@test "a stranger believes what is signed, whole and follows; and nothing else" {
    cd ../cheated
    claim ann price "$ON" >"$T/claims"
    run -1 answers
    signed <<<"$output" >"$T/answers"
    run -0 --separate-stderr believed "$T/claims" "$T/answers"
    [[ -z $stderr && $output == '{"exhibits":[],"result":"clean","type":"verdict","v":1}' ]]
    # In any order, twice, and beside other things.
    run -0 --separate-stderr believed "$T/answers" "$T/claims" "$T/answers" receipts.ndjson
    [[ -z $stderr ]]
    # No claim, no verdict, no exhibit.
    [[ $(codes "$T/answers") == missing_record ]]
    [[ $(codes "$T/claims") == missing_record ]]
    jq -c 'select(.type == "verdict")' "$T/answers" >"$T/verdict"
    [[ $(codes "$T/claims" "$T/verdict") == exhibits ]]
    # An unsigned answer is nobody's; a market is no auditor.
    jq -c 'del(.sig)' "$T/answers" >"$T/unsigned"
    [[ $(codes "$T/claims" "$T/unsigned") == unsigned ]]
    jq -c 'select(.type == "verdict") | del(.sig)' "$T/answers" |
        lm-sign -k "$(impostor market auditor)" >"$T/forged"
    jq -c 'select(.type == "exhibit")' "$T/answers" >>"$T/forged"
    [[ $(codes "$T/claims" "$T/forged") == wrong_role ]]
    # Another claim is answered by other words.
    claim ann price '"period":"2016-04-01T12:30Z/PT30M"' >"$T/other"
    [[ $(codes "$T/other" "$T/answers") == missing_record ]]
    # A claim that the claimant did not sign is none.
    jq -cS '.text = "x"' "$T/claims" >"$T/other"
    digest=$(tr -d '\n' <"$T/other" | digest_of)
    jq -c --arg digest "$digest" 'select(.type == "verdict") | .claim = $digest | .exhibits = [] | del(.sig)' \
        "$T/answers" | lm-sign -k "$M/auditor.jwk" >"$T/verdict"
    [[ $(codes "$T/other" "$T/verdict") == bad_signature ]]
}

@test "whatever is changed in an answer, even by the auditor, a stranger does not believe it" {
    cd ../cheated
    claim ann price "$ON" >"$T/claims"
    run -1 answers
    grep '"claim":' <<<"$output" >"$T/bare"
    [[ $(wc -l <"$T/bare") -eq 3 ]]
    lm-sign -k "$M/auditor.jwk" "$T/bare" >"$T/answers"
    # resigned CHANGE: the auditor changes the answer, names the exhibits again, and signs it all.
    resigned() {
        jq -c "if .type == \"exhibit\" then ($1) else . end" "$T/bare" | jq -cS 'select(.type == "exhibit")' >"$T/exhibits"
        while read -r line; do
            printf %s "$line" | digest_of
        done <"$T/exhibits" | jq -R . | jq -cs . >"$T/named"
        jq -c --slurpfile named "$T/named" 'select(.type == "verdict") | .exhibits = $named[0]' "$T/bare" |
            cat - "$T/exhibits" | lm-sign -k "$M/auditor.jwk"
    }
    resigned . >"$T/again"
    cmp "$T/answers" "$T/again"
    local changes=('.n += 1' '.entry.n += 1' '.entry.at = "2016-04-01T11:41:00Z"' '.path |= reverse'
        '.path |= .[1:]' '.path += [.path[0]]' '.log = "market/other.log"' '.entry.record.price = "0.08"'
        '.checkpoint |= sub("market.log\n"; "other.log\n")' '.checkpoint |= sub("\n[0-9]+\n"; "\n7\n")'
        '.checkpoint |= sub("\n\n.*"; "\n\n"; "s")' '.entry = .entry.record' 'del(.entry.record.sig)'
        '.claim = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"')
    for change in "${changes[@]}"; do
        echo "$change"
        resigned "$change" >"$T/changed"
        run -1 believed "$T/claims" "$T/changed"
        # And without the auditor's key.
        jq -c "if .type == \"exhibit\" then ($change) else . end" "$T/answers" >"$T/changed"
        run -1 believed "$T/claims" "$T/changed"
    done
    for change in '.result = "refuted"' '.result = "undecidable"' '.party = "power"' 'del(.party)' \
        '.exhibits = []' '.exhibits |= .[1:]' '.exhibits += ["AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"]'; do
        echo "$change"
        jq -c "if .type == \"verdict\" then ($change) else . end" "$T/bare" |
            lm-sign -k "$M/auditor.jwk" >"$T/changed"
        run -1 believed "$T/claims" "$T/changed"
        jq -c "if .type == \"verdict\" then ($change) else . end" "$T/answers" >"$T/changed"
        run -1 believed "$T/claims" "$T/changed"
    done
    # The finding says whom.
    jq -c 'if .type == "verdict" then .party = "power" else . end' "$T/bare" |
        lm-sign -k "$M/auditor.jwk" >"$T/changed"
    run -1 believed "$T/claims" "$T/changed"
    [[ $(jq -r 'select(.type == "finding") | .text' <<<"$output") == \
        "the verdict is upheld against power, and its exhibits by themselves say upheld against market: "* ]]
}

@test "with a witness, what is exhibited has to be what the witness saw" {
    lm-keygen --id w --role auditor --valid 2016-01-01T00:00Z/2017-01-01T00:00Z -o "$T/w.jwk" >/dev/null
    claim bob price "$ON" >"$T/claims"
    mkdir "$T/seen"
    for log in market power rival; do
        lm-log cosign -k "$T/w.jwk" --state "$T/$log.state" --first --log "$log.log" --log-key \
            "$M/$log.jwk" --now "$NOW" <"$log.log.checkpoint" >"$T/seen/$log"
    done
    LOGS="--checkpoint $T/seen/market --checkpoint $T/seen/power --checkpoint $T/seen/rival
        ../registry.ndjson ../public.ndjson market.log power.log rival.log"
    answers | signed >"$T/answers"
    run -0 --separate-stderr believed "$T/claims" "$T/answers"
    for key in "$T/w.jwk" "$(lm-log vkey -k "$T/w.jwk")"; do
        run -0 --separate-stderr lm-audit --root "$M/registrar.jwk" --now "$NOW" --witness "$key" \
            --verdicts "$T/shown" "$M/registry.ndjson" "$M/public.ndjson"
    done
    # Somebody else has not seen it.
    lm-keygen --id x --role auditor -o "$T/x.jwk" >/dev/null
    run -1 --separate-stderr lm-audit --root "$M/registrar.jwk" --now "$NOW" --witness "$T/w.jwk" \
        --witness "$T/x.jwk" --verdicts "$T/shown" "$M/registry.ndjson" "$M/public.ndjson"
    [[ $(jq -r 'select(.type == "finding") | .code' <<<"$output" | sort -u) == unwitnessed ]]
}

# Prints a revocation of the key of ID in FILE at INSTANT.
revoked() { # ID FILE INSTANT
    jq -c --arg id "$1" --arg at "$3" '{type: "revocation", v: 1, id: $id, at: $at, reason: "lost",
        kid: .keys[0].kid}' "$2" | lm-sign -k "$M/registrar.jwk"
}

@test "exhibits under a key that was revoked count as far as a witness saw them before" {
    seen=2016-06-01T00:00:00Z
    lm-keygen --id w --role auditor --valid 2016-01-01T00:00Z/2017-01-01T00:00Z -o "$T/w.jwk" |
        lm-sign -k "$M/registrar.jwk" >"$T/w"
    claim bob price "$ON" >"$T/claims"
    mkdir "$T/seen"
    for log in market power rival; do
        lm-log cosign -k "$T/w.jwk" --state "$T/$log.state" --first --log "$log.log" --log-key \
            "$M/$log.jwk" --now "$seen" <"$log.log.checkpoint" >"$T/seen/$log"
    done
    LOGS="--checkpoint $T/seen/market --checkpoint $T/seen/power --checkpoint $T/seen/rival
        ../registry.ndjson ../public.ndjson market.log power.log rival.log"
    answers | signed | cat "$T/claims" - >"$T/shown"
    believed_with() { # records of the registrar's that come later
        cat >"$T/later"
        lm-audit --root "$M/registrar.jwk" --now 2016-07-01T00:00:00Z --verdicts "$T/shown" "$@" \
            "$M/registry.ndjson" "$M/public.ndjson" "$T/w" "$T/later"
    }
    # The market's key, after the witness had cosigned.
    believed_with --witness "$T/w.jwk" < <(revoked market "$M/market.jwk" 2016-06-01T00:00:01Z)
    run -1 --separate-stderr believed_with < <(revoked market "$M/market.jwk" 2016-06-01T00:00:01Z)
    jq -se 'map(.code // empty) | unique == ["revoked"]' <<<"$output"
    # At that instant, nobody can tell any more.
    run -1 --separate-stderr believed_with --witness "$T/w.jwk" \
        < <(revoked market "$M/market.jwk" "$seen")
    # The witness's.
    believed_with --witness "$T/w.jwk" < <(revoked w "$T/w.jwk" 2016-06-01T00:00:01Z)
    run -1 --separate-stderr believed_with --witness "$T/w.jwk" \
        < <(revoked w "$T/w.jwk" "$seen")
    jq -se 'map(.code // empty) | unique == ["unwitnessed"]' <<<"$output"
}

@test "a keeper's key that nobody registered keeps no log" {
    cd ../cheated
    claim ann price "$ON" >"$T/claims"
    run -1 answers
    signed <<<"$output" >"$T/answers"
    grep -v '"id":"market"' "$M/registry.ndjson" >"$T/registry"
    cat "$T/claims" "$T/answers" >"$T/shown"
    run -1 --separate-stderr lm-audit --root "$M/registrar.jwk" --now "$NOW" --verdicts "$T/shown" "$T/registry"
    [[ $(jq -r 'select(.type == "finding") | .code' <<<"$output" | sort -u) == unsigned ]]
    # Nor does a registry of another root.
    lm-keygen --id other --role registrar -o "$T/other.jwk" >/dev/null
    run -1 lm-audit --root "$T/other.jwk" --now "$NOW" --verdicts "$T/shown" "$M/registry.ndjson"
}

@test "lm-log check takes each exhibit by itself" {
    cd ../cheated
    claim ann price "$ON" >"$T/claims"
    run -1 answers
    signed <<<"$output" | jq -c 'select(.type == "exhibit")' >"$T/exhibits"
    while read -r line; do
        run -0 lm-log check -r "$M/registry.ndjson" --root "$M/registrar.jwk" --now "$NOW" <<<"$line"
        [[ $output == '{"at":"2016-04-01T11:'* ]]
    done <"$T/exhibits"
}

@test "an order as long as a record may be is exhibited; the exhibit is longer, and no record for a log" {
    order=$(jq -c 'select(.record.type == "order" and .record.from == "ann") | .record | del(.sig)' market.log | head -n 1)
    size=$(jq -c '.x_ = ""' <<<"$order" | lm-sign -k "$M/ann.jwk" | tr -d '\n' | wc -c)
    jq -c --arg pad "$(head -c $((65536 - size)) /dev/zero | tr '\0' y)" '.x_ = $pad' <<<"$order" |
        lm-sign -k "$M/ann.jwk" >"$T/order"
    [[ $(tr -d '\n' <"$T/order" | wc -c) -eq 65536 ]]
    cd "$T" || exit
    lm-log append padded.log -k "$M/market.jwk" --now 2016-04-01T11:00:00Z order >receipts
    lm-log checkpoint padded.log -k "$M/market.jwk" --now "$NOW" >/dev/null
    lm-log prove padded.log 0 --exhibit | lm-sign -k "$M/auditor.jwk" >exhibit
    [[ $(wc -c <exhibit) -gt 65537 ]]
    lm-verify -r "$M/registry.ndjson" --root "$M/registrar.jwk" --now "$NOW" exhibit | cmp exhibit
    run -0 lm-log check -r "$M/registry.ndjson" --root "$M/registrar.jwk" --now "$NOW" exhibit
    [[ $output == "$(cat padded.log)" ]]
    run -1 --separate-stderr lm-log append other.log -k "$M/market.jwk" exhibit
    [[ $stderr == *"longer than"* ]]
}

@test "the example of a dispute in the manual" {
    cp "$M"/{registrar,bob,auditor}.jwk "$M/registry.ndjson" {market,power}.log{,.checkpoint} "$T"
    cat "$M/public.ndjson" >>"$T/registry.ndjson"
    cd "$T" || exit
    sed -n '/^jq -nc/,/^\.Ed$/p' "$LM_ROOT/man/lm-audit.1" |
        sed '/^\./d; s/\\e/\\/g; s/\\(aq/'"'"'/g' >example
    [[ $(wc -l <example) -eq 8 ]]
    run --separate-stderr bash -c "lm-audit() { command lm-audit --now $NOW \"\$@\"; }; . ./example"
    [[ $(results <answers) == "refuted -" ]]
    [[ $(tail -n 1 <<<"$output" | jq -r .result) == clean ]]
}
