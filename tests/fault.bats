# What programs do when what they stand on fails them: no memory, a full disk, reads and writes that
# fail, come short or are interrupted. Each call of a kind is made to fail in turn (tests/tools/fault):
# an error and its status, never a signal, never output that would not have been there otherwise,
# and half a line is refused by who reads it. By `make check` the later calls only in part, by
# `make check-fault` all of them.
# shellcheck disable=SC2016,SC2030,SC2031,SC2094,SC2154
bats_require_minimum_version 1.5.0
load helper
load programs

# errno's numbers, on Linux.
EINTR=4 EIO=5 EAGAIN=11 ENOMEM=12 EMFILE=24 ENOSPC=28

setup_file() {
    make_inputs
    make_hostile_inputs
    make_more_inputs
}

setup() {
    cd "$BATS_TEST_TMPDIR" || exit
    F=$BATS_FILE_TMPDIR
    build=${LM_BUILD:-${LM_BIN%/bin}}
    [[ -e $build/tests/preload/fault.so && -x $build/tests/tools/fault ]] ||
        skip "tests/tools/fault is not built (make check builds it)"
    ! grep -q __asan_init "$LM_BIN/lm-sign" || skip "a sanitizer has its own memory"
}

# Further inputs, and how programs are called on them: NAME.in, and a line here.
MORE="
options lm-clear --curve --all --price k=0.3
issued  lm-settle --previous {}/settled.ndjson --month 2016-05
bands   lm-settle
bills   lm-settle --bills --month 2016-04
told    lm-inform -r {}/registry.ndjson --root {}/registrar.jwk --settlement
untold  lm-inform -r {}/registry.ndjson --root {}/registrar.jwk
logs    lm-audit --root {}/registrar.jwk --now 2016-04-02T00:00:00Z --checkpoint {}/m1.log.checkpoint --witness {}/s1.jwk --receipts {}/receipts {}/m1.log {}/registry.log
proved  lm-log check --log-key {}/m1.vkey --witness {}/s1.vkey --leaf {LEAF}
named   lm-log check --log-key {}/m1.jwk --witness {}/s1.jwk --leaf {LEAF}
claims  lm-audit --root {}/registrar.jwk --now 2016-04-02T00:00:00Z --checkpoint {}/m1.log.checkpoint --claims {}/claims {}/m1.log {}/registry.log
shown   lm-audit --root {}/registrar.jwk --now 2016-04-02T00:00:00Z --verdicts {}/answers {}/registry.log
csv     lm-meter --meter mt1 --zone Europe/Brussels
p1      lm-meter --meter mt1 --p1
rules   lm-bid --csv --rules {}/rules.ndjson --now 2016-04-01T10:00:00Z
again   lm-sign -k {}/u1.jwk --again
locked  lm-sign -k {}/locked.jwk --passphrase-file {}/pass
opened  lm-open -k {}/locked.jwk --passphrase-file {}/pass -k {}/m1.jwk
notices lm-seal -r {}/registry.ndjson --root {}/registrar.jwk --now 2016-04-01T11:00:00Z --orders {}/orders-of-u2.ndjson
"
make_more_inputs() {
    cat orders.ndjson >options.in
    order d 800 0.2 bid | sed 's/"u1"/"u2"/' >>options.in
    cat lm-settle.in >issued.in
    cat registry.ndjson tariff.ndjson settled.ndjson >bills.in
    cat reading.ndjson settled.ndjson >told.in
    cat orders.ndjson market.ndjson >untold.in
    # A market's log and the registrar's, from files; what is on stdin is not looked at.
    cp orders.ndjson logs.in
    lm-log append registry.log -k registrar.jwk --now 2016-03-01T00:00:00Z registry.ndjson >receipts
    lm-log append m1.log -k m1.jwk --now 2016-04-01T11:00:00Z signed.ndjson >>receipts
    lm-log append m1.log -k m1.jwk --now 2016-04-01T11:50:00Z market.ndjson >>receipts
    lm-log checkpoint m1.log -k m1.jwk --now 2016-04-01T11:50:00Z >/dev/null
    # A proof, by keys that are named in every way.
    lm-log vkey m1.log -k m1.jwk >m1.vkey
    lm-log vkey -k s1.jwk >s1.vkey
    lm-log cosign -k s1.jwk --state s1.seen --first --log-key m1.vkey --now 2016-04-01T11:50:00Z \
        m1.log.checkpoint >cosigned
    lm-log prove m1.log 0 --checkpoint cosigned >proved.in
    cp proved.in named.in
    jq -r 'select(.n == 0 and .log == "m1/m1.log").leaf' receipts | head -n 1 >leaf
    # A claim about them, and its answer.
    cp orders.ndjson claims.in
    cp orders.ndjson shown.in
    for kind in left_out price; do
        printf '{"type":"claim","v":1,"claimant":"u1","kind":"%s","period":"2016-04-01T12:00Z/PT30M","entries":[{"log":"m1/m1.log","n":0}]}\n' $kind
    done | lm-sign -k u1.jwk >claims
    cat claims >answers
    lm-audit --root registrar.jwk --now 2016-04-02T00:00:00Z --checkpoint m1.log.checkpoint --claims claims m1.log registry.log |
        jq -c 'select(.type == "exhibit" or .claim)' >>answers || true
    # A band of a day and a time, so that it matters what the local time is.
    sed 's/"retail":\[/&{"days":["fri"],"from":"14:00","price":"0.3","to":"15:00"},/' tariff.ndjson >bands.ndjson
    cat registry.ndjson bands.ndjson reading.ndjson market.ndjson >bands.in
    {
        echo at,import_register_kwh,export_register_kwh
        echo 2016-04-01T12:00,0,2
        echo 2016-04-01T13:00,1,2
        echo 2016-04-01T12:30,2,2
        head -c 70000 /dev/zero | tr '\0' ,
        printf '\n2016-04-01T14:00,3'
    } >csv.in
    {
        echo from,market,period,side,energy_wh,price
        echo u1,m1,2016-04-01T12:00Z/PT30M,offer,2000,0.11
        echo u1,m1,2016-04-01T12:00Z/PT30M,offer,2000,cheap
    } >rules.in
    cp signed.ndjson again.in
    (umask 077 && echo secret >pass)
    "${LM_BUILD:-${LM_BIN%/bin}}/tests/tools/twin" u1 open.jwk locked.jwk pass
    cp orders.ndjson locked.in
    cp lm-open.in opened.in
    # One key of the registry, and one that an order names.
    order e 800 0.2 bid | jq -c '.from = "u2" | .seal = {crv: "X25519", kty: "OKP", x: $x}' \
        --arg x "$(jq -r '.keys[1].x' open.jwk)" >orders-of-u2.ndjson
    printf '{"market":"m1","orders":[],"period":"2016-04-01T12:00Z/PT30M","price":null,"to":"%s","type":"notice","v":1}\n' \
        u1 u2 >notices.in
    python3 - >p1.in <<'P1'
def crc16(text):
    crc = 0
    for byte in text.encode():
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0xA001 if crc & 1 else 0)
    return crc
for time, energy in (("160401140000S", 1), ("160401143000S", 2), ("160401143000W", 2)):
    lines = ["/KFM5KAIFA-METER", "", "0-0:1.0.0(%s)" % time, "1-0:1.8.1(%010.3f*kWh)" % energy,
             "1-0:1.8.2(000000.000*kWh)", "1-0:2.8.1(000000.000*kWh)", "1-0:2.8.2(000000.000*kWh)"]
    body = "\r\n".join(lines) + "\r\n!"
    print("%s%04X\r" % (body, crc16(body)))
P1
    cp lm-bid.in lm-bid.hostile
    cp lm-meter.in lm-meter.hostile
}

# each KIND FUNCTION…: calls FUNCTION… INPUT COMMAND… for every program on every of its inputs. KIND
# is good, hostile or more.
each() {
    local kind=$1 name program words
    shift
    if [[ $kind == more ]]; then
        while read -ra words; do
            [[ ${#words[@]} -gt 0 ]] || continue
            "$@" "$F/${words[0]}.in" "${words[@]:1}"
        done < <(sed "s,{},$F,g; s,{LEAF},$(<"$F/leaf"),g" <<<"$MORE")
        return
    fi
    [[ $kind == good ]] && name=in || name=hostile
    for program in $(filters) $(texts); do
        call "$program"
        "$@" "$F/$program.$name" "${COMMAND[@]}"
    done
}

# steps FAULT: how many of the calls come in turn before they come in part. Where all from one call
# on fail, fewer do.
steps() {
    if [[ -n ${LM_FAULT_ALL:-} ]]; then
        echo 0
    elif [[ $1 == *+ ]]; then
        echo 1
    else
        echo 6
    fi
}

# with FAULT STATUSES INPUT COMMAND…: each call of FAULT's kind fails in turn, and STATUSES are what
# the command may end with where it does not cope.
with() {
    local fault=$1 input=$3 options=() one=() status
    options=(-n "$(steps "$fault")")
    for status in $2; do
        options+=(-s "$status")
    done
    shift 3
    [[ " $RANDOM_OUTPUT " != *" $1 "* ]] || options+=(-r)
    # With one thread the same calls come in the same order every time.
    ! "$1" --help | grep -q -- --jobs || one=(--jobs 1)
    run "$build/tests/tools/fault" -i "$input" -o "$PWD/rejects" -d lm-clear "${options[@]}" \
        "$build/tests/preload/fault.so" "$fault" "$@" "${one[@]}" --rejects "$PWD/rejects"
    echo "$output"
    [[ $status -eq 0 ]]
}

# with_threads: the same with three threads, where the nth call is not always the same one.
with_threads() {
    local fault=$1 statuses=$2 input=$3
    shift 3
    ! "$1" --help | grep -q -- --jobs || with "$fault" "$statuses" "$input" "$@" --jobs 3
}

@test "no memory once: 70, or the same output as ever" {
    each good with malloc:$ENOMEM 70
    each hostile with malloc:$ENOMEM 70
}

@test "no memory once, with more options and kinds of input" {
    each more with malloc:$ENOMEM 70
}

@test "no memory any more: 70" {
    each good with malloc:$ENOMEM+ 70
    each hostile with malloc:$ENOMEM+ 70
    each more with malloc:$ENOMEM+ 70
}

@test "no memory in one of several threads: 70" {
    each good with_threads malloc:$ENOMEM 70
}

@test "a full disk, at once or within a line: 74, and half a line is refused downstream" {
    for fault in write:$ENOSPC write:$ENOSPC+ write:half; do
        each good with "$fault" 74
        each hostile with "$fault" 74
        each more with "$fault" 74
    done
}

@test "input and output that fail: 74" {
    for fault in write:$EIO read:$EIO read:$EIO+ close:$EIO; do
        each good with "$fault" 74
        each hostile with "$fault" 74
        each more with "$fault" 74
    done
}

@test "files that do not open: 66 or 74" {
    for fault in open:$EMFILE open:$EMFILE+ open:$EIO; do
        each good with "$fault" '66 74'
        each more with "$fault" '66 74'
    done
}

@test "reads and writes that are interrupted or come short change nothing" {
    local faults=("write:$EINTR" write:short+ "read:$EINTR" read:short+ "poll:$EINTR")
    [[ -z ${LM_FAULT_ALL:-} ]] || faults+=("write:$EAGAIN" write:short read:short)
    for fault in "${faults[@]}"; do
        each good with "$fault" ''
        each more with "$fault" ''
    done
    each hostile with read:short ''
    each hostile with write:short+ ''
}

# keys FAULT STATUSES COMMAND…: lm-keygen, with a look at what it leaves behind.
keys() {
    local fault=$1 options status
    options=(-n "$(steps "$1")")
    for status in $2; do
        options+=(-s "$status")
    done
    shift 2
    run "$build/tests/tools/fault" -r -x "sh $PWD/look" "${options[@]}" "$build/tests/preload/fault.so" \
        "$fault" lm-keygen --id u1 --role user --supplier s1 --region north \
        --valid 2016-01-01T00:00Z/2017-01-01T00:00Z -o key.jwk "$@"
    echo "$output"
    [[ $status -eq 0 ]]
}

@test "lm-keygen leaves a whole key file or none, and nothing beside it" {
    cat >look <<'LOOK'
for file in key.jwk*; do
    [ "$file" = key.jwk ] || [ "$file" = 'key.jwk*' ] || { echo "left behind: $file"; exit 1; }
done
if [ -e key.jwk ]; then
    lm-sign -k key.jwk </dev/null || { echo "half a key"; exit 1; }
    rm key.jwk
elif [ "$STATUS" = 0 ]; then
    echo "no key"
    exit 1
fi
LOOK
    keys malloc:$ENOMEM 70
    keys malloc:$ENOMEM+ 70
    for fault in write:$ENOSPC write:$ENOSPC+ write:half write:$EIO fsync:$EIO fsync:$ENOSPC \
        fchmod:$EIO close:$EIO open:$EMFILE open:$EIO open:$ENOSPC; do
        keys "$fault" 74
    done
    for fault in write:$EINTR write:short write:short+; do
        keys "$fault" ''
    done
}

@test "lm-keygen --force leaves the old key or the new one" {
    lm-keygen --id u1 --role auditor -o old.jwk >/dev/null
    cp -p old.jwk key.jwk
    cat >look <<'LOOK'
for file in key.jwk*; do
    [ "$file" = key.jwk ] || { echo "left behind: $file"; exit 1; }
done
lm-sign -k key.jwk </dev/null || { echo "half a key"; exit 1; }
if cmp -s key.jwk old.jwk; then
    [ "$STATUS" != 0 ] || { echo "it was not replaced"; exit 1; }
fi
cp -p old.jwk key.jwk
LOOK
    keys malloc:$ENOMEM 70 --force
    for fault in write:$ENOSPC write:half fsync:$EIO fchmod:$EIO close:$EIO open:$EIO rename:$EIO; do
        keys "$fault" 74 --force
    done
}

# auth FAULT STATUSES COMMAND…: lm-auth of m1, who has asked u1, and has an answer in `response`.
# Whatever fails, the next one can go on with the state file, and nothing lies beside it.
auth() {
    local fault=$1 options status
    options=(-n "$(steps "$1")")
    for status in $2; do
        options+=(-s "$status")
    done
    shift 2
    cat >look <<'LOOK'
[ "$STATUS" != 0 ] || sh achieved || { echo "it says 0 and has not done it"; exit 1; }
lm-auth challenge -k m1.jwk -s m1.auth -t next --now 2016-04-01T11:00:01Z >/dev/null ||
    { echo "nobody can go on"; exit 1; }
for file in m1.auth?*; do
    [ "$file" = 'm1.auth?*' ] || { echo "left behind: $file"; exit 1; }
done
cp -p saved m1.auth
LOOK
    cp -p saved m1.auth
    [[ -z ${options_random:-} ]] || options+=("$options_random")
    run "$build/tests/tools/fault" -x "sh $PWD/look" "${options[@]}" "$build/tests/preload/fault.so" \
        "$fault" lm-auth "$@" --now 2016-04-01T11:00:00Z --jobs 1
    echo "$output"
    [[ $status -eq 0 ]]
}

# auth_all COMMAND…: with every fault. What is drawn at random is only counted with options_random.
auth_all() {
    auth_each "$@" <<FAULTS
malloc:$ENOMEM 70
malloc:$ENOMEM+ 70
write:$ENOSPC 74
write:$ENOSPC+ 74
write:half 74
write:$EIO 74
read:$EIO 74
fsync:$EIO 74
fsync:$ENOSPC 74
ftruncate:$EIO 74
flock:$EIO 74
rename:$EIO 74
fchmod:$EIO 74
open:$EMFILE 66 74
open:$EIO 66 74
write:$EINTR
write:short
write:short+
read:$EINTR
read:short+
flock:$EINTR
FAULTS
}
auth_each() {
    local fault statuses
    while read -r fault statuses; do
        auth "$fault" "$statuses" "$@"
    done
}

@test "lm-auth: what it was asked for, or an error, and a state file to go on with" {
    local registry=(-r "$F/registry.ndjson" --root "$F/registrar.jwk") now=(--now 2016-04-01T11:00:00Z)
    cp -p "$F"/{m1,u1}.jwk .
    lm-auth challenge -k m1.jwk -s m1.auth -t u1 "${now[@]}" |
        lm-auth respond -k u1.jwk -s u1.auth "${registry[@]}" "${now[@]}" >response
    lm-auth challenge -k u1.jwk -s u1.auth -t m1 "${now[@]}" >challenge
    cp -p m1.auth saved
    echo 'grep -q ^answered m1.auth' >achieved
    auth_all check -s m1.auth "${registry[@]}" response
    echo 'test $(grep -c ^sent m1.auth) -eq 2' >achieved
    options_random=-r
    auth_all respond -k m1.jwk -s m1.auth "${registry[@]}" challenge
    echo 'test $(grep -c ^sent m1.auth) -eq 3' >achieved
    auth_all challenge -k m1.jwk -s m1.auth -t u1 -t s1
}

@test "lm-auth: a state file that is torn, or that it is time to write anew" {
    local to=()
    cp -p "$F"/m1.jwk .
    for _ in {1..1100}; do to+=(-t u1); done
    lm-auth challenge -k m1.jwk -s m1.auth "${to[@]}" --now 2016-04-01T10:00:00Z >/dev/null
    printf 'sent abc' >>m1.auth
    cp -p m1.auth saved
    echo 'test $(wc -l <m1.auth) -eq 2' >achieved
    options_random=-r
    auth_all challenge -k m1.jwk -s m1.auth -t u1
}

@test "lm-period" {
    for fault in malloc:$ENOMEM malloc:$ENOMEM+; do
        with_period "$fault" 70
    done
    for fault in write:$ENOSPC write:half write:$EIO read:$EIO close:$EIO; do
        with_period "$fault" 74
    done
    with_period open:$EMFILE '66 74'
    for fault in write:$EINTR write:short+ read:$EINTR read:short+; do
        with_period "$fault" ''
    done
}

with_period() {
    local options=() status
    for status in $2; do
        options+=(-s "$status")
    done
    run "$build/tests/tools/fault" "${options[@]}" "$build/tests/preload/fault.so" "$1" \
        lm-period --rules "$F/rules.ndjson" gate 2016-04-01T12:00Z/PT30M 2016-04-01T12:30Z/PT30M
    echo "$output"
    [[ $status -eq 0 ]]
}

@test "every program is among these" {
    diff <(programs) <({ filters; texts; echo lm-auth; echo lm-keygen; echo lm-period; } | sort)
}
