# The sandbox: what a program can no longer do once it reads its input, and that it still reads what
# it is given, wherever that lies.
# shellcheck disable=SC2030,SC2031,SC2154
bats_require_minimum_version 1.5.0
load helper
load programs

setup_file() {
    make_inputs
}

setup() {
    cd "$BATS_TEST_TMPDIR" || exit
    F=$BATS_FILE_TMPDIR
    # A preloaded library may come before the sanitizer's.
    export ASAN_OPTIONS=verify_asan_link_order=0
    ABI=$(lm-sign --version | sed -n 's/^sandbox: landlock abi //p')
}

# sandboxed VERSION: skips the test where the kernel's Landlock is older.
sandboxed() {
    [[ ${ABI:-0} -ge $1 ]] || skip "the kernel's Landlock has version ${ABI:-0}, not $1"
}

# probe COMMAND…: runs it with a library in it that tries all kinds of things when the first byte of
# standard input is read; what became of each goes to the file `probed`.
probe() {
    local library=${LM_BUILD:-${LM_BIN%/bin}}/tests/preload/probe.so
    [[ -e $library ]] || skip "$library is not built (make check builds it)"
    rm -f probed
    LD_PRELOAD=$library LM_PROBE_OUT=$PWD/probed "$@"
    [[ -s probed ]]
}

# probed WHAT RESULT: what became of an attempt.
probed() {
    echo "$1: wanted $2: $(grep "^$1: " probed)"
    grep -qx "$1: $2" probed
}

@test "the probe itself finds everything allowed where nothing is confined" {
    cp "$F/u1.jwk" secret
    LM_PROBE_SECRET=secret probe cat <"$F/orders.ndjson" >/dev/null
    for attempt in 'read passwd' 'read secret' 'write secret' 'list root' 'make file' \
        'make folder' 'remove secret' execute bind signal; do
        probed "$attempt" ok
    done
    probed connect ECONNREFUSED
    probed 'no new privileges' 0
}

@test "while its input is read, a program opens, makes, removes and executes nothing else" {
    sandboxed 1
    local program word
    for program in $(filters) $(texts); do
        call "$program"
        # Not even what it has read itself: keys, registries, rules.
        for word in "${COMMAND[@]:1}" "$F/registrar.jwk"; do
            [[ $word == "$F"/* ]] || continue
            LM_PROBE_SECRET=$word probe "${COMMAND[@]}" <"$F/$program.in" >/dev/null
            for attempt in 'read passwd' 'read secret' 'write secret' 'list root' 'make file' \
                'make folder' 'remove secret' 'move secret' execute; do
                probed "$attempt" EACCES
            done
            probed 'read zone' ok
            probed 'no new privileges' 1
        done
    done
    [[ ! -e lm-probe-made ]]
    [[ ! -e lm-probe-folder ]]
}

@test "nothing is denied that a program needs" {
    local program
    for program in $(filters) $(texts); do
        call "$program"
        probe "${COMMAND[@]}" <"$F/$program.in" >/dev/null
        run -1 grep '^denied: ' probed
        probe "${COMMAND[@]}" "$F/$program.in" - </dev/null >/dev/null
        run -1 grep '^denied: ' probed
    done
    # The clock is not what hashes are seeded with.
    for program in 'lm-keygen --id u2 --role auditor' 'lm-period now'; do
        read -ra COMMAND <<<"$program"
        rm -f probed
        LD_PRELOAD=${LM_BUILD:-${LM_BIN%/bin}}/tests/preload/probe.so LM_PROBE_OUT=$PWD/probed "${COMMAND[@]}"
        [[ ! -s probed ]]
    done
}

@test "nor does it bind or connect TCP" {
    sandboxed 4
    for program in $(filters) $(texts); do
        call "$program"
        probe "${COMMAND[@]}" <"$F/$program.in" >/dev/null
        probed connect EACCES
        probed bind EACCES
    done
}

@test "nor signal a process or reach an abstract socket outside" {
    sandboxed 6
    command -v python3 >/dev/null || skip "no python3 to listen on a socket"
    local name=lm-probe-$$-$BATS_TEST_NUMBER
    mkfifo ready
    python3 -c 'import socket, sys, time
listener = socket.socket(socket.AF_UNIX)
listener.bind("\0" + sys.argv[1])
listener.listen(64)
open("ready", "w").close()
time.sleep(60)' "$name" 3>&- &
    local listener=$!
    : <ready
    export LM_PROBE_SOCKET=$name
    probe cat </dev/null
    probed 'abstract socket' ok
    for program in $(filters) $(texts); do
        call "$program"
        probe "${COMMAND[@]}" <"$F/$program.in" >/dev/null
        probed 'abstract socket' EPERM
        probed signal EPERM
    done
    kill "$listener"
}

# threads PROCESS: how many it has.
threads() {
    local tasks=("/proc/$1/task"/*)
    echo "${#tasks[@]}"
}

@test "every thread is confined" {
    local program
    for program in $(filters); do
        call "$program"
        mkfifo "$program.in"
        local jobs=()
        [[ " $PARALLEL " != *" $program "* ]] || jobs=(--jobs 3)
        "${COMMAND[@]}" "${jobs[@]}" <"$program.in" >"$program.out" 3>&- &
        local process=$!
        exec 7>"$program.in"
        head -n 1 "$F/$program.in" >&7
        # Those with threads have answered when all of them are there.
        if [[ ${#jobs[@]} -gt 0 ]]; then
            for _ in {1..400}; do
                [[ $(threads "$process") -lt 3 ]] || break
                sleep 0.05
            done
            [[ $(threads "$process") -ge 3 ]]
        else
            for _ in {1..400}; do
                ! grep -q '^NoNewPrivs:.1' "/proc/$process/status" || break
                sleep 0.05
            done
        fi
        run grep -h '^NoNewPrivs:' "/proc/$process"/task/*/status
        exec 7>&-
        wait "$process" || true # an audit of one line finds something
        echo "$program: $output"
        [[ -n $output ]]
        [[ $output != *0* ]]
    done
}

@test "input is read from wherever it is: links, pipes, descriptors, other folders" {
    local program
    mkdir -p below/far
    same() {
        diff <(unseal "$1" <wanted) <(unseal "$1")
    }
    for program in $(filters) $(texts); do
        call "$program"
        cp "$F/$program.in" "below/far/$program.in"
        ln -sf "below/far/$program.in" "$program.link"
        ln -sf "$program.link" "$program.link2"
        "${COMMAND[@]}" <"$F/$program.in" >wanted
        run -0 "${COMMAND[@]}" "$program.link2"
        same "$program" <<<"$output"
        run -0 "${COMMAND[@]}" "./below/../below/far/$program.in"
        same "$program" <<<"$output"
        for input in /dev/stdin /proc/self/fd/0 /dev/fd/0; do
            run -0 "${COMMAND[@]}" "$input" <"$F/$program.in"
            same "$program" <<<"$output"
            "${COMMAND[@]}" "$input" < <(cat "$F/$program.in") >got
            same "$program" <got
        done
        run -0 "${COMMAND[@]}" /proc/self/fd/9 9<"$F/$program.in"
        same "$program" <<<"$output"
        # A file that is gone from its folder, but not from its descriptor.
        cp "$F/$program.in" gone
        exec 9<gone
        rm gone
        run -0 "${COMMAND[@]}" /dev/fd/9
        exec 9<&-
        same "$program" <<<"$output"
        "${COMMAND[@]}" <(cat "$F/$program.in") >got
        same "$program" <got
        mkfifo pipe
        cat "$F/$program.in" >pipe 3>&- &
        run -0 "${COMMAND[@]}" pipe
        same "$program" <<<"$output"
        rm pipe
        (cd below/far && "${COMMAND[@]}" "../../$program.link") >got
        same "$program" <got
        "${COMMAND[@]}" "$PWD/below/../$program.link" >got
        same "$program" <got
    done
}

@test "several files, one of which comes into being while another is read" {
    local order
    order=$(head -n 1 "$F/orders.ndjson")
    mkfifo first
    lm-sign -k "$F/u1.jwk" first second >signed 3>&- &
    local process=$!
    exec 7>first
    echo "$order" >&7
    for _ in {1..400}; do
        [[ $(wc -l <signed) -lt 1 ]] || break
        sleep 0.05
    done
    echo "$order" >second
    exec 7>&-
    wait "$process"
    [[ $(jq -s length signed) -eq 2 ]]
}

@test "what is wrong with a file is said as ever" {
    for program in $(filters); do
        call "$program"
        run -66 --separate-stderr "${COMMAND[@]}" no-such-file
        [[ $stderr == "$program: no-such-file: No such file or directory"* ]]
        run -66 --separate-stderr "${COMMAND[@]}" .
        [[ $stderr == "$program: .: is a directory"* ]]
        run -66 --separate-stderr "${COMMAND[@]}" "$F/$program.in" no-such-folder/file
        [[ $stderr == "$program: no-such-folder/file: No such file or directory"* ]]
    done
}

@test "keys are made in any folder, by links too, and replaced" {
    mkdir -p a/b
    ln -s a/b here
    key() {
        lm-keygen --id u1 --role user --supplier s1 --region north "$@"
    }
    run -0 key
    run -0 key -o a/b/key.jwk
    run -2 key -o here/key.jwk
    run -0 key -o here/other.jwk
    run -0 key -o "$PWD/a/key.jwk"
    run -0 key --force -o here/key.jwk
    (cd a/b && run -0 key -o ../../up.jwk)
    for file in u1.jwk a/b/key.jwk a/b/other.jwk a/key.jwk up.jwk; do
        [[ $(stat -c %a "$file") == 600 ]]
    done
    [[ $(ls a/b) == $'key.jwk\nother.jwk' ]]
}

# keyed: the filters that are given a private key to hold.
keyed() {
    awk '$0 ~ / -k / { print $1 }' <<<"$FILTERS"
}

# start_keyed PROGRAM: starts it on a pipe, 7, and waits until it holds its key and reads; its
# process into PROCESS. AS may hold a command to run it by.
start_keyed() {
    call "$1"
    rm -f pipe
    mkfifo pipe
    "${AS[@]}" "${COMMAND[@]}" <pipe >out 3>&- &
    PROCESS=$!
    exec 7>pipe
    for _ in {1..400}; do
        ! grep -q '^NoNewPrivs:.1' "/proc/$PROCESS/status" || break
        sleep 0.05
    done
    grep -q '^NoNewPrivs:.1' "/proc/$PROCESS/status"
}

@test "a program that holds a key leaves no core, whatever kills it" {
    [[ $(</proc/sys/kernel/core_pattern) != /* ]] || skip "cores go elsewhere on this machine"
    ulimit -c unlimited 2>/dev/null || skip "cores are not allowed here"
    cat >killed.py <<'PY'
import os, signal, subprocess, sys
signal.signal(signal.SIGQUIT, signal.SIG_DFL) # a shell ignores it for what it runs in the background
process = subprocess.Popen(sys.argv[2:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
if sys.argv[1] != "-":
    process.stdin.write(open(sys.argv[1], "rb").read())
    process.stdin.flush()
    process.stdout.readline() # it has answered: it holds its key
os.kill(process.pid, signal.SIGQUIT) # which a sanitizer leaves alone
print(os.WCOREDUMP(os.waitpid(process.pid, 0)[1]))
PY
    [[ $(python3 killed.py - cat) == True ]] || skip "nothing leaves a core here"
    rm -f core*
    local program
    for program in $(keyed); do
        call "$program"
        run -0 python3 killed.py "$F/$program.in" "${COMMAND[@]}"
        [[ $output == False ]]
        run -1 compgen -G 'core*'
    done
}

@test "nor does another process of the user read its memory" {
    local program
    AS=()
    if [[ $EUID -eq 0 ]]; then
        # root may read everything: it is tried as somebody else.
        command -v setpriv >/dev/null || skip "no setpriv to become an ordinary user"
        AS=(setpriv --reuid=65534 --regid=65534 --clear-groups)
        local folder
        for folder in "$F" "$BATS_TEST_TMPDIR" "$BATS_SUITE_TMPDIR" "$BATS_RUN_TMPDIR"; do
            chmod a+rx "$folder"
        done
        chmod a+w "$BATS_TEST_TMPDIR" # lm-log writes here
        chown 65534 "$F"/*.jwk
    fi
    "${AS[@]}" sleep 60 3>&- &
    local other=$!
    sleep 0.2
    "${AS[@]}" head -c 0 "/proc/$other/mem" || skip "nobody reads anybody's memory here"
    kill "$other"
    for program in $(keyed); do
        start_keyed "$program"
        run -1 "${AS[@]}" head -c 0 "/proc/$PROCESS/mem"
        [[ $output == *'Permission denied'* ]]
        run -1 "${AS[@]}" head -c 0 "/proc/$PROCESS/environ"
        exec 7>&-
        wait "$PROCESS"
    done
}
