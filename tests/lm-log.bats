# lm-log: logs, receipts, checkpoints, witnesses and proofs. What is right is said by
# tests/oracle/log.py, which shares nothing with lm.
# bats runs each command in a subshell, and sets what shellcheck does not know.
# shellcheck disable=SC2154,SC2030,SC2031
bats_require_minimum_version 1.5.0
load helper
load programs

NOW=2016-04-01T11:00:00Z
PERIOD=2016-04-01T12:00Z/PT30M

setup_file() {
    cd "$BATS_FILE_TMPDIR" || exit
    entity --id registrar --role registrar
    entity --id m1 --role market --region north
    entity --id s1 --role supplier --region north
    entity --id u1 --role user --supplier s1 --region north
    entity --id w1 --role auditor
    entity --id w2 --role auditor
    market_rules m1 15 | lm-sign -k registrar.jwk >rules.ndjson
    local i
    for i in {1..600}; do
        order "o$i" "$i" 0.11 offer
    done | lm-sign -k u1.jwk >orders
    lm-log vkey -k m1.jwk --origin m1/market.log >m1.vkey
    lm-log vkey -k w1.jwk >w1.vkey
    lm-log vkey -k w2.jwk --name witness.example/w2 >w2.vkey
}

setup() {
    cd "$BATS_TEST_TMPDIR" || exit
    F=$BATS_FILE_TMPDIR
    # make check-crash wants more of them.
    ROUNDS=${LM_CRASH_ROUNDS:-${LM_QUICK:+20}}
    ORACLE=$LM_ROOT/tests/oracle
    PRELOAD=${LM_BUILD:-${LM_BIN%/bin}}/tests/preload
}

market_rules() { # market_rules MARKET GATE
    printf '{"currency":"EUR","gate_minutes":%d,"grace_seconds":60,"market":"%s","max_orders":10,' "$2" "$1"
    printf '"mechanism":"double-auction","min_group":1,"period_minutes":30,"price_rule":"midpoint",'
    printf '"regions":["north"],"type":"market-rules","v":1,"valid":"2016-01-01T00:00Z/2017-01-01T00:00Z"}\n'
}

# append [OPTION…] [FILE…]: to market.log, as m1.
append() {
    given --now "$@" || set -- --now "$NOW" "$@"
    lm-log append market.log -k "$F/m1.jwk" "$@"
}

checkpoint() {
    given --now "$@" || set -- --now "$NOW" "$@"
    lm-log checkpoint market.log -k "$F/m1.jwk" "$@"
}

# cosign WITNESS [OPTION…] [FILE]: by its own state.
cosign() {
    local witness=$1
    shift
    lm-log cosign -k "$F/$witness.jwk" --state "$witness.seen" --log-key "$F/m1.vkey" --now "$NOW" "$@"
}

oracle() {
    python3 "$ORACLE/log.py" "$@"
}

# logged N: a log of the first N orders, with receipts and checkpoint.
logged() {
    head -n "$1" "$F/orders" | append >receipts
    checkpoint >/dev/null
}

# hashes: those of a proof on stdin, one a line.
hashes() {
    sed -n '/^\(index\|old\) /,/^$/p' | sed '1d;/^$/d'
}

# other LINE [FILE…]: with another first letter in that line.
other() {
    local line=$1
    shift
    sed "$line{s/^x/y/;t;s/^./x/}" "$@"
}

# ---- append ----

@test "entries are canonical and numbered, and each has a receipt that its keeper signed" {
    head -n 20 "$F/orders" >some
    run -0 --separate-stderr append some
    [[ -z $stderr ]]
    printf '%s\n' "$output" >receipts
    checkpoint >/dev/null
    [[ $(oracle check market.log market.log.checkpoint receipts) == "20 20" ]]
    diff <(jq -c .record market.log | jq -Sc .) <(jq -Sc . some)
    [[ $(jq -r .log receipts | sort -u) == m1/market.log ]]
    lm-verify -r "$F/registry.ndjson" --root "$F/registrar.jwk" --now "$NOW" receipts | cmp - receipts
    [[ $(stat -c %a market.log) == 600 ]]
}

@test "a record that is there already gets the receipt of its entry again" {
    logged 5
    cp market.log before
    head -n 5 "$F/orders" | append | cmp - receipts
    cmp market.log before
    # Twice in one batch, spelled otherwise, and in an entry.
    { sed -n 6p "$F/orders"; sed -n 6p "$F/orders"; sed -n 6p "$F/orders" | jq -c '{sig} + .'; } | append >six
    [[ $(sort -u six | wc -l) -eq 1 && $(wc -l <six) -eq 3 ]]
    [[ $(wc -l <market.log) -eq 6 ]]
    append before | cmp - receipts
    [[ $(wc -l <market.log) -eq 6 ]]
    # After its gate, too: it is a receipt for what came in time.
    head -n 1 "$F/orders" | append --now 2016-04-01T12:10:00Z | cmp - <(head -n 1 receipts)
}

@test "what is not signed is not logged" {
    order a 100 0.11 offer >unsigned
    run -1 --separate-stderr append --rejects rejects unsigned
    [[ -z $output ]]
    [[ $(reasons rejects) == unsigned ]]
    [[ ! -s market.log ]]
}

@test "an order is refused from the instant at which its gate closes" {
    sed -n 1p "$F/orders" >one
    sed -n 2p "$F/orders" >two
    # Gate: 15 minutes before 12:00.
    run -0 append --rules "$F/rules.ndjson" --now 2016-04-01T11:44:59Z one
    run -1 --separate-stderr append --rules "$F/rules.ndjson" --now 2016-04-01T11:45:00Z --rejects rejects two
    [[ $stderr == *"two:1: the gate of $PERIOD closed at 2016-04-01T11:45:00Z" ]]
    [[ $(reasons rejects) == late ]]
    [[ $(wc -l <market.log) -eq 1 ]]
    # Without rules, the start of the period.
    run -0 append --now 2016-04-01T11:59:59Z two
    run -1 --separate-stderr append --now 2016-04-01T12:00:00Z <(sed -n 3p "$F/orders")
    [[ $stderr == *"closed at 2016-04-01T12:00:00Z" ]]
    [[ $(wc -l <market.log) -eq 2 ]]
}

@test "the time that counts is the log's, which does not go back: a clock set back opens no gate" {
    sed -n 1p "$F/orders" | append --now 2016-04-01T11:44:00Z
    market_rules m1 15 | lm-sign -k "$F/registrar.jwk" | append --now 2016-04-01T11:50:00Z
    run -1 --separate-stderr append --rules market.log --now 2016-04-01T11:30:00Z <(sed -n 2p "$F/orders")
    [[ $stderr == *"closed at 2016-04-01T11:45:00Z" ]]
    market_rules m2 15 | lm-sign -k "$F/registrar.jwk" | append --now 2016-04-01T10:00:00Z >receipt
    [[ $(jq -r .at receipt) == 2016-04-01T11:50:00Z ]]
    [[ $(jq -r .at market.log | sort -c && wc -l <market.log) -eq 3 ]]
}

@test "nothing is dated before the last checkpoint, where a clock was set back" {
    # By that its keeper has said that there was no such entry then.
    sed -n 1p "$F/orders" | append --now 2016-04-01T11:00:00Z >receipts
    checkpoint --now 2016-04-01T11:20:00Z >signed
    sed -n 2p "$F/orders" | append --now 2016-04-01T11:10:00Z >receipt
    [[ $(jq -r .at receipt) == 2016-04-01T11:20:00Z ]]
    # Nor is a gate open again that had closed when it was signed.
    checkpoint --now 2016-04-01T12:30:00Z >signed
    run -1 --separate-stderr append --now 2016-04-01T11:10:00Z <(sed -n 3p "$F/orders")
    [[ -z $output && $stderr == *"12:00:00Z"* ]]
    [[ $(wc -l <market.log) -eq 2 ]]
}

@test "a gate that closes while an order waits for the log is closed" {
    local before after receipt
    export ASAN_OPTIONS=verify_asan_link_order=0
    before=$(date -ud 2016-04-01T11:44:59Z +%s)
    after=$((before + 1))
    # The clock goes on whenever the log is locked: when the program starts, then for each order.
    printf '%s\n' "$before" "$before" "$before" "$after" "$after" >clock
    coproc LD_PRELOAD="$PRELOAD/clock.so" LM_CLOCK="$PWD/clock" \
        lm-log append market.log -k "$F/m1.jwk" --rules "$F/rules.ndjson" --rejects rejects 2>messages
    local pid=$COPROC_PID out=${COPROC[0]}
    sed -n 1p "$F/orders" >&"${COPROC[1]}"
    read -r receipt <&"$out"
    [[ $(jq -r .at <<<"$receipt") == 2016-04-01T11:44:59Z ]]
    # Read while the gate was open; the lock came when it had closed.
    sed -n 2,3p "$F/orders" >&"${COPROC[1]}"
    eval "exec ${COPROC[1]}>&-"
    local status=0
    wait "$pid" || status=$?
    [[ $status -eq 1 ]]
    [[ $(reasons rejects) == $'late\nlate' ]]
    [[ $(wc -l <market.log) -eq 1 ]]
}

@test "rules that are appended count from then on" {
    {
        sed -n 1p "$F/orders"
        cat "$F/rules.ndjson"
        sed -n 2p "$F/orders"
    } >stream
    run -1 --separate-stderr append --now 2016-04-01T11:50:00Z stream
    [[ ${#lines[@]} -eq 2 ]]
    [[ $stderr == "lm-log: stream:3: the gate of $PERIOD closed at 2016-04-01T11:45:00Z" ]]
}

@test "where rules are known, an order to another market or of another length is refused" {
    market_rules m2 15 | lm-sign -k "$F/registrar.jwk" >others
    run -1 --separate-stderr append --rules others --rejects rejects <(head -n 1 "$F/orders")
    [[ $(reasons rejects) == missing_record ]]
    order a 100 0.11 offer | sed 's/PT30M/PT60M/' | lm-sign -k "$F/u1.jwk" >hour
    run -1 --separate-stderr append --rules "$F/rules.ndjson" --rejects rejects2 hour
    [[ $(reasons rejects2) == period ]]
    [[ ! -s market.log ]]
}

@test "with --strict nothing behind the first rejected line is logged" {
    { sed -n 1p "$F/orders"; order x 1 0.1 bid; sed -n 2p "$F/orders"; } >stream
    run -1 --separate-stderr append --strict stream
    [[ $(wc -l <market.log) -eq 1 ]]
    [[ ${#lines[@]} -eq 1 ]]
}

@test "several append at once: every receipt is kept, and all of it is one log" {
    local i
    for i in 0 1 2 3; do
        # In small pieces, so that they meet; a quarter is sent by two.
        sed -n "$((1 + 100 * i)),$((150 + 100 * i))p" "$F/orders" |
            while IFS= read -r line; do printf '%s\n' "$line"; done |
            append >"receipts$i" 2>"errors$i" &
    done
    wait
    [[ -z $(cat errors?) ]]
    checkpoint >/dev/null
    [[ $(oracle check market.log market.log.checkpoint receipts0 receipts1 receipts2 receipts3) == "450 600" ]]
    [[ $(jq -c .record market.log | sort | uniq -d | wc -l) -eq 0 ]]
}

@test "--origin names the log, and the last checkpoint keeps to it" {
    head -n 1 "$F/orders" | append --origin market.example/2016 >receipt
    [[ $(jq -r .log receipt) == market.example/2016 ]]
    checkpoint --origin market.example/2016 >/dev/null
    sed -n 2p "$F/orders" | append | jq -e '.log == "market.example/2016"'
    run -2 --separate-stderr append --origin another <(sed -n 3p "$F/orders")
    [[ $stderr == *"last checkpoint calls it 'market.example/2016'"* ]]
    run -2 --separate-stderr append --origin 'a b' </dev/null
    run -2 --separate-stderr lm-log append 'my log' -k "$F/m1.jwk" </dev/null
    [[ $stderr == *"'m1/my log' cannot name a log"* ]]
}

# ---- what crashes leave ----

@test "a torn end is cut off and reported" {
    logged 3
    cp market.log whole
    sed -n 4p "$F/orders" | append >/dev/null
    tail -n 1 market.log >fourth
    local cut
    for cut in 1 10 200 460; do
        { cat whole; head -c "$cut" fourth; } >market.log
        run -0 --separate-stderr append <(sed -n 5p "$F/orders")
        [[ $stderr == "lm-log: market.log: cut off a torn end of $cut bytes, for which no receipt was given" ]]
        head -n 3 market.log | cmp - whole
        [[ $(oracle check market.log) == "4 0" ]]
        [[ $cut -ne 10 ]] || rm market.log.index
    done
}

@test "zeros that were never written over are cut as well; checkpoint repairs, too" {
    logged 3
    head -c 5000 /dev/zero >>market.log
    run -0 --separate-stderr checkpoint
    [[ $stderr == "lm-log: market.log: cut off a torn end of 5000 bytes"* ]]
    [[ $(oracle check market.log market.log.checkpoint receipts) == "3 3" ]]
}

@test "damage that no crash leaves is not touched" {
    logged 6
    local damage
    for damage in '2s/energy_wh":2/energy_wh":3/;2s/^{"at"/{"bt"/' 3d '4s/"n":3/"n":7/' 's/T11:00:00Z","n":5/T10:00:00Z","n":5/' '2s/.*/no entry/' '6s/":/": /'; do
        sed "$damage" market.log >damaged
        cp damaged damaged.log
        run -74 --separate-stderr lm-log append damaged.log -k "$F/m1.jwk" --now "$NOW" "$F/orders"
        [[ $stderr == *"damaged.log: is damaged at line "*", and not as a crash does it"* ]]
        [[ -z $output ]]
        cmp damaged damaged.log
        run -74 lm-log checkpoint damaged.log -k "$F/m1.jwk"
        cmp damaged damaged.log
        rm -f damaged.log.index
    done
}

@test "the index is made again from the log, byte for byte, where it is missing or wrong" {
    logged 100
    cp market.log.index right
    head -n 50 "$F/orders" | lm-log append other.log -k "$F/m1.jwk" --now "$NOW" >/dev/null
    local wrong
    for wrong in missing empty cut zeros other noise; do
        case $wrong in
        missing) rm market.log.index ;;
        empty) : >market.log.index ;;
        cut) head -c 1234 right >market.log.index ;;
        zeros) { head -c 3200 right; head -c 3200 /dev/zero; tail -c +6401 right; } >market.log.index ;;
        other) cp other.log.index market.log.index ;;
        noise) head -c 20000 "$F/orders" >market.log.index ;;
        esac
        # Proofs do not depend on it.
        lm-log prove market.log 42 2>/dev/null | hashes | cmp - <(oracle inclusion market.log 42 100)
        head -n 100 "$F/orders" | append 2>/dev/null | cmp - receipts
        cmp market.log.index right
    done
}

@test "hashes of the index that are wrong come out at the next proof and checkpoint" {
    logged 64
    # The root of the first 32 entries, the last slot of the 32nd.
    python3 - <<'PYTHON'
with open("market.log.index", "r+b") as index:
    index.seek(32 * (3 * 32 - 1))
    index.write(b"x" * 32)
PYTHON
    run -0 --separate-stderr lm-log prove market.log 40
    [[ $stderr == *"its index is missing or wrong, and the whole log was read"* ]]
    hashes <<<"$output" | cmp - <(oracle inclusion market.log 40 64)
    sed -n 65p "$F/orders" | append >/dev/null
    checkpoint >/dev/null
    oracle check market.log market.log.checkpoint
    run -0 --separate-stderr lm-log prove market.log 40
    [[ -z $stderr ]]
    hashes <<<"$output" | cmp - <(oracle inclusion market.log 40 65)
}

@test "a full disk gives 74 and no receipt, and loses none" {
    # Files may have so many blocks of 1024 bytes: the log outgrows them in the middle of a batch.
    head -n 20 "$F/orders" | append >receipts
    run -74 --separate-stderr bash -c 'ulimit -f 40; exec "$@"' _ \
        lm-log append market.log -k "$F/m1.jwk" --now "$NOW" "$F/orders"
    [[ $stderr == *"market.log: File too large" ]]
    [[ -z $output ]]
    [[ $(oracle check market.log - receipts) == "20 20" ]]
    append "$F/orders" >again
    checkpoint >/dev/null
    [[ $(oracle check market.log market.log.checkpoint receipts again) == "600 620" ]]
}

@test "a file system that is full" {
    [[ $(id -u) -eq 0 ]] || skip "mounting takes root"
    mkdir disk
    mount -t tmpfs -o size=256k tmpfs disk 2>/dev/null || skip "no tmpfs can be mounted here"
    local status=0
    lm-log append disk/market.log -k "$F/m1.jwk" --now "$NOW" "$F/orders" >receipts 2>errors || status=$?
    cp disk/market.log left.log
    umount disk
    [[ $status -eq 74 ]]
    [[ $(<errors) == *"No space left on device"* ]]
    oracle check left.log - receipts
}

@test "an fsync that fails gives 74 and no receipt, and what was written is cut off" {
    export ASAN_OPTIONS=verify_asan_link_order=0
    logged 5
    cp market.log before
    run -74 --separate-stderr env LD_PRELOAD="$PRELOAD/sync.so" LM_SYNC_FAIL=1 \
        lm-log append market.log -k "$F/m1.jwk" --now "$NOW" "$F/orders"
    [[ $stderr == *"market.log: Input/output error" ]]
    [[ -z $output ]]
    cmp market.log before
    [[ $(append "$F/orders" | wc -l) -eq 600 ]]
    oracle check market.log - receipts
    # A log whose name is not on the disk is none.
    run -74 env LD_PRELOAD="$PRELOAD/sync.so" LM_SYNC_FAIL=1 \
        lm-log append new.log -k "$F/m1.jwk" --now "$NOW" "$F/orders"
    # Nor a checkpoint.
    cp market.log.checkpoint last
    run -74 --separate-stderr env LD_PRELOAD="$PRELOAD/sync.so" LM_SYNC_FAIL=1 \
        lm-log checkpoint market.log -k "$F/m1.jwk" --now "$NOW"
    [[ -z $output ]]
    cmp market.log.checkpoint last
}

@test "entries that nobody knows to be on the disk are synchronised before anything follows them" {
    export ASAN_OPTIONS=verify_asan_link_order=0
    logged 5
    cp market.log.index early
    sed -n 6,9p "$F/orders" | append >/dev/null
    cp early market.log.index # as if the program had been killed before it wrote the index
    size=$(stat -c %s market.log)
    sed -n 1p "$F/orders" | LD_PRELOAD=$PRELOAD/sync.so LM_SYNC_TRACE=$PWD/trace \
        lm-log append market.log -k "$F/m1.jwk" --now "$NOW" | cmp - <(head -n 1 receipts)
    [[ $(<trace) == "$(stat -c %i market.log) $size" ]]
}

@test "killed at 100 random instants under load: every receipted entry is there" {
    cp "$F/m1.jwk" .
    run -0 python3 "$ORACLE/log_crash.py" "$LM_BIN" none "${ROUNDS:-100}"
    # They were at work when they were killed.
    [[ $output =~ ^([0-9]+)\ rounds,\ ([0-9]+)\ receipts && ${BASH_REMATCH[2]} -gt $((20 * BASH_REMATCH[1])) ]]
    lm-log checkpoint log -k m1.jwk --now "$NOW" >note
    oracle check log note receipts
    lm-log cat log >/dev/null
}

@test "power cut at random instants: what was not synchronised may go, what was receipted stays" {
    cp "$F/m1.jwk" .
    run -0 python3 "$ORACLE/log_crash.py" "$LM_BIN" "$PRELOAD/sync.so" "${ROUNDS:-40}" --power
    # It did cut into entries.
    [[ $output != *" 0 torn ends" ]]
    lm-log checkpoint log -k m1.jwk --now "$NOW" >note
    oracle check log note receipts
}

# ---- checkpoints ----

@test "a checkpoint has the root of the tree, of every size" {
    local n
    : >market.log
    checkpoint >note
    [[ $(sed -n 2,3p note) == $'0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=' ]]
    for n in {1..20}; do
        sed -n "${n}p" "$F/orders" | append >/dev/null
        checkpoint >note
        cmp note market.log.checkpoint
        [[ $(sed -n 1,3p note) == m1/market.log$'\n'$n$'\n'$(oracle root market.log "$n") ]]
        [[ $(wc -l <note) -eq 6 ]]
    done
}

@test "a checkpoint says when it was made, and not before the last entry" {
    logged 3
    # The second signature: key id, eight bytes of time, and the signature.
    stamp() { sed -n '6s/.* //p' "$1" | base64 -d | od -An -tu8 --endian=big -j4 -N8 | tr -d ' '; }
    [[ $(stamp market.log.checkpoint) -eq $(date -d "$NOW" +%s) ]]
    checkpoint --now 2016-04-01T10:00:00Z >note
    [[ $(stamp note) -eq $(date -d "$NOW" +%s) ]]
    checkpoint --now 2016-04-01T11:30:00Z >note
    checkpoint --now 2016-04-01T11:10:00Z >note
    [[ $(stamp note) -eq $(date -d 2016-04-01T11:30:00Z +%s) ]]
}

@test "a log that does not continue its last checkpoint is not signed" {
    logged 10
    cp market.log.checkpoint last
    forged() { # forged FILE: as the log, with or without an index of its own
        cp "$1" market.log
        run -1 --separate-stderr checkpoint
        [[ -z $output ]]
        [[ $stderr == *"are not those of its last checkpoint"* ]]
        cmp market.log.checkpoint last
        rm -f market.log.index
        run -1 --separate-stderr checkpoint
        cmp market.log.checkpoint last
    }
    cp market.log honest
    # An entry altered (its signature stays, for all the log cares), a log begun anew, one cut back.
    sed '4s/"energy_wh":4,/"energy_wh":40,/' honest >altered
    forged altered
    { sed -n 11,30p "$F/orders"; } | lm-log append anew.log -k "$F/m1.jwk" --now "$NOW" >/dev/null
    forged anew.log
    head -n 9 honest >shorter
    forged shorter
    # And the honest one is, still.
    cp honest market.log
    checkpoint >/dev/null
}

@test "a last checkpoint that is another's, or none, is not passed over" {
    logged 3
    run -1 --separate-stderr lm-log checkpoint market.log -k "$F/s1.jwk" --now "$NOW"
    [[ $stderr == *"market.log.checkpoint: the note has no signature by this key"* ]]
    other 3 -i market.log.checkpoint
    run -1 --separate-stderr checkpoint
    [[ -z $output ]]
    echo rubbish >market.log.checkpoint
    run -1 --separate-stderr checkpoint
    [[ $stderr == *"market.log.checkpoint: not a signed note"* ]]
    # By one that cannot be read nobody knows what was promised, nor in which name.
    printf 'm1/market.log\n' >cut.checkpoint
    mkfifo pipe
    for damaged in /dev/null "$PWD/cut.checkpoint" "$PWD/pipe"; do
        ln -sf "$damaged" market.log.checkpoint
        run ! --separate-stderr timeout 20 lm-log append market.log -k "$F/m1.jwk" --now "$NOW" \
            <(sed -n 4p "$F/orders")
        [[ -z $output && $stderr == *"market.log.checkpoint: "* ]]
    done
    [[ $(wc -l <market.log) -eq 3 ]]
    run -66 lm-log checkpoint market.log -k "$F/nobody.jwk" --now "$NOW"
    run -66 lm-log checkpoint missing.log -k "$F/m1.jwk"
    [[ ! -e missing.log ]]
}

@test "-o keeps the checkpoint in another place" {
    head -n 3 "$F/orders" | append >/dev/null
    checkpoint -o here >note
    cmp here note
    [[ ! -e market.log.checkpoint ]]
    sed -i '1s/"energy_wh":1,/"energy_wh":11,/' market.log
    run -1 checkpoint -o here
    cmp here note
}

# ---- witnesses ----

@test "a witness cosigns what continues the last checkpoint that it saw, by proof or by the log" {
    logged 7
    cosign w1 --first market.log.checkpoint >one
    diff <(head -n 6 one) market.log.checkpoint
    [[ $(tail -n 1 one) == '— w1 '* ]]
    cmp w1.seen market.log.checkpoint
    # The same once more: nothing to prove.
    cosign w1 one | cmp - one
    sed -n 8,20p "$F/orders" | append >/dev/null
    checkpoint >/dev/null
    lm-log prove market.log --from 7 | cosign w1 >two
    [[ $(sed -n 2p w1.seen) -eq 20 ]]
    sed -n 21,40p "$F/orders" | append >/dev/null
    checkpoint >/dev/null
    cosign w1 --log market.log <market.log.checkpoint >three
    [[ $(sed -n 2p three) -eq 40 ]]
    # And a second witness on top.
    lm-log cosign -k "$F/w2.jwk" --name witness.example/w2 --state w2.seen --first --now "$NOW" \
        --log-key "$F/m1.vkey" three >both
    lm-log prove market.log 30 --checkpoint both |
        lm-log check --leaf "$(oracle leaf market.log 30)" --log-key "$F/m1.vkey" -w "$F/w1.vkey" -w "$(<"$F/w2.vkey")"
}

@test "a witness takes the log's key from a registry, and keeps its state all the same" {
    mkdir state
    by_registry() {
        lm-log cosign -k "$F/w1.jwk" --state state/seen -r "$F/registry.ndjson" \
            --root "$F/registrar.jwk" --now "$NOW" "$@"
    }
    logged 7
    by_registry --first market.log.checkpoint >one
    cosign w1 --first market.log.checkpoint | cmp - one
    sed -n 8,20p "$F/orders" | append >/dev/null
    checkpoint >/dev/null
    by_registry --log market.log market.log.checkpoint >two
    cmp state/seen market.log.checkpoint
    mkdir fork
    (cd fork && sed -n 101,130p "$F/orders" | append >/dev/null && checkpoint >/dev/null)
    run -1 --separate-stderr by_registry --log fork/market.log fork/market.log.checkpoint
    [[ -z $output ]]
    cmp state/seen market.log.checkpoint
    cmp state/seen.fork fork/market.log.checkpoint
}

@test "a witness refuses a fork, a log that goes back, and what proves nothing" {
    logged 7
    cosign w1 --first market.log.checkpoint >/dev/null
    sed -n 8,20p "$F/orders" | append >/dev/null
    checkpoint >/dev/null
    lm-log prove market.log --from 7 >proof
    refused() { # refused PATTERN [OPTION…]: of stdin
        local pattern=$1 seen
        shift
        seen=$(<w1.seen)
        run -1 --separate-stderr cosign w1 "$@"
        [[ -z $output && $stderr == *$pattern* ]]
        [[ $(<w1.seen) == "$seen" ]]
    }
    refused 'no proof from the 7 entries' market.log.checkpoint
    lm-log prove market.log --from 6 >six
    refused 'no proof from the 7 entries' six
    other 3 proof >altered
    refused 'does not show' altered
    cosign w1 proof >/dev/null
    [[ ! -e w1.seen.fork ]]

    # Another log by the same key and name, as long, and longer.
    mkdir fork
    (cd fork && sed -n 101,120p "$F/orders" | append >/dev/null && checkpoint >/dev/null)
    refused 'forked: two roots of 20 entries' fork/market.log.checkpoint
    cmp w1.seen.fork fork/market.log.checkpoint
    (cd fork && sed -n 121,130p "$F/orders" | append >/dev/null && checkpoint >/dev/null)
    (cd fork && lm-log prove market.log --from 20) >proof
    refused 'does not show' proof
    refused 'is not the log of both' --log fork/market.log fork/market.log.checkpoint
    # The first that was kept stays.
    [[ $(sed -n 2p w1.seen.fork) -eq 20 ]]
}

@test "a witness refuses a log that goes back, though the log signed it once" {
    logged 7
    cp market.log.checkpoint seven
    sed -n 8,20p "$F/orders" | append >/dev/null
    checkpoint >/dev/null
    cosign w1 --first market.log.checkpoint >/dev/null
    run -1 --separate-stderr cosign w1 seven
    [[ $stderr == *"goes back from 20 to 7 entries"* && -z $output ]]
    run -1 cosign w1 --log market.log seven
}

@test "a witness trusts one key and one log, and no state that got lost" {
    logged 3
    run -66 --separate-stderr cosign w1 market.log.checkpoint
    [[ $stderr == *"w1.seen: no checkpoint was seen before"*"hint: --first"* ]]
    [[ ! -e w1.seen ]]
    lm-log vkey -k "$F/s1.jwk" --origin m1/market.log >wrong.vkey
    run -1 --separate-stderr lm-log cosign -k "$F/w1.jwk" --state w1.seen --first --log-key wrong.vkey market.log.checkpoint
    [[ $stderr == *"no signature by this key of m1/market.log"* ]]
    lm-log vkey -k "$F/m1.jwk" --origin m1/other.log >wrong.vkey
    run -1 --separate-stderr lm-log cosign -k "$F/w1.jwk" --state w1.seen --first --log-key wrong.vkey market.log.checkpoint
    [[ $stderr == *"a checkpoint of m1/market.log, not of m1/other.log"* ]]
    run -2 lm-log cosign -k "$F/w1.jwk" --state w1.seen --first --log-key "$F/w1.vkey" market.log.checkpoint
    other 3 market.log.checkpoint >altered
    run -1 cosign w1 --first altered
    [[ ! -e w1.seen ]]
    cosign w1 --first market.log.checkpoint >/dev/null
    run -2 --separate-stderr cosign w1 --first market.log.checkpoint
    [[ $stderr == *"a checkpoint was seen before"* ]]
    # A state that somebody wrote.
    sed -i '2s/.*/2/' w1.seen
    run -1 --separate-stderr cosign w1 market.log.checkpoint
    [[ $stderr == *"w1.seen: bad signature"* ]]
}

@test "a witness that several ask at once never goes back" {
    local n
    logged 5
    cosign w1 --first market.log.checkpoint >/dev/null
    for n in {6..25}; do
        sed -n "${n}p" "$F/orders" | append >/dev/null
        checkpoint >"note$n"
    done
    for n in {6..25}; do
        cosign w1 --log market.log "note$n" >"cosigned$n" 2>/dev/null &
    done
    wait
    [[ $(sed -n 2p w1.seen) -eq 25 ]]
    [[ -s cosigned25 ]]
}

# ---- proofs ----

@test "proofs are those of RFC 6962, for every entry and every earlier size" {
    local n
    logged 21
    for n in {0..20}; do
        lm-log prove market.log "$n" >proof
        [[ $(head -n 2 proof) == c2sp.org/tlog-proof@v1$'\n'"index $n" ]]
        hashes <proof | cmp - <(oracle inclusion market.log "$n" 21)
        sed '1,/^$/d' proof | cmp - market.log.checkpoint
        lm-log check proof --log-key "$F/m1.vkey" --receipt <(sed -n "$((n + 1))p" receipts)
    done
    for n in {0..21}; do
        lm-log prove market.log --from "$n" >proof
        [[ $(head -n 1 proof) == "old $n" ]]
        hashes <proof | cmp - <(oracle consistency market.log "$n" 21)
    done
    run -1 --separate-stderr lm-log prove market.log 21
    [[ $stderr == *"entry 21 is not under the checkpoint, which has 21 entries" ]]
    run -1 lm-log prove market.log --from 22
    # Entries behind the checkpoint make no difference.
    sed -n 22,30p "$F/orders" | append >/dev/null
    lm-log prove market.log 20 | hashes | cmp - <(oracle inclusion <(head -n 21 market.log) 20 21)
}

@test "a log that is not its checkpoint's proves nothing" {
    logged 10
    sed -i '4s/"energy_wh":4,/"energy_wh":8,/' market.log
    # What is proved of the others is true.
    lm-log prove market.log 0 | lm-log check --log-key "$F/m1.vkey" --receipt <(head -n 1 receipts)
    run -1 --separate-stderr lm-log prove market.log 3
    [[ -z $output && $stderr == *"its first 10 entries do not have the checkpoint's root"* ]]
    rm market.log.index
    run -1 --separate-stderr lm-log prove market.log 0
    [[ -z $output && $stderr == *"its first 10 entries do not have the checkpoint's root"* ]]
    run -1 lm-log prove market.log --from 5
}

@test "a proof with the entry in it, and an exhibit, need nothing else" {
    logged 10
    sed -n 5p market.log >five
    lm-log prove market.log 4 --with-entry >proof
    [[ $(sed -n 2p proof) == "extra $(head -c -1 five | base64 -w 0)" ]]
    lm-log check proof --log-key "$F/m1.vkey" | cmp - five
    lm-log prove market.log 4 --exhibit >exhibit
    lm-log check exhibit --log-key "$F/m1.vkey" | cmp - five
    lm-log check exhibit --log-key "$F/m1.jwk" --entry five --leaf "$(oracle leaf market.log 4)" \
        --receipt <(sed -n 5p receipts) | cmp - five
    jq -e '.type == "exhibit" and .log == "m1/market.log" and .n == 4 and (has("claim") | not)' exhibit
    digest=$(oracle leaf market.log 0)
    lm-log prove market.log 4 --exhibit --claim "$digest" | jq -e --arg digest "$digest" '.claim == $digest'
    run -2 lm-log prove market.log 4 --exhibit --claim nonsense
}

@test "no byte of a proof can be changed" {
    logged 11
    lm-log prove market.log 6 --with-entry >proof
    lm-log prove market.log --from 6 >consistency
    head -n 6 "$F/orders" | lm-log append six.log -k "$F/m1.jwk" --now "$NOW" >/dev/null
    lm-log checkpoint six.log -k "$F/m1.jwk" --origin m1/market.log --now "$NOW" >six
    lm-log check consistency --from six --log-key "$F/m1.vkey"
    cat >flip.py <<'PYTHON'
import subprocess, sys
proof, step, command = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
with open(proof, "rb") as file:
    data = file.read()
# The second signature of the log is not looked at by `check`, which asks for no time.
end = data.rindex("\n— ".encode()) + 1
tried = 0
for place in range(0, end, step):
    changed = bytearray(data)
    changed[place] ^= 1
    result = subprocess.run(command, input=changed, capture_output=True, check=False)
    if result.returncode not in (1, 2) or result.stdout:
        sys.exit(f"byte {place} of {proof}: status {result.returncode} {result.stdout}")
    tried += 1
print(tried)
PYTHON
    run -0 python3 flip.py proof 7 lm-log check --log-key "$F/m1.vkey"
    [[ $output -gt 100 ]]
    run -0 python3 flip.py consistency 3 lm-log check --from six --log-key "$F/m1.vkey"
    [[ $output -gt 100 ]]
}

@test "keys are named by themselves or by files, and one that is not there is told from nonsense" {
    logged 5
    cosign w1 --first market.log.checkpoint >cosigned
    lm-log prove market.log 4 --checkpoint cosigned >proof
    local leaf file log_keys=("$F/m1.vkey" "$(<"$F/m1.vkey")" "$F/m1.jwk") witnesses=("$F/w1.vkey" "$(<"$F/w1.vkey")" "$F/w1.jwk")
    leaf=$(oracle leaf market.log 4)
    for i in 0 1 2; do
        lm-log check proof --leaf "$leaf" --log-key "${log_keys[i]}" -w "${witnesses[i]}"
    done
    for file in no-such-file "$F/orders" /dev/null .; do
        run -66 --separate-stderr lm-log check proof --leaf "$leaf" --log-key "$file"
        [[ $stderr == "lm-log: $file: "* ]]
        run -66 --separate-stderr lm-log check proof --leaf "$leaf" --log-key "$F/m1.vkey" -w "$file"
        [[ $stderr == "lm-log: $file: "* ]]
    done
    cp "$F/w1.jwk" open.jwk
    chmod 640 open.jwk
    run -77 --separate-stderr lm-log check proof --leaf "$leaf" --log-key "$F/m1.vkey" -w open.jwk
    [[ $stderr == *"group or others have rights"* ]]
    # A log's key is no witness's, nor the other way round.
    run -66 --separate-stderr lm-log check proof --leaf "$leaf" --log-key "$F/m1.vkey" -w "$F/m1.vkey"
    [[ $stderr == *"holds no key of a witness"* ]]
    run -2 --separate-stderr lm-log check proof --leaf "$leaf" --log-key "$F/w1.vkey"
    [[ $stderr == *"the key of a witness, not of a log"* ]]
    # No other key is looked for where the one that is named could not be read.
    [[ -e $PRELOAD/fault.so ]] || skip "tests/preload is not built (make check builds it)"
    ! grep -q __asan_init "$LM_BIN/lm-log" || skip "a sanitizer has its own calls"
    local n=0 tried=0
    while : >hit && ((++n < 100)); do
        run --separate-stderr env LD_PRELOAD="$PRELOAD/fault.so" LM_FAULT=read:5:$n LM_FAULT_HIT=9 \
            lm-log check proof --leaf "$leaf" --log-key "$F/m1.vkey" -w "$F/w1.vkey" 9>hit
        [[ -s hit ]] || break
        tried=$((tried + 1))
        echo "read $n: $status $stderr"
        [[ $status -eq 74 && $stderr == *"Input/output error"* ]]
    done
    [[ $tried -ge 6 && $n -lt 100 && $status -eq 0 ]]
}

@test "check says what is not proved" {
    logged 10
    lm-log prove market.log 4 >proof
    not_proved() { # not_proved PATTERN OPTION…
        local pattern=$1
        shift
        run -1 --separate-stderr lm-log check "$@"
        [[ -z $output && $stderr == *$pattern* ]]
    }
    not_proved "is for another entry than the proof" proof --log-key "$F/m1.vkey" --receipt <(sed -n 4p receipts)
    not_proved "does not lead to the checkpoint's root" proof --log-key "$F/m1.vkey" --leaf "$(oracle leaf market.log 3)"
    not_proved "is entry 3, and the proof is for entry 4" proof --log-key "$F/m1.vkey" --entry <(sed -n 4p market.log)
    sed -n 5p market.log | sed 's/"energy_wh":5,/"energy_wh":6,/' >altered
    not_proved "does not lead to the checkpoint's root" proof --log-key "$F/m1.vkey" --entry altered
    not_proved "has another leaf hash" proof --log-key "$F/m1.vkey" --entry altered --leaf "$(oracle leaf market.log 4)"
    not_proved "no signature by this key" proof --log-key "$F/s1.jwk" --leaf "$(oracle leaf market.log 4)"
    not_proved "no cosignature by this key of w1" proof --log-key "$F/m1.vkey" --leaf "$(oracle leaf market.log 4)" -w "$F/w1.vkey"
    sed -n 5p receipts | jq -c '.sig.signature |= (if startswith("A") then "B" else "A" end) + .[1:]' >forged
    not_proved "lm-log: forged: bad signature" proof --log-key "$F/m1.vkey" --receipt forged
    not_proved "lm-log: forged: a record that is no exhibit" forged --log-key "$F/m1.vkey"
    run -2 --separate-stderr lm-log check proof --log-key "$F/m1.vkey"
    [[ $stderr == *"says what is to be proved"* ]]
    run -2 --separate-stderr lm-log check proof --leaf "$(oracle leaf market.log 4)"
    [[ $stderr == *"say whose the log is"* ]]
}

@test "the registry says whose a log is" {
    logged 5
    lm-log prove market.log 4 --with-entry >proof
    local root=(-r "$F/registry.ndjson" --root "$F/registrar.jwk") now=(--now "$NOW")
    lm-log check proof "${root[@]}" "${now[@]}" | cmp - <(sed -n 5p market.log)
    run -1 --separate-stderr lm-log check proof "${root[@]}" "${now[@]}" --keeper s1
    [[ $stderr == *"no signature by this key"* ]]
    run -1 --separate-stderr lm-log check proof "${root[@]}" "${now[@]}" --keeper u1
    [[ $stderr == *"u1 is a user and keeps no log"* ]]
    run -1 --separate-stderr lm-log check proof "${root[@]}" "${now[@]}" --keeper nobody
    run -1 --separate-stderr lm-log check proof "${root[@]}" --now 2018-01-01T00:00:00Z
    kid=$(jq -r '.keys[0].kid' "$F/m1.jwk")
    printf '{"at":"2016-03-01T00:00:00Z","id":"m1","kid":"%s","reason":"lost","type":"revocation","v":1}\n' "$kid" |
        lm-sign -k "$F/registrar.jwk" >revoked
    run -1 --separate-stderr lm-log check proof "${root[@]}" "${now[@]}" -r revoked
    [[ $stderr == *"is revoked"* ]]
}

# ---- cat ----

@test "cat keeps periods, types, and what has no period" {
    order x 100 0.11 offer | sed 's/T12:00Z/T12:30Z/' | lm-sign -k "$F/u1.jwk" >later
    { head -n 2 "$F/orders"; cat later "$F/rules.ndjson"; } | append >/dev/null
    lm-log cat market.log | cmp - market.log
    lm-log cat --period "$PERIOD" market.log | cmp - <(sed -n '1p;2p;4p' market.log)
    lm-log cat --period next --now 2016-04-01T11:59:00Z market.log | cmp - <(sed -n '1p;2p;4p' market.log)
    lm-log cat --period next+1 --rules "$F/rules.ndjson" --now 2016-04-01T11:59:00Z market.log | cmp - <(sed -n '3,4p' market.log)
    lm-log cat --type market-rules market.log | cmp - <(sed -n 4p market.log)
    lm-log cat --type order --type market-rules market.log | cmp - market.log
    lm-log cat --type order --bare market.log | cmp - <(sed -n 1,3p market.log | jq -c .record)
    lm-log cat - <market.log >all
    cmp all market.log
    run -2 --separate-stderr lm-log cat --type toaster market.log
    [[ $stderr == *"no record in a log is a 'toaster'"* ]]
    run -66 lm-log cat missing.log
}

@test "cat rejects lines that are not what a log's must be" {
    logged 6
    sed '1s/":/": /;2s/"n":1/"n":2/;3s/.*/{}/;4s/T11/T12/' market.log >odd.log
    printf '{"at":' >>odd.log
    run -1 --separate-stderr lm-log cat --rejects rejects odd.log
    [[ $(jq -r '"\(.line) \(.reason)"' rejects) == \
        $'1 not_canonical\n2 entry_number\n3 missing_member\n5 backwards\n6 backwards\n7 truncated' ]]
    printf '%s\n' "$output" | cmp - <(sed -n 4p odd.log)
}

# ---- the command line ----

@test "options go with the commands that take them" {
    run -2 --separate-stderr lm-log
    [[ $stderr == *"say what: append, checkpoint"* ]]
    run -2 lm-log frobnicate
    run -2 --separate-stderr lm-log cat market.log --state x
    [[ $stderr == *"--state does not go with cat"* ]]
    run -2 --separate-stderr lm-log append market.log -k "$F/m1.jwk" --period "$PERIOD"
    [[ $stderr == *"--period does not go with append"* ]]
    run -2 --separate-stderr lm-log append
    [[ $stderr == *"say which log"* ]]
    run -2 lm-log append market.log
    run -2 lm-log checkpoint market.log more -k "$F/m1.jwk"
    run -2 lm-log prove market.log
    run -2 lm-log prove market.log 1 --from 1
    [[ ! -e market.log ]]
}

@test "verifier keys are those of C2SP" {
    [[ $(<"$F/m1.vkey") =~ ^m1/market\.log\+[0-9a-f]{8}\+AQ?[A-Za-z0-9+/]+=?$ ]]
    [[ $(<"$F/w2.vkey") =~ ^witness\.example/w2\+[0-9a-f]{8}\+B[A-Za-z0-9+/]+=?$ ]]
    run -2 --separate-stderr lm-log vkey -k "$F/m1.jwk" --name 'a+b'
    run -2 lm-log vkey market.log -k "$F/m1.jwk" --name w
}

@test "a log that has lost entries gives no receipt for their numbers" {
    append <(head -n 10 "$F/orders") >/dev/null
    checkpoint >/dev/null
    sed -n 1,6p market.log >part && cat part >market.log
    cp market.log before
    run -74 --separate-stderr append <(sed -n 11,12p "$F/orders")
    [[ -z $output && $stderr == *"has lost entries: it has 6, and its last checkpoint 10"* ]]
    cmp market.log before
}

@test "what a checkpoint covers is not cut off, however it was torn" {
    append <(head -n 10 "$F/orders") >/dev/null
    checkpoint >/dev/null
    truncate -s -20 market.log
    cp market.log before
    local renewed
    for renewed in '' market.log.index; do
        rm -f $renewed
        run -74 --separate-stderr append <(sed -n 11,12p "$F/orders")
        [[ -z $output && $stderr == *"market.log: is torn at line 10, and its last checkpoint is over 10"* ]]
        cmp market.log before
        run -74 --separate-stderr checkpoint
        [[ -z $output && $stderr == *"restore the log from a copy"* ]]
        cmp market.log before
    done
}

@test "a log beside another log's checkpoint gives no receipt in the other's name" {
    head -n 5 "$F/orders" | lm-log append other.log -k "$F/m1.jwk" --now "$NOW" >/dev/null
    lm-log checkpoint other.log -k "$F/m1.jwk" --now "$NOW" --origin m1/other >/dev/null
    sed -n 11,18p "$F/orders" | append >/dev/null
    cp other.log.checkpoint market.log.checkpoint
    cp market.log before
    refused() {
        run -74 --separate-stderr append <(sed -n 19,20p "$F/orders")
        [[ -z $output && $stderr == *"its first 5 entries are not those of its last checkpoint"* ]]
        cmp market.log before
    }
    refused
    rm market.log.index
    refused
    # A checkpoint of its own, and of fewer entries than it has, is none of that.
    rm market.log.checkpoint
    checkpoint >/dev/null
    run -0 append <(sed -n 19p "$F/orders")
    run -0 append <(sed -n 20p "$F/orders")
    # Nor is an index whose hashes are wrong: the log itself decides.
    checkpoint >/dev/null
    printf 'x' | dd of=market.log.index bs=1 seek=70 conv=notrunc status=none
    run -0 append <(sed -n 21p "$F/orders")
    [[ ${lines[0]} == *'"m1/market.log"'* ]]
    checkpoint >/dev/null
}

# ---- what somebody has put in the way ----

@test "append by another key than the last checkpoint's gives no receipt" {
    logged 5
    cp market.log before
    run -1 --separate-stderr lm-log append market.log -k "$F/s1.jwk" --now "$NOW" <(sed -n 6p "$F/orders")
    [[ -z $output && $stderr == *"no signature by this key of m1/market.log"*"hint: "* ]]
    cmp market.log before
    # Nor where the checkpoint was changed.
    sed -i '2s/5/4/' market.log.checkpoint
    run -1 --separate-stderr append <(sed -n 6p "$F/orders")
    [[ -z $output && $stderr == *"bad signature"* ]]
    cmp market.log before
}

@test "an index that is a link, or no file, is not written to, and no proof waits for it" {
    local what
    head -n 20 "$F/orders" | lm-log append other.log -k "$F/m1.jwk" --now "$NOW" >/dev/null
    cp other.log other
    logged 10
    cp market.log before
    for what in symlink dangling itself hardlink hardlink-itself loop fifo folder; do
        rm -rf market.log.index
        case $what in
        symlink) ln -s other.log market.log.index ;;
        dangling) ln -s nothing market.log.index ;;
        itself) ln -s market.log market.log.index ;;
        hardlink) ln other.log market.log.index ;;
        hardlink-itself) ln market.log market.log.index ;;
        loop) ln -s market.log.index market.log.index ;;
        fifo) mkfifo market.log.index ;;
        folder) mkdir market.log.index ;;
        esac
        run -74 --separate-stderr timeout 10 lm-log append market.log -k "$F/m1.jwk" --now "$NOW" <(sed -n 11p "$F/orders")
        [[ -z $output && $stderr == *"market.log.index"* ]]
        run -74 timeout 10 lm-log checkpoint market.log -k "$F/m1.jwk" --now "$NOW"
        cmp market.log before
        cmp other.log other
        [[ ! -e nothing ]]
        timeout 10 lm-log prove market.log 7 2>/dev/null | hashes | cmp - <(oracle inclusion market.log 7 10)
    done
}

@test "an index that is newer than the log, as beside a log from a copy, proves nothing wrong" {
    logged 10
    cp market.log copy
    cp market.log.checkpoint copied
    sed -n 11,20p "$F/orders" | append >/dev/null
    checkpoint >/dev/null
    cp market.log whole
    cp copy market.log
    lm-log prove market.log 7 --checkpoint copied | hashes | cmp - <(oracle inclusion market.log 7 10)
    # What is proved of the whole log is true, and of an entry that is lost nothing is.
    lm-log prove market.log 7 2>/dev/null | hashes | cmp - <(oracle inclusion whole 7 20)
    run -1 --separate-stderr lm-log prove market.log 15
    [[ -z $output ]]
    # Another entry in the place of the eleventh: the index of old must not stand for it.
    cp copied market.log.checkpoint
    sed -n 30,40p "$F/orders" | append >again 2>/dev/null
    checkpoint >/dev/null
    lm-log prove market.log 10 | hashes | cmp - <(oracle inclusion market.log 10 21)
    [[ $(jq -r .leaf <(head -n 1 again)) == "$(oracle leaf market.log 10)" ]]
}

@test "logs that are no regular files are refused, not waited for" {
    logged 1
    mkfifo fifo.log
    mkdir folder.log
    for log in fifo.log folder.log; do
        run -74 --separate-stderr timeout 10 lm-log append "$log" -k "$F/m1.jwk" --now "$NOW" <(head -n 1 "$F/orders")
        [[ -z $output ]]
        run -66 timeout 10 lm-log prove "$log" 0 --checkpoint market.log.checkpoint
    done
}

@test "a log under two names is one log, whose index is the one beside each name" {
    logged 5
    ln -s market.log symlink.log
    for i in 6 7 8 9; do
        sed -n "${i}p" "$F/orders" | append >/dev/null
        sed -n "$((i + 10))p" "$F/orders" |
            lm-log append symlink.log -k "$F/m1.jwk" --origin m1/market.log --now "$NOW" >>receipts
    done
    jq -es 'map(.n) == [range(13)]' market.log
    jq -es 'map(.n)[5:] == [6, 8, 10, 12]' receipts
    checkpoint >/dev/null
    oracle check market.log market.log.checkpoint
    lm-log prove symlink.log 12 --checkpoint market.log.checkpoint | hashes | cmp - <(oracle inclusion market.log 12 13)
}

@test "only a number of the log's is proved" {
    logged 10
    lm-log prove market.log 9 >/dev/null
    for n in 10 11 9007199254740993 9223372036854775807; do
        run -1 --separate-stderr lm-log prove market.log "$n"
        [[ -z $output && $stderr == *"entry $n is not under the checkpoint, which has 10 entries"* ]]
    done
    for n in 9223372036854775808 18446744073709551615 18446744073709551616 99999999999999999999999 \
        -0 +1 1.0 1e0 0x1 01 ' 1' '1 ' ''; do
        run -2 --separate-stderr lm-log prove market.log -- "$n"
        [[ -z $output ]]
    done
    run -1 lm-log prove market.log --from 11
    run -66 lm-log prove market.log --from -1
}

@test "a proof with a line less, a line more, or two lines swapped proves nothing" {
    logged 11
    lm-log prove market.log 6 >proof
    # Another log by the same key, of that name and as long.
    mkdir twin
    (cd twin && sed -n 21,31p "$F/orders" | append >/dev/null && checkpoint >/dev/null && lm-log prove market.log 6 >proof)
    cat >cut.py <<'PYTHON'
import subprocess, sys
lines = open("proof", encoding="utf-8").read().split("\n")[:-1]
twin = open("twin/proof", encoding="utf-8").read().split("\n")[:-1]
# What is signed, and the log's signature; its second one nobody asks for here.
first = next(i for i, line in enumerate(lines) if line.startswith("\u2014"))
changed = {"whole": lines}
for i in range(first + 1):
    changed[f"without {i}"] = lines[:i] + lines[i + 1:]
    changed[f"twin's {i}"] = lines[:i] + [twin[i]] + lines[i + 1:]
    if i < first:
        changed[f"twice {i}"] = lines[:i] + lines[i:i + 1] + lines[i:]
        changed[f"swapped {i}"] = lines[:i] + [lines[i + 1], lines[i]] + lines[i + 2:]
    changed[f"cut at {i}"] = lines[:i]
hashes = range(2, lines.index("", 2))
for i in hashes:
    for k in hashes:
        if i < k:
            other = list(lines)
            other[i], other[k] = lines[k], lines[i]
            changed[f"hashes {i} and {k}"] = other
changed["a line behind"] = lines + ["more"]
changed["an empty line behind"] = lines + [""]
changed["twice"] = lines + lines
changed["both"] = lines + twin
held = 0
for name, text in changed.items():
    if text == lines and name != "whole":
        continue
    result = subprocess.run(sys.argv[1:], input="".join(line + "\n" for line in text),
                            capture_output=True, text=True, check=False)
    if (result.returncode == 0) != (name == "whole") or result.returncode > 2 or result.stdout:
        sys.exit(f"{name}: status {result.returncode} {result.stdout}")
    held += 1
print(held)
PYTHON
    run -0 python3 cut.py lm-log check --log-key "$F/m1.vkey" --leaf "$(oracle leaf market.log 6)"
    [[ $output -gt 50 ]]
    # The twin's proof holds for its own entry.
    lm-log check twin/proof --log-key "$F/m1.vkey" --leaf "$(oracle leaf twin/market.log 6)"
    run -1 lm-log check twin/proof --log-key "$F/m1.vkey" --receipt <(sed -n 7p receipts)
}

@test "a receipt for another entry, another log, or two of them, is not shown by a proof" {
    logged 10
    lm-log prove market.log 4 >proof
    receipt() { # receipt FILTER: the fifth, changed, by the log's key
        sed -n 5p receipts | jq -c "del(.sig) | $1" | lm-sign -k "$F/m1.jwk"
    }
    not_shown() { # not_shown PATTERN RECEIPT
        run -1 --separate-stderr lm-log check proof --log-key "$F/m1.vkey" --receipt "$2"
        [[ -z $output && $stderr == *$1* ]]
    }
    lm-log check proof --log-key "$F/m1.vkey" --receipt <(receipt .)
    not_shown "for another entry than the proof" <(receipt '.n = 5')
    not_shown "for another entry than the proof" <(receipt '.n = 3')
    not_shown "the receipt is another log's" <(receipt '.log = "m1/other.log"')
    not_shown "the receipt is another log's" <(receipt '.log = "m1/Market.log"')
    not_shown "does not lead to the checkpoint's root" <(receipt ".leaf = \"$(oracle leaf market.log 5)\"")
    not_shown ": more than one line" <(receipt . && receipt '.n = 5')
    not_shown ": more than one line" <(receipt . && receipt '.log = "m1/other.log"')
    not_shown "not one signed receipt" <(sed -n 5p receipts | jq -c 'del(.sig)')
    not_shown "not one signed receipt" <(sed -n 5p market.log)
}

@test "a witness's state that was put back, cut, or is another log's" {
    logged 7
    cosign w1 --first market.log.checkpoint >/dev/null
    cp w1.seen seven
    sed -n 8,20p "$F/orders" | append >/dev/null
    checkpoint >/dev/null
    head -n 3 "$F/orders" | lm-log append other.log -k "$F/m1.jwk" --now "$NOW" >/dev/null
    lm-log checkpoint other.log -k "$F/m1.jwk" --now "$NOW" >/dev/null
    refused() { # refused STATUS PATTERN
        cp -P w1.seen before 2>/dev/null || true
        run "-$1" --separate-stderr cosign w1 --log market.log market.log.checkpoint
        [[ -z $output && $stderr == *"$2"* ]]
        [[ ! -f w1.seen ]] || cmp w1.seen before
    }
    cp other.log.checkpoint w1.seen
    refused 1 "w1.seen: a checkpoint of m1/other.log, not of m1/market.log"
    : >w1.seen
    refused 1 "w1.seen: not a signed note"
    head -c 60 seven >w1.seen
    refused 1 "w1.seen: not a signed note"
    { cat seven; echo; } >w1.seen
    refused 1 "w1.seen: not a signed note"
    cat seven seven >w1.seen
    refused 1 "w1.seen: not a"
    rm w1.seen && mkdir w1.seen
    refused 66 "w1.seen"
    rmdir w1.seen && ln -s w1.seen w1.seen
    refused 66 "w1.seen"
    rm w1.seen
    refused 66 "no checkpoint was seen before"
    # In a folder that is not there, nothing can be kept, so nothing is signed.
    run -74 --separate-stderr lm-log cosign -k "$F/w1.jwk" --state nowhere/seen --first --log-key "$F/m1.vkey" --now "$NOW" market.log.checkpoint
    [[ -z $output ]]
    # By a link it is the state of old that is gone on from.
    cp seven elsewhere && ln -s elsewhere w1.seen
    lm-log prove market.log --from 7 | cosign w1 >/dev/null
    run -1 --separate-stderr cosign w1 seven
    [[ $stderr == *"goes back from 20 to 7 entries"* ]]
    # Put back to what the log's keeper would like it to be, it serves two histories: no witness
    # knows better than its state, which is why an auditor asks several.
    mkdir fork
    (cd fork && sed -n 101,113p "$F/orders" | append >/dev/null && checkpoint >/dev/null)
    rm w1.seen
    cosign w1 --first fork/market.log.checkpoint >forked
    [[ $(tail -n 1 forked) == '— w1 '* ]]
}

@test "a witness hands out nothing that nobody can read" {
    logged 3
    # Lines of keys that nobody here knows are carried along, up to 64 signatures.
    junk() { # junk COUNT: the checkpoint with so many more
        cat market.log.checkpoint
        yes '— other AAAAAAAAAAAA' | head -n "$1"
    }
    junk 61 | cosign w1 --first >most
    [[ $(grep -c '^— ' most) -eq 64 ]]
    lm-log prove market.log 1 --checkpoint most | lm-log check --log-key "$F/m1.vkey" -w "$F/w1.vkey" --leaf "$(oracle leaf market.log 1)"
    for count in 62 63 1000000; do
        run -1 --separate-stderr timeout 10 lm-log cosign -k "$F/w2.jwk" --state w2.seen --first \
            --log-key "$F/m1.vkey" --now "$NOW" <(junk "$count")
        [[ -z $output && ($stderr == *"more than 64 signatures"* || $count -gt 63 && $stderr == *"larger than"*) ]]
        [[ ! -e w2.seen ]]
    done
    # A cosignature of its own that is there already makes room for the new one.
    { junk 61; tail -n 1 most; } >full
    cosign w1 full | cmp - most
}

@test "names that look like a log's are others'" {
    logged 3
    cosign w1 --first market.log.checkpoint >/dev/null
    named() { # named NAME: a checkpoint of the same entries in another name, by the log's key
        rm -rf named && mkdir named
        head -n 3 "$F/orders" | lm-log append named/market.log -k "$F/m1.jwk" --origin "$1" --now "$NOW" >/dev/null
        lm-log checkpoint named/market.log -k "$F/m1.jwk" --origin "$1" --now "$NOW"
    }
    for name in m1/Market.log M1/market.log m1/m$'\u0430'rket.log m1/market.log$'\u200b' m1/market.log/ /m1/market.log; do
        named "$name" >other
        for key in "$F/m1.vkey" "$F/m1.jwk"; do
            run -1 --separate-stderr lm-log cosign -k "$F/w1.jwk" --state w1.seen --log-key "$key" --now "$NOW" other
            [[ -z $output && $stderr == *"a checkpoint of "*"not of "* ]]
        done
        run -1 --separate-stderr lm-log cosign -k "$F/w1.jwk" --state w1.seen -r "$F/registry.ndjson" \
            --root "$F/registrar.jwk" --keeper m1 --now "$NOW" other
        [[ -z $output && $stderr == *"w1.seen: a checkpoint of m1/market.log, not of "* ]]
    done
    for name in 'm1/market.log ' ' m1/market.log' $'m1/market.log\n' $'m1/market\u00a0log' m1+market.log; do
        run -2 named "$name"
        [[ $output != *"$name"$'\n3\n'* ]]
    done
    # A witness may be called as the log is: it is another key, and each of them is asked for.
    cosign w2 --name m1/market.log --first market.log.checkpoint >both
    lm-log vkey -k "$F/w2.jwk" --name m1/market.log >namesake.vkey
    lm-log prove market.log 1 --checkpoint both >proof
    lm-log check proof --log-key "$F/m1.vkey" -w namesake.vkey --leaf "$(oracle leaf market.log 1)"
    lm-log prove market.log 1 >proof
    run -1 --separate-stderr lm-log check proof --log-key "$F/m1.vkey" -w namesake.vkey --leaf "$(oracle leaf market.log 1)"
    [[ $stderr == *"no cosignature by this key of m1/market.log"* ]]
}

@test "the manual's examples work as they stand there" {
    cp "$F/m1.jwk" market.jwk
    cp "$F/w1.jwk" witness.jwk
    cp "$F"/registr* "$F/rules.ndjson" .
    mv rules.ndjson public.ndjson
    head -n 30 "$F/orders" >inbox.ndjson
    # What the log holds before.
    append <(sed -n 31,40p "$F/orders") >/dev/null
    checkpoint >/dev/null
    sed -n '/^\.Sh EXAMPLES$/,/^\.Sh SEE ALSO$/p' "$LM_ROOT/man/lm-log.1" |
        sed -n '/^\.Bd/,/^\.Ed$/p' | sed '/^\./d; s/\\e/\\/g' >examples
    [[ $(wc -l <examples) -ge 10 ]]
    # The present is long ago, and the receipt is the one of entry 17.
    cat >run <<'RUN'
lm-verify() { command lm-verify --now "$NOW" "$@"; }
lm-log() {
    [[ $1 != check ]] || sed -n 8p receipts.ndjson >receipt.ndjson
    command lm-log "$@" --now "$NOW"
}
RUN
    run -0 --separate-stderr env NOW="$NOW" bash -euo pipefail <(cat run examples)
    [[ -z $stderr ]]
    [[ $(jq .n receipt.ndjson) -eq 17 ]]
    [[ $(sed -n 2p market.seen) -eq 40 ]]
}
