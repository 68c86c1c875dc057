# The attacks of Section IV: each succeeds without the defence and fails with it, by the records.
# Scripts in single quotes are for another shell, and bats sets what shellcheck does not know.
# shellcheck disable=SC2016,SC2154
bats_require_minimum_version 1.5.0
load helper

setup() {
    cd "$BATS_TEST_TMPDIR" || exit
}

# attack NAME: plays it in the folder NAME and goes there; both halves go as they are said.
attack() {
    run -0 --separate-stderr "$LM_ROOT/examples/attacks/$1" "$BATS_TEST_TMPDIR/$1"
    [[ -z $stderr ]]
    [[ $output == "THE THREAT"*"WITHOUT THE DEFENCE"*$'\n - '*"WITH THE DEFENCE"*$'\n - '* ]]
    [[ $output != *"NOT AS SAID"* ]]
    [[ ${lines[-1]} == "The attack succeeds without the defence and fails with it." ]]
    cd "$1" || exit
}

# missing PROGRAM NAME: plays NAME where PROGRAM, which the defence is, lets everything through: the
# script must notice. With LM_QUICK, for sanitizers, that is passed over: it tries the scripts.
missing() {
    [[ -z ${LM_QUICK-} ]] || return 0
    mkdir -p stubs
    printf '#!/usr/bin/env bash\n%s\n' "$3" >"stubs/$1"
    chmod +x "stubs/$1"
    PATH=$PWD/stubs:$PATH run -1 "$LM_ROOT/examples/attacks/$2" "$BATS_TEST_TMPDIR/missing"
    [[ $output == *"WITH THE DEFENCE"* ]]
    [[ ${lines[-1]} == "This did not go as it was said." || ${lines[-1]} == *" failed" ]]
}
# What lm-verify would be if it checked nothing: its files, or stdin, as they are.
NO_VERIFY='files=(); for a; do [[ $a != *.ndjson || $last == -r || $last == --rejects ]] || files+=("$a"); last=$a; done
cat "${files[@]}"'

# price FILE, energy FILE ID: what the clearing and the trades in a file say.
price() {
    jq -r 'select(.type == "clearing") | .price' "$1"
}
energy() {
    jq -s --arg id "$2" 'map(select(.type == "trade" and .from == $id) | .energy_wh) | add // 0' "$1"
}

@test "impersonation" {
    attack impersonation
    # 0.01 and 0.14 meet in the middle at 0.075, 0.10 and 0.14 at 0.12.
    [[ $(price without.ndjson) == 0.075 && $(price with.ndjson) == 0.12 ]]
    # Five lines came, three of them forged.
    [[ $(wc -l <inbox.ndjson) -eq 5 && $(wc -l <orders.ndjson) -eq 2 ]]
    [[ $(grep -c '"price":"0.01"' inbox.ndjson) -eq 3 ]]
    run -1 grep -c '"price":"0.01"' orders.ndjson
    cd ..
    missing lm-verify impersonation "$NO_VERIFY"
}

@test "manipulation by a user" {
    attack manipulation-by-user
    [[ $(energy without.ndjson ann) -eq 20 && $(energy without.ndjson mallory) -eq 1980 ]]
    [[ $(energy with.ndjson ann) -eq 2000 && $(energy with.ndjson mallory) -eq 0 ]]
    # The altered copy carries the very signature of the true one.
    [[ $(jq -r 'select(.from == "ann") | .sig.signature' inbox.ndjson | sort -u | wc -l) -eq 1 ]]
    cd ..
    missing lm-verify manipulation-by-user "$NO_VERIFY"
}

@test "manipulation by a supplier" {
    attack manipulation-by-supplier
    [[ $(energy without.ndjson ann) -eq 0 && $(energy with.ndjson ann) -eq 2000 ]]
    # 2 kWh at the feed-in of 0.04; or at 0.12, less 0.03 of network fee a kWh.
    [[ $(jq -r 'select(.party == "ann") | .amount' cheated) == 0.08 ]]
    [[ $(jq -r 'select(.party == "ann") | .amount' settlements.ndjson) == 0.18 ]]
    # The lie about the reading is signed by power itself, and found by the audit alone.
    run -0 lm-verify -r registry.ndjson --root registrar.jwk --now 2016-04-01T12:31:00Z lies.ndjson
    run -0 jq -e -s 'map(select(.code == "settlement_differs" and .party == "power")) | length >= 1' audit.ndjson
    [[ $(jq -r 'select(.type == "verdict").result' clean.ndjson audit.ndjson | paste -sd ' ') == "clean findings" ]]
    cd ..
    missing lm-verify manipulation-by-supplier "$NO_VERIFY"
}

@test "privacy breach by a supplier and an operator" {
    attack privacy-breach
    # No line that is for rival, grid or the other users names a customer of power's but her own.
    [[ $(wc -l <with.ndjson) -gt 10 ]]
    while IFS= read -r line; do
        to=$(jq -r .to <<<"$line")
        for name in ann bob mallory; do
            [[ $to == "$name" || $to == power || $line != *"\"$name"* ]]
        done
        for name in carl dora; do
            [[ $to == "$name" || $to == rival || $line != *"\"$name"* ]]
        done
    done <with.ndjson
    # Each box is opened by one key.
    count=0
    for key in *.jwk; do
        count=$((count + $(lm-open -k "$key" --accept-rejects mailbag.ndjson 2>/dev/null | wc -l)))
    done
    [[ $count -eq $(wc -l <with.ndjson) ]]
    # 2.4 kWh of Ann's, in the file that everybody gets, and nowhere in what rival is told.
    grep -q '"from":"ann"' without.ndjson
    run -1 grep -c 2400 <(jq -c 'select(.to == "rival")' with.ndjson)
    cd ..
    missing lm-inform privacy-breach 'jq -c "del(.sig)" "${@: -1}"'
}

@test "eavesdropping" {
    attack eavesdropping
    # Three lines in the clear; three boxes that hold them, for two addressees.
    [[ $(grep -c '"price":"0.08"' without.ndjson) -eq 1 && $(wc -l <with.ndjson) -eq 3 ]]
    for word in ann bob offer bid 2400 0.08 0.14 power-; do
        grep -qF -- "$word" without.ndjson || [[ $word == power- ]]
        run -1 grep -cF -- "$word" <(jq -c 'del(.box, .kid, .to)' with.ndjson)
        run -1 grep -caF -- "$word" bytes
    done
    [[ $(wc -c <bytes) -gt 1500 ]]
    cmp inbox.ndjson orders.ndjson
    cmp power.ndjson reading.ndjson
    cd ..
    # An lm-seal that writes in the clear what it should seal.
    missing lm-seal eavesdropping 'for a; do [[ $a != *.ndjson || $last == -r ]] || files+=("$a"); last=$a; done
jq -c "{box: (. | tostring | @base64 | gsub(\"=\"; \"\")), kid: \"k\", to: (.market // .to), type: \"sealed\", v: 1}" "${files[@]}"'
}

@test "traffic size" {
    attack traffic-size
    # Sizes that differ, by less than a block of padding; and one size.
    [[ $(awk '{ print length }' orders.ndjson | sort -u | wc -l) -gt 1 ]]
    [[ $(wc -l <with.ndjson) -eq 30 ]]
    [[ $(awk '{ print length }' with.ndjson withdrawal.ndjson | sort -u | wc -l) -eq 1 ]]
    cd ..
    # An lm-seal that does not pad.
    missing lm-seal traffic-size 'for a; do [[ $a != *.ndjson || $last == -r ]] || files+=("$a"); last=$a; done
cat "${files[@]:--}" | while IFS= read -r line; do head -c ${#line} /dev/urandom | base64 -w 0; echo; done'
}

@test "replay of an order" {
    attack replay
    [[ $(energy without.ndjson bob) -eq 5000 && $(energy with.ndjson bob) -eq 1000 ]]
    [[ $(grep -c '"bob"' inbox.ndjson) -eq 11 ]]
    [[ $(grep '"bob"' inbox.ndjson | sort -u | wc -l) -eq 1 ]]
    cd ..
    missing lm-verify replay "$NO_VERIFY"
}

@test "replay of a sign of life" {
    attack replay-response
    # The very record whose signature is good is not let through a second time.
    cmp recorded.ndjson without.ndjson
    cmp recorded.ndjson accepted.ndjson
    cmp true.ndjson alive.ndjson
    [[ ! -s with.ndjson && ! -s store.ndjson ]]
    cd ..
    # An lm-auth that hands on whatever is a response.
    missing lm-auth replay-response '[[ $1 == check ]] && exec cat "${@: -1}"
exec "$LM_BIN/lm-auth" "$@"'
}

@test "a meter with foreign firmware" {
    attack foreign-firmware
    # 2 kWh and 4 kWh at 0.2.
    [[ $(jq -r 'select(.party == "bob") | .amount' without.ndjson) == -0.4 ]]
    [[ $(jq -r 'select(.party == "bob") | .amount' with.ndjson) == -0.8 ]]
    run -0 jq -e -s 'map(select(.party == "bob")) == []' withheld.ndjson
    cd ..
    missing lm-verify foreign-firmware "$NO_VERIFY"
}

@test "a flood" {
    attack flood
    [[ $(jq -s 'map(select(.type == "clearing"))[0] | .offers + .bids' without.ndjson) -eq 2002 ]]
    [[ $(jq -s 'map(select(.type == "clearing"))[0] | .offers + .bids' with.ndjson) -eq 7 ]]
    [[ $(energy with.ndjson ann) -eq 2000 && $(energy with.ndjson bob) -eq 2000 ]]
    # What is refused says why: for noise, forgeries, orders beyond the quota.
    diff <(jq -r .reason rejects.ndjson | sed -E 's/^(json|not_object|(bad|missing|unknown)_member)$/noise/' |
        sort | uniq -c | awk '{ print $1, $2 }') - <<'WANTED'
500 bad_signature
20000 noise
1995 quota
WANTED
    # An operator has a handful of alerts to read, not one a line.
    [[ $(wc -l <alerts.ndjson) -lt 20 ]]
    cd ..
    missing lm-verify flood "$NO_VERIFY"
}

@test "a market that rewrites history" {
    attack rewritten-history
    [[ $(energy told.ndjson ann) -eq 0 && $(energy true.ndjson ann) -eq 2000 ]]
    [[ $(energy told.ndjson mallory) -eq 2000 ]]
    [[ $(jq -r 'select(.from == "mallory") | .sig' friend.ndjson) != null ]]
    run -0 jq -e -s 'any(.code == "log_forked" and .party == "market")' with.ndjson
    # The market's own word, and its friend's, say nothing else than the true ones.
    [[ $(jq -r .result without.ndjson) == clean && $(jq -r .result true.findings) == clean ]]
    run -0 jq -e -s 'any(.code == "unanchored") and (any(.code == "backdated") | not)' later.ndjson
    [[ ! -s refused.seen ]]
    cd ..
    # A witness that signs whatever comes is none.
    missing lm-log rewritten-history 'if [[ $1 == cosign ]]; then
        cat "${@: -1}"; cat seen.state 2>/dev/null; exit 0
    fi
    exec "$LM_BIN/lm-log" "$@"'
}

@test "an order that is left out" {
    attack left-out
    [[ $(energy without.ndjson ann) -eq 0 && $(energy without.ndjson mallory) -eq 2000 ]]
    [[ $(energy with.ndjson ann) -eq 2000 && $(energy with.ndjson mallory) -eq 0 ]]
    # The receipt is the market's own, and of her order: the leaf hash is that of its entry.
    run -0 lm-verify -r registry.ndjson --root registrar.jwk --now 2016-04-01T12:31:00Z hers.ndjson
    leaf=$({ printf '\0'; grep '"from":"ann"' before.log | tr -d '\n'; } | sha256sum | cut -d ' ' -f 1)
    [[ $(jq -r .leaf hers.ndjson | tr -- '-_' '+/' | sed 's/$/=/' | base64 -d | od -An -tx1 | tr -d ' \n') == "$leaf" ]]
    cd ..
    missing lm-audit left-out 'echo "{\"type\":\"verdict\",\"result\":\"clean\"}"'
}

@test "every attack is a test here and a row in the teachers' table, and they do without a terminal" {
    for script in "$LM_ROOT"/examples/attacks/*; do
        name=$(basename "$script")
        [[ -x $script && $name != market ]] || continue
        grep -q "^    attack $name\$" "$LM_ROOT/tests/attacks.bats"
        grep -q "^| \`$name\` |" "$LM_ROOT/examples/attacks/README.md"
        run -1 "$script"
        [[ $output == *usage* ]]
    done
}
