# lm-verify under attack: gates, quotas, repeats, junk, alerts. What a flood costs, and that it costs
# nobody else anything. Scripts in single quotes are jq's, and bats sets what shellcheck does not
# know.
# shellcheck disable=SC2001,SC2016,SC2154
bats_require_minimum_version 1.5.0
load helper

now=2016-04-01T11:00:00Z
valid=2016-01-01T00:00Z/2017-01-01T00:00Z
P=2016-04-01T12:00Z/PT30M

entity() { # id role option…
    local id=$1 role=$2
    shift 2
    lm-keygen --id "$id" --role "$role" --valid $valid "$@" | lm-sign -k registrar.jwk >>registry
}

# rules MARKET MAX_ORDERS [MORE]: market-rules for 2016.
rules() {
    printf '{"type":"market-rules","v":1,"market":"%s","regions":["north"],"valid":"%s","currency":"EUR","period_minutes":30,"gate_minutes":15,"grace_seconds":60,"mechanism":"double-auction","price_rule":"midpoint","max_orders":%d,"min_group":1%s}\n' \
        "$1" "$valid" "$2" "${3:-}" | lm-sign -k registrar.jwk
}

setup_file() {
    cd "$BATS_FILE_TMPDIR" || exit
    entity registrar registrar
    entity m1 market --region north
    entity m2 market --region north
    entity s1 supplier --region north
    for user in u1 u2 u3; do entity $user user --supplier s1 --region north; done
    cp registry plain
    rules m1 3 ',"price_floor":"-0.5","price_cap":"2"' >>registry
}

setup() {
    cd "$BATS_TEST_TMPDIR" || exit
    cp "$BATS_FILE_TMPDIR"/* .
}

# order FROM ID [PERIOD [ENERGY [PRICE [MARKET]]]]: unsigned.
order() {
    printf '{"at":"2016-04-01T10:00:00Z","energy_wh":%d,"from":"%s","id":"%s","market":"%s","period":"%s","price":"%s","seq":1,"side":"offer","type":"order","v":1}\n' \
        "${4:-2000}" "$1" "$2" "${6:-m1}" "${3:-$P}" "${5:-0.11}"
}

# orders FROM ID…: signed.
orders() {
    local from=$1
    shift
    for id; do order "$from" "$id"; done | lm-sign -k "$from.jwk"
}

# forge: signed orders, altered behind their signatures.
forge() { sed 's/"energy_wh":2000/"energy_wh":1/'; }

# respell: the same records with other white space.
respell() { sed 's/,/, /g'; }

verify() {
    given --now "$@" || set -- --now $now "$@"
    lm-verify -r registry --root registrar.jwk "$@"
}

# judged FILE OPTION…: for each line `ok`, `-` (dropped without a word), or the reason, in one line.
judged() {
    local file=$1
    shift
    rm -f rejects
    touch rejects
    verify --accept-rejects --rejects rejects "$@" "$file" >passed 2>messages || return
    jq -rn --slurpfile bad rejects --rawfile lines "$file" --rawfile passed passed \
        '($bad | map({key: "\(.line)", value: .reason}) | from_entries) as $why |
         reduce ($lines | split("\n")[:-1] | to_entries[]) as $line
            ({left: ($passed | split("\n")[:-1]), words: []};
             if $why["\($line.key + 1)"] then .words += [$why["\($line.key + 1)"]]
             elif .left[0] == $line.value then .left |= .[1:] | .words += ["ok"]
             else .words += ["-"] end)
         | if .left == [] then .words | join(" ") else error("more than came in") end'
}

# entries INSTANT: an entry around each record.
entries() { jq -c --arg at "$1" '{type: "entry", v: 1, n: input_line_number, at: $at, record: .}'; }

@test "an order comes before its gate closes, to the second" {
    orders u1 a >in
    [ "$(judged in --now 2016-04-01T11:44:59Z)" = ok ]
    [ "$(judged in --now 2016-04-01T11:45:00Z)" = late ]
    [[ $(jq -r .detail rejects) == "came at 2016-04-01T11:45:00Z, but the gate of 2016-04-01T12:00Z/PT30M closed 15 minutes before it begins" ]]
    [ "$(judged in --now 2016-04-02T00:00:00Z)" = late ]
    # In an entry, when it was logged, and not now.
    entries 2016-04-01T11:44:59Z <in >logged
    [ "$(judged logged --now 2016-06-01T00:00:00Z)" = ok ]
    entries 2016-04-01T11:45:00Z <in >logged
    [ "$(judged logged)" = late ]
    # Where no rules hold there is no gate.
    cp plain registry
    [ "$(judged in --now 2016-04-02T00:00:00Z)" = ok ]
}

@test "an order is for a period of the market's, not too far ahead, at a price that may be" {
    {
        order u1 a 2016-04-01T12:00Z/PT60M
        order u1 b 2016-04-08T11:00Z/PT30M
        order u1 c 2016-04-08T11:30Z/PT30M
        order u1 d $P 1 2.000001
        order u1 e $P 1 -0.500001
        order u1 f $P 1 -0.5
        order u1 g $P 1 2
        # The price of a withdrawal is of no account.
        order u1 h $P 0 9
    } | lm-sign -k u1.jwk >in
    [ "$(judged in)" = 'period ok early price price ok ok ok' ]
}

@test "an entity has so many orders in a period, and no more" {
    {
        orders u1 a b c d
        orders u2 a
        orders u1 e
        order u1 f 2016-04-01T12:30Z/PT30M | lm-sign -k u1.jwk
        order u1 g $P 1 0.1 m2 | lm-sign -k u1.jwk
    } >in
    [ "$(judged in)" = 'ok ok ok quota ok quota ok ok' ]
    grep -q 'u1 has had the 3 orders that the rules allow' messages
    # Replacing and withdrawing are orders, too.
    {
        orders u1 a
        order u1 a | jq -c '.seq = 2' | lm-sign -k u1.jwk
        order u1 a $P 0 | jq -c '.seq = 3' | lm-sign -k u1.jwk
        order u1 a | jq -c '.seq = 4' | lm-sign -k u1.jwk
    } >in
    [ "$(judged in)" = 'ok ok ok quota' ]
    # Without rules, no quota.
    cp plain registry
    orders u1 a b c d >in
    [ "$(judged in)" = 'ok ok ok ok' ]
    # A market whose rules allow none.
    rules m1 0 >>registry
    [ "$(judged in)" = 'quota quota quota quota' ]
}

@test "rules count that hold when the period starts, are signed, and do not contradict each other" {
    orders u1 a b >in
    rules m1 1 | jq -c '.max_orders = 9' >unsigned
    cat plain unsigned >registry
    run -1 --separate-stderr verify in
    [ "${#lines[@]}" -eq 2 ]
    [[ $stderr == *"the root has not signed this market-rules of m1"* ]]
    # Later rules take over, for the periods that start in them.
    {
        cat plain
        rules m1 1
        printf '{"type":"market-rules","v":1,"market":"m1","regions":["north"],"valid":"2016-04-01T12:00Z/2016-04-01T12:30Z","currency":"EUR","period_minutes":30,"gate_minutes":15,"grace_seconds":60,"mechanism":"double-auction","price_rule":"midpoint","max_orders":2,"min_group":1}\n' |
            lm-sign -k registrar.jwk
    } >registry
    [ "$(judged in)" = 'ok ok' ]
    for id in a b; do order u1 $id 2016-04-01T12:30Z/PT30M; done | lm-sign -k u1.jwk >in
    [ "$(judged in)" = 'ok quota' ]
    { cat plain; rules m1 1; rules m1 2; } >registry
    [ "$(judged in)" = 'ambiguous ambiguous' ]
}

@test "rules that were logged after a gate do not count for its period" {
    logged() { jq -c --arg at "$1" '{type: "entry", v: 1, n: 0, at: $at, record: .}'; }
    strict() { # gate_minutes: no price above 0.1 from the first period on
        rules m1 3 | jq -c ".valid = \"2016-04-01T12:00Z/2017-01-01T00:00Z\" | .price_cap = \"0.1\" |
            .gate_minutes = $1 | del(.sig)" | lm-sign -k registrar.jwk
    }
    { cat plain; rules m1 3; } | logged 2016-01-01T00:00:00Z >old
    { order u1 a; order u1 b 2016-04-01T12:30Z/PT30M; } | lm-sign -k u1.jwk | logged 2016-04-01T11:40:00Z >in
    { cat old; strict 15 | logged 2016-04-01T11:45:00Z; } >registry
    [ "$(judged in)" = 'price price' ]
    { cat old; strict 15 | logged 2016-04-01T11:45:01Z; } >registry
    [ "$(judged in)" = 'ok price' ]
    # A gate of their own that closes later does not help them.
    { cat old; strict 0 | logged 2016-04-01T11:45:01Z; } >registry
    [ "$(judged in)" = 'ok price' ]
    # A far gate is of no account for periods that it is not the gate of, nor where it had closed
    # before anybody set it.
    far() { rules m1 3 | jq -c ".valid = \"$1\" | .gate_minutes = 100000 | del(.sig)" | lm-sign -k registrar.jwk; }
    { cat old; far 2016-12-01T00:00Z/2017-01-01T00:00Z | logged 2016-01-02T00:00:00Z
        strict 15 | logged 2016-03-10T00:00:00Z; } >registry
    [ "$(judged in)" = 'price price' ]
    { cat old; far 2016-03-01T00:00Z/2016-04-01T12:00Z | logged 2016-03-09T00:00:00Z
        strict 15 | logged 2016-03-10T00:00:00Z; } >registry
    [ "$(judged in)" = 'price price' ]
    # Nor do rules that come later still move the gate that these are judged by.
    { cat old; strict 15 | logged 2016-04-01T11:45:00Z; strict 9000 | logged 2016-04-20T00:00:00Z; } >registry
    [ "$(judged in)" = 'price price' ]
}

@test "whoever forges somebody's orders does not use up her quota" {
    {
        for i in {1..400}; do order u1 "x$i"; done | lm-sign -k u1.jwk | forge
        orders u1 a b
        for i in {1..50}; do order u1 "y$i"; done | lm-sign -k u1.jwk | forge
        orders u1 c d
    } >in
    for jobs in 1 2 5; do
        [ "$(judged in --jobs $jobs | tr ' ' '\n' | uniq -c | tr -s ' \n' ' ')" = \
            ' 400 bad_signature 2 ok 50 bad_signature 1 ok 1 quota ' ]
    done
    # At the quota no signature is looked at: nobody learns whether it would verify.
    { orders u1 a b c; orders u1 d | forge; } >in
    [ "$(judged in)" = 'ok ok ok quota' ]
}

@test "whoever repeats somebody's orders does not use up her quota, however they are spelled" {
    orders u1 a >one
    {
        cat one
        cat one
        respell <one
        sed 's/,/ ,/g' one
        # What it says was let in already: nobody looks at who says it again.
        respell <one | sed 's/"signature": *"..../"signature":"AAAA/'
        orders u1 b c d
    } >in
    [ "$(judged in)" = 'ok - - - - ok ok quota' ]
    run -0 verify one in --accept-rejects
    # In a log each entry stays.
    { cat one; respell <one; orders u1 b c d; respell <one; } | entries $now >logged
    [ "$(judged logged)" = 'ok ok ok ok quota ok' ]
}

@test "a repeat of what came too early is judged again, and never dropped" {
    order u1 a 2016-04-09T12:00Z/PT30M | lm-sign -k u1.jwk >early
    lm-keygen --id u4 --role user --supplier s1 --region north \
        --valid 2016-05-01T00:00Z/2017-01-01T00:00Z | lm-sign -k registrar.jwk >>registry
    order u4 a | lm-sign -k u4.jwk >later
    # An escaped NUL is no text; a repeat of that is one like all others.
    printf '{"type":"order","v":1,"x_":"\\u0000"}\n' >nul
    { cat early early later later early nul nul; orders u1 b; } >in
    # At once, and each line by itself.
    wanted='early early not_yet_valid not_yet_valid early nul repeated ok'
    [ "$(judged in)" = "$wanted" ]
    mkfifo pipe
    { while IFS= read -r line; do printf '%s\n' "$line"; sleep 0.05; done <in >pipe; } 3>&- &
    rm rejects
    run -0 --separate-stderr verify --accept-rejects --rejects rejects pipe
    [ "$(reasons rejects | tr '\n' ' ')" = "${wanted% ok} " ]
    [ "$output" = "$(tail -n 1 in)" ]
}

@test "what is cheap is checked first" {
    lm-keygen --id u9 --role user --supplier s1 --region north -o u9.jwk >u9.json
    {
        # late, of an unknown signer
        order u9 a 2016-04-01T11:00Z/PT30M | lm-sign -k u9.jwk
        # a price that may not be, with a bad signature
        order u1 a $P 2000 3 | lm-sign -k u1.jwk | forge
        # an unknown signer, with a bad signature
        orders u9 a | forge
        # a member too many, late
        order u1 a 2016-04-01T11:00Z/PT30M | lm-sign -k u1.jwk | sed 's/^{/{"y":1,/'
        # somebody else's, with a bad signature
        orders u1 a | sed 's/"from":"u1"/"from":"u2"/'
    } >in
    [ "$(judged in)" = 'late price unknown_signer unknown_member wrong_subject' ]
}

@test "any stream, any number of threads, any pauses: as if one record came after the other" {
    python3 - <<'PY' >plan
import random
rng = random.Random(20160401)
for n in range(1500):
    user = rng.choice(["u1", "u1", "u1", "u2", "u3"])
    half_hour = rng.choice(["12:00", "12:00", "12:30", "13:00"])
    print(user, f"o{rng.randrange(400)}", f"2016-04-01T{half_hour}Z/PT30M",
          rng.choice(["good", "good", "forged", "respelled"]))
PY
    rules m1 40 >limit
    cat plain limit >registry
    for user in u1 u2 u3; do
        grep "^$user" plan | sort -u -k 2,3 | while read -r from id period _; do order "$from" "$id" "$period"; done |
            lm-sign -k $user.jwk
    done >all
    # An oracle of its own: a dictionary of what was let in, and one of how many.
    python3 - <<'PY' >in
import json
signed = {}
for line in open("all"):
    record = json.loads(line)
    signed[record["from"], record["id"], record["period"]] = line.rstrip("\n")
seen, let_in, count, wanted = {}, set(), {}, []
for n, row in enumerate(open("plan")):
    user, name, period, kind = row.split()
    line = signed[user, name, period]
    if kind == "forged":
        line = line.replace('"energy_wh":2000', f'"energy_wh":{n + 3000}')
    if kind == "respelled":
        line = line.replace(",", "," + " " * (n % 5))
    print(line)
    if line in seen:
        wanted.append("-" if seen[line] in ("ok", "-") else "repeated")
        continue
    key, content = (user, period), (user, name, period)
    if kind != "forged" and content in let_in:
        result = "-"
    elif count.get(key, 0) >= 40:
        result = "quota"
    elif kind == "forged":
        result = "bad_signature"
    else:
        result = "ok"
        let_in.add(content)
        count[key] = count.get(key, 0) + 1
    seen[line] = result
    wanted.append(result)
open("wanted", "w").write(" ".join(wanted) + "\n")
PY
    for word in ok quota bad_signature repeated -; do
        [ "$(tr ' ' '\n' <wanted | grep -cx -e $word)" -ge 20 ]
    done
    for jobs in 1 2 7; do
        judged in --jobs $jobs >got
        diff <(tr ' ' '\n' <wanted) <(tr ' ' '\n' <got)
    done
    cp passed whole
    # Pauses make other batches.
    { for ((at = 1; at <= 1500; at += 211)); do sed -n "$at,$((at + 210))p" in; sleep 0.02; done; } |
        verify --accept-rejects --quiet 2>/dev/null | cmp - whole
}

@test "--bare refuses what comes in an entry" {
    orders u1 a >in
    # After the gate, in an entry that says otherwise.
    entries 2016-04-01T11:00:00Z <in >wrapped
    [ "$(judged wrapped --now 2016-04-01T13:00:00Z)" = ok ]
    [ "$(judged wrapped --now 2016-04-01T13:00:00Z --bare)" = unexpected_type ]
    [ "$(judged in --bare)" = ok ]
}

@test "--quiet counts what is rejected, and --rejects still has it all" {
    { orders u1 a b c d e; orders u2 a | forge; printf 'x\n{"a\n[]\n'; } >in
    run -1 --separate-stderr verify --quiet --rejects rejects in
    [ "${#lines[@]}" -eq 3 ]
    diff <(sed 's/:[^:]*$//' <<<"$stderr") - <<'EOF'
lm-verify: 2 rejected, json
lm-verify: 1 rejected, not_object
lm-verify: 1 rejected, bad_signature
lm-verify: 2 rejected, quota
EOF
    [ "$(wc -l <rejects)" -eq 6 ]
    # What is wrong with the registry is told all the same.
    cat plain <(rules m1 3 | jq -c '.max_orders = 9') >registry
    run -1 --separate-stderr verify -q in
    [[ $stderr == *"registry:$(wc -l <registry): the root has not signed"* ]]
}

# alerts: kind, from and count of each, one a line.
alerts() { jq -r '"\(.kind) \(.from) \(.count)"' alerts; }

@test "alerts: a signer at its quota that goes on" {
    { for i in {1..128}; do order u1 "o$i"; done | lm-sign -k u1.jwk; orders u2 a b c d; } >in
    run -1 --separate-stderr verify --alerts alerts in
    [ "${#lines[@]}" -eq 6 ]
    # One when it begins, one for each tenfold, and the other signer's.
    [ "$(alerts)" = $'quota u1 1\nquota u1 10\nquota u1 100\nquota u2 1\njunk null 126' ]
    # They are records that others pass over, and of this instant.
    run -0 --separate-stderr lm-clear alerts
    [ -z "$stderr$output" ]
    jq -e --arg now $now 'select(.at != $now or .program != "lm-verify")' alerts | wc -l | grep -qx 0
    # Appended, and the same for any number of threads.
    cp alerts once
    run -1 verify --alerts alerts --jobs 5 in
    cat once once | cmp - alerts
}

@test "alerts: forgeries in somebody's name, and none for a few" {
    { for i in {1..9}; do order u2 "o$i"; done | lm-sign -k u2.jwk | forge; } >few
    run -1 verify --alerts alerts few
    [ ! -s alerts ]
    { cat few; for i in {10..120}; do order u1 "o$i"; done | lm-sign -k u1.jwk | forge; } >many
    run -1 verify --alerts alerts many
    [ "$(alerts)" = $'bad_signature u1 10\nbad_signature u1 100\njunk null 120' ]
}

@test "alerts: most of a stream is junk" {
    junk() { for ((n = 0; n < $1; n++)); do echo "junk $2 $n"; done; }
    good() { for ((n = 0; n < $1; n++)); do order u1 "o$n"; done | lm-sign -k u1.jwk; }
    cp plain registry
    # Half of it is not most of it.
    { junk 500 a; good 500; } >in
    run -1 verify --alerts alerts in
    [ ! -s alerts ]
    # Twelve thousand lines in a row: told after the first thousand and after the tenth.
    junk 12000 b >in
    run -65 verify --quiet --alerts alerts in
    [ "$(alerts)" = $'junk null 1000\njunk null 10000' ]
    # After a calm it is told again.
    rm alerts
    { junk 1000 c; good 1000; junk 1000 d; } >in
    run -1 verify --quiet --alerts alerts in
    [ "$(alerts)" = $'junk null 1000\njunk null 1000' ]
}

@test "an alert does not wait for the end of the stream, and a full disk is an error" {
    mkfifo pipe
    orders u1 a b c d >in
    verify --accept-rejects --alerts alerts pipe >/dev/null 2>&1 3>&- &
    exec 5>pipe
    cat in >&5
    for _ in {1..100}; do
        [ -s alerts ] && break
        sleep 0.05
    done
    [ "$(alerts)" = 'quota u1 1' ]
    exec 5>&-
    wait $!
    run -74 --separate-stderr verify --alerts /dev/full in
    [[ $stderr == *"No space left on device"* ]]
    run -74 verify --alerts no/such/folder in
    run -2 verify --alerts in in
}

# peak FILE OPTION…: peak memory in KiB.
peak() {
    python3 - "$@" <<'PY'
import os, subprocess, sys
process = subprocess.Popen(
    ["lm-verify", "-r", "registry", "--root", "registrar.jwk", "--now", "2016-04-01T11:00:00Z",
     "--quiet", "--jobs", "2", "--accept-rejects", *sys.argv[2:], sys.argv[1]],
    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(os.wait4(process.pid, 0)[2].ru_maxrss)
PY
}

@test "memory does not grow with what arrives" {
    # Repeats are remembered for 2^20 lines, by 25 bytes each: what else is kept is the batch.
    orders u1 a >one
    python3 - <<'PY'
import json
order = json.loads(open("one").read())
sig = order.pop("sig")
def stream(name, count):
    with open(name, "w") as out:
        for n in range(count):
            order["id"] = f"o{n}"
            order["period"] = f"2016-04-{2 + n % 6:02d}T{n // 6 % 24:02d}:{n % 2 * 30:02d}Z/PT30M"
            out.write(json.dumps(order | {"sig": sig}) + "\n")
stream("few", 1500)
stream("many", 40000)
with open("deep", "w") as out:
    for n in range(400):
        out.write('{"x_":' + "[" * 20000 + str(n) + "]" * 20000 + "}\n")
with open("wide", "w") as out:
    for n in range(200):
        out.write("{" + ",".join(f'"x_{n}_{i}":1' for i in range(4500)) + "}\n")
PY
    small=$(peak few)
    # An address sanitizer keeps what is freed.
    if grep -qa __asan_init "$LM_BIN/lm-verify"; then small=$((small + 1048576)); fi
    # Forgeries in every period that is open leave nothing behind; 40000 lines take 1 MiB to remember.
    [ "$(peak many)" -lt $((small + 8192)) ]
    # A batch of the largest lines is 4 MiB, and one thread parses one of them at a time.
    [ "$(peak deep)" -lt $((small + 40960)) ]
    [ "$(peak wide)" -lt $((small + 40960)) ]
}
