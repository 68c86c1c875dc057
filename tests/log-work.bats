# lm-log: how much work is done for what is asked, counted rather than timed.
# bats runs each command in a subshell, and sets what shellcheck does not know.
# shellcheck disable=SC2154,SC2030,SC2031
bats_require_minimum_version 1.5.0
load helper
load programs

NOW=2016-04-01T11:00:00Z
# What lm-log commits together at most, by lm-log(1).
BATCH=1024
# The entries of the log that is proved of.
MANY=20000

setup_file() {
    cd "$BATS_FILE_TMPDIR" || exit
    entity --id registrar --role registrar
    entity --id m1 --role market --region north
    # Signatures are lm-verify's work, so that any will do.
    python3 - "$MANY" >orders <<'PYTHON'
import sys
sig = '{"protected":"%s","signature":"%s"}' % ("A" * 158, "A" * 86)
for i in range(int(sys.argv[1])):
    print('{"at":"2016-04-01T10:00:00Z","energy_wh":%d,"from":"u1","id":"o%d","market":"m1",'
          '"period":"2016-04-01T12:00Z/PT30M","price":"0.11","seq":1,"side":"offer","sig":%s,'
          '"type":"order","v":1}' % (i + 1, i, sig))
PYTHON
    lm-log append many.log -k m1.jwk --now "$NOW" orders >receipts
    lm-log checkpoint many.log -k m1.jwk --now "$NOW" >/dev/null
}

setup() {
    cd "$BATS_TEST_TMPDIR" || exit
    F=$BATS_FILE_TMPDIR
    ORACLE=$LM_ROOT/tests/oracle
    PRELOAD=${LM_BUILD:-${LM_BIN%/bin}}/tests/preload
    export ASAN_OPTIONS=verify_asan_link_order=0
}

# append [FILE]: to market.log, what is synchronised into trace.
append() {
    LD_PRELOAD=$PRELOAD/sync.so LM_SYNC_TRACE=$PWD/trace \
        lm-log append market.log -k "$F/m1.jwk" --now "$NOW" "$@"
}

# sizes: those of the log when it was synchronised, one a line.
sizes() {
    sed -n "s/^$(stat -c %i market.log) //p" trace
}

@test "what waits is synchronised together: a batch at a time, and not an entry at a time" {
    append "$F/orders" >receipts
    [[ $(wc -l <receipts) -eq $MANY ]]
    [[ $(sizes | wc -l) -le $(((MANY + BATCH - 1) / BATCH)) ]]
    [[ $(sizes | tail -n 1) -eq $(stat -c %s market.log) ]]
    # Beside the log, once, the folder that its name is in.
    [[ $(wc -l <trace) -eq $(($(sizes | wc -l) + 1)) ]]
}

@test "no receipt comes before the synchronisation that covers its entry" {
    local i receipt
    coproc append
    # One at a time, so that each has to wait for its own.
    for i in {1..20}; do
        sed -n "${i}p" "$F/orders" >&"${COPROC[1]}"
        read -r receipt <&"${COPROC[0]}"
        [[ $(jq .n <<<"$receipt") -eq $((i - 1)) ]]
        # Nothing follows before the next order: the log is as it was when the receipt came.
        [[ $(sizes | wc -l) -eq $i && $(sizes | tail -n 1) -eq $(stat -c %s market.log) ]]
    done
    eval "exec ${COPROC[1]}>&-"
    wait "$COPROC_PID"
}

# prove ARGUMENT…: a proof of many.log into proof; what was read of it and of its index into
# of_log and of_index, in bytes.
prove() {
    local log=$F/many.log
    : >trace
    LD_PRELOAD=$PRELOAD/reads.so LM_READ_TRACE=$PWD/trace lm-log prove "$log" "$@" >proof 2>messages
    of_log=$(bytes_of "$log")
    of_index=$(bytes_of "$log.index")
}

bytes_of() {
    awk -v inode="$(stat -c %i "$1" 2>/dev/null)" '$1 == inode { sum += $2 } END { print sum + 0 }' trace
}

@test "a proof reads its entry and a few hashes, however long the log is" {
    local n old of_log of_index
    # A tree of 20000 leaves has 15 levels. Of each the proof has a hash, those at the ragged end are
    # made of as many again, and so is the root that it is held against; a hash is of a row of 96.
    local most=$((15 * 3 * 96))
    for n in 0 1 7777 16383 16384 19999; do
        prove "$n"
        [[ ! -s messages ]]
        [[ $of_log -eq $(sed -n "$((n + 1))p" "$F/many.log" | head -c -1 | wc -c) ]]
        [[ $of_index -gt 0 && $of_index -le $most ]]
        sed -n '/^index /,/^$/p' proof | sed '1d;/^$/d' |
            cmp - <(python3 "$ORACLE/log.py" inclusion "$F/many.log" "$n" "$MANY")
    done
    for old in 0 1 7777 16384 19999 20000; do
        prove --from "$old"
        [[ ! -s messages && $of_log -eq 0 ]]
        [[ $of_index -gt 0 && $of_index -le $most ]]
        sed -n '/^old /,/^$/p' proof | sed '1d;/^$/d' |
            cmp - <(python3 "$ORACLE/log.py" consistency "$F/many.log" "$old" "$MANY")
    done
}

@test "without its index, or with one that is stale, the log is read whole, and the proof is the same" {
    local of_log of_index size
    size=$(stat -c %s "$F/many.log")
    prove 7777
    mv proof wanted
    cp "$F/many.log.index" right
    for wrong in none stale; do
        case $wrong in
        none) rm "$F/many.log.index" ;;
        stale) head -c $((96 * 5000)) right >"$F/many.log.index" ;;
        esac
        prove 7777
        [[ $(<messages) == *"the whole log was read"* ]]
        cmp proof wanted
        [[ $of_log -ge $size ]]
        # Whoever appends next makes it again.
        lm-log append "$F/many.log" -k "$F/m1.jwk" --now "$NOW" </dev/null 2>messages
        cmp "$F/many.log.index" right
        prove 7777
        cmp proof wanted
        [[ $of_log -lt 1000 ]]
    done
}
