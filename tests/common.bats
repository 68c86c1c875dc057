# What every program keeps: --help and --version, exit statuses, hostile lines, rejects, full disks.
# Scripts in single quotes are for another shell, and bats sets what shellcheck does not know.
# shellcheck disable=SC2016,SC2154
bats_require_minimum_version 1.5.0
load helper
load programs

setup_file() {
    make_inputs
    make_hostile_inputs
}

setup() {
    cd "$BATS_TEST_TMPDIR" || exit
    F=$BATS_FILE_TMPDIR
}

@test "every program is in this file's tables" {
    diff <(programs) <({ filters; texts; tr ' ' '\n' <<<"$OTHERS"; } | sort)
}

@test "--help and --version go to stdout, with status 0" {
    for program in $(programs); do
        for option in --help -h; do
            run -0 --separate-stderr "$program" "$option"
            [[ ${lines[0]} == "usage: $program "* ]]
            [[ -z $stderr ]]
            [[ $output == *--version* ]]
        done
        run -0 --separate-stderr "$program" --version
        [[ ${lines[0]} =~ ^$program\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
        [[ ${lines[1]} =~ ^sandbox:\ (landlock\ abi\ [0-9]+|none: the kernel has no landlock)$ ]]
        [[ ${#lines[@]} -eq 2 ]]
        [[ -z $stderr ]]
    done
}

@test "--help names every option that completions know" {
    for program in $(programs); do
        "$program" --help >help
        "$program" --completion fish | sed -n 's/.* -l \([a-z0-9-]*\).*/--\1/p' >options
        [[ $(wc -l <options) -ge 3 ]]
        while read -r option; do
            grep -qE -- "(^|[ ,])$option( |$)" help
        done <options
    done
}

@test "a full disk gives 74, for --help too" {
    for program in $(programs); do
        for option in --help --version; do
            run -74 --separate-stderr bash -c '"$1" "$2" >/dev/full' _ "$program" "$option"
            [[ $stderr == "$program: "*"No space left on device"* ]]
        done
    done
    for filter in $(filters); do
        call "$filter"
        run -74 --separate-stderr bash -c '"$@" >/dev/full' _ "${COMMAND[@]}" "$F/$filter.in"
        [[ $stderr == "$filter: "*"No space left on device"* ]]
        run -74 --separate-stderr bash -c '"$@" >/dev/null' _ "${COMMAND[@]}" --rejects /dev/full "$F/$filter.hostile"
    done
}

@test "a closed stdout gives 74" {
    for program in $(programs); do
        run -74 --separate-stderr bash -c '"$1" --help >&-' _ "$program"
    done
}

@test "bad usage gives 2, a message and a hint" {
    for program in $(programs); do
        for option in --no-such-option -% --help=yes; do
            run -2 --separate-stderr "$program" "$option"
            [[ -z $output ]]
            [[ ${stderr_lines[0]} == "$program: "* ]]
            [[ ${stderr_lines[1]} == "hint: try $program --help" ]]
        done
    done
}

@test "an option's control characters do not reach the terminal" {
    for program in $(programs); do
        run -2 --separate-stderr "$program" $'--\e[31m'
        [[ $stderr != *$'\e'* ]]
        [[ $stderr == *'\x1b[31m'* ]]
    done
}

@test "a missing file gives 66 and is named" {
    local word # bats uses i
    for filter in $(filters); do
        call "$filter"
        run -66 --separate-stderr "${COMMAND[@]}" no-such-file
        [[ $stderr == "$filter: no-such-file: No such file or directory"* ]]
        run -66 --separate-stderr "${COMMAND[@]}" "$F/$filter.in" no-such-file
        # Options that name a file as well, one after the other.
        for ((word = 1; word < ${#COMMAND[@]}; word++)); do
            [[ ${COMMAND[word]} == "$F"/* ]] || continue
            local changed=("${COMMAND[@]}")
            changed[word]=$BATS_TEST_TMPDIR/no-such-file
            run -66 --separate-stderr "${changed[@]}" "$F/$filter.in"
            [[ $stderr == *no-such-file* ]]
            [[ -z $output ]]
        done
    done
}

@test "good lines give 0 and something to see" {
    for filter in $(filters); do
        call "$filter"
        run -0 --separate-stderr "${COMMAND[@]}" "$F/$filter.in"
        [[ -z $stderr ]]
        [[ -n $output ]]
        # From stdin, by - and by a file: the same bytes.
        "${COMMAND[@]}" <"$F/$filter.in" | unseal "$filter" >a
        "${COMMAND[@]}" - <"$F/$filter.in" | unseal "$filter" >b
        "${COMMAND[@]}" "$F/$filter.in" | unseal "$filter" >c
        cmp a b
        cmp a c
    done
}

@test "each hostile line gets its own message, and the good lines around it count" {
    for filter in $(filters); do
        call "$filter"
        "${COMMAND[@]}" "$F/$filter.in" >wanted
        run -1 --separate-stderr "${COMMAND[@]}" <"$F/$filter.hostile"
        grep -v '^hint: ' <<<"$stderr" >messages
        # One message a hostile line, in order, naming the line.
        diff <(sed -E "s/^$filter: stdin:([0-9]+): .*/\1/" messages) <(cut -d ' ' -f 1 "$F/$filter.lines")
        while read -r number reason text <&5 && IFS= read -r message <&6; do
            echo "$reason: $message"
            [[ $message == "$filter: stdin:$number: "* ]]
            [[ $text == - || $message == *"$text"* ]]
        done 5<"$F/$filter.lines" 6<messages
        "${COMMAND[@]}" <"$F/$filter.hostile" 2>/dev/null >got || true
        if [[ $filter == lm-audit ]]; then
            # To an audit each hostile line is a finding, and there is no other.
            diff <(jq -r 'select(.type == "finding") | "\(.entries[0].n) \(.code)"' got) \
                <(cut -d ' ' -f 1,2 "$F/$filter.lines")
            [[ $(jq -r 'select(.type == "verdict") | .result' got) == findings ]]
        else
            cmp <(unseal "$filter" <wanted | sort -u) <(unseal "$filter" <got | sort -u)
        fi
    done
}

@test "no nesting brings a program down" {
    python3 - <<'PYTHON' >deep
order = ('{"type":"order","v":1,"market":"m1","period":"2016-04-01T12:00Z/PT30M","id":"o1","seq":1,'
         '"from":"u1","side":"offer","energy_wh":5,"price":"0.11","at":"2016-04-01T08:00:00Z"}')
around = {
    "array": ('[', ']'),
    "object": ('{"x_a":', '}'),
    "entry": ('{"type":"entry","v":1,"n":0,"at":"2016-04-01T11:00:00Z","record":', '}'),
    "claim": ('{"type":"claim","v":1,"claimant":"u1","kind":"price","entries":[],"record":', '}'),
    "receipt": ('{"type":"claim","v":1,"claimant":"u1","kind":"price","entries":[],"receipt":', '}'),
    "exhibit": ('{"type":"exhibit","v":1,"log":"m1/a","n":0,"path":[],"checkpoint":"x","entry":', '}'),
    "reject": ('{"type":"reject","v":1,"program":"x","line":1,"reason":"json","detail":"","record":', '}'),
}
# Deeper than lm reads JSON, and records in records, than jansson does, and beyond what a line holds or a stack might.
for before, after in around.values():
    for depth in 40, 700, 2049, 10000:
        print(before * depth + order + after * depth)
PYTHON
    for filter in $(filters); do
        call "$filter"
        { cat "$F/$filter.in"; cat deep; } >all
        "${COMMAND[@]}" "$F/$filter.in" >good 2>/dev/null || [[ $? -eq 1 && $filter == lm-audit ]]
        rm -f market.log* rejects
        run -1 --separate-stderr timeout 20 "${COMMAND[@]}" --rejects rejects all
        [[ $(jq -r 'select(.reason | IN("depth", "too_long", "json", "not_object") | not)' rejects) == "" ]]
        [[ $(wc -l <rejects) -eq 28 ]]
        [[ $filter == lm-audit || $filter == lm-seal ]] || diff good - <<<"$output"
    done
    for argv in "lm-audit --claims deep --checkpoint /dev/null" "lm-audit --verdicts deep" "lm-log cat deep"; do
        read -ra words <<<"$argv"
        [[ $argv == *cat* ]] || words+=(--root "$F/registrar.jwk" "$F/registry.ndjson")
        run -1 --separate-stderr timeout 20 "${words[@]}"
    done
    while read -r line; do
        run -1 timeout 20 lm-log check --log-key "$F/m1.jwk" <<<"$line"
    done <deep
}

@test "--rejects gets a record for each, which is a record" {
    for filter in $(filters); do
        call "$filter"
        rm -f rejects
        run -1 --separate-stderr "${COMMAND[@]}" --rejects rejects "$F/$filter.hostile"
        diff <(jq -r '"\(.line) \(.reason)"' rejects) <(cut -d ' ' -f 1,2 "$F/$filter.lines")
        run -0 jq -e --arg program "$filter" 'select(.program == $program and .v == 1 and
            ((has("record") and (has("text") | not)) or (has("text") and (has("record") | not))))
            | .type == "reject"' rejects
        [[ ${#lines[@]} -eq $(wc -l <"$F/$filter.lines") ]]
        # lm-clear knows the type and passes over it.
        run -0 --separate-stderr lm-clear rejects
        [[ -z $stderr$output ]]
    done
}

@test "--accept-rejects gives 0 and the same output" {
    for filter in $(filters); do
        call "$filter"
        # An audit's verdict is negative all the same.
        run --separate-stderr "${COMMAND[@]}" --accept-rejects "$F/$filter.hostile"
        [[ $status -eq $([[ $filter == lm-audit ]] && echo 1 || echo 0) ]]
        [[ -n $stderr ]]
        "${COMMAND[@]}" "$F/$filter.hostile" >a 2>/dev/null || true
        "${COMMAND[@]}" --accept-rejects "$F/$filter.hostile" >b 2>/dev/null || true
        cmp <(unseal "$filter" <a) <(unseal "$filter" <b)
    done
}

@test "--strict stops at the first" {
    for filter in $(filters); do
        call "$filter"
        rm -f rejects
        run -1 --separate-stderr "${COMMAND[@]}" --strict --rejects rejects "$F/$filter.hostile"
        [[ $(wc -l <rejects) -eq 1 ]]
        [[ $(jq .line rejects) -eq 2 ]]
        [[ $(grep -c "^$filter: " <<<"$stderr") -eq 1 ]]
    done
}

@test "input without one object gives 65, empty input 0" {
    printf '[1]\nx\n\n' >none
    printf '{"type":"toaster","v":1}\n[1]\n' >one
    printf ' {"type":"order","v":1.5}\n' >real
    for filter in $(filters); do
        call "$filter"
        run -65 --separate-stderr "${COMMAND[@]}" none
        [[ $(grep -c "^$filter: none:[123]: " <<<"$stderr") -eq 3 ]]
        run -65 "${COMMAND[@]}" --accept-rejects none
        run -1 "${COMMAND[@]}" one
        run -1 "${COMMAND[@]}" real
        run -1 "${COMMAND[@]}" --strict none
        # To an audit, nothing is not clean.
        run --separate-stderr "${COMMAND[@]}" /dev/null
        [[ $status -eq $([[ $filter == lm-audit ]] && echo 1 || echo 0) ]]
        [[ -z $stderr ]]
    done
}

@test "a good file does not make up for a bad one: lines are named by file" {
    for filter in $(filters); do
        call "$filter"
        cp "$F/hostile/real" bad.ndjson
        run -1 --separate-stderr "${COMMAND[@]}" "$F/$filter.in" bad.ndjson
        [[ $stderr == "$filter: bad.ndjson:1: "* ]]
    done
}

@test "no file is both input and output" {
    for filter in $(filters); do
        call "$filter"
        cp "$F/$filter.hostile" both
        run -2 --separate-stderr timeout 10 bash -c '"$@" both >>both' _ "${COMMAND[@]}"
        [[ $stderr == "$filter: both is both input and output"* ]]
        run -2 --separate-stderr timeout 10 "${COMMAND[@]}" --rejects both both
        cmp both "$F/$filter.hostile"
    done
}

@test "programs that read text: missing files, full disks, and lines that cannot be" {
    for program in $(texts); do
        call "$program"
        run -0 --separate-stderr "${COMMAND[@]}" "$F/$program.in"
        [[ -z $stderr ]]
        [[ ${#lines[@]} -eq 1 ]]
        good=$output
        run -66 --separate-stderr "${COMMAND[@]}" no-such-file
        [[ $stderr == "$program: no-such-file: No such file or directory"* ]]
        run -74 --separate-stderr bash -c '"$@" >/dev/full' _ "${COMMAND[@]}" "$F/$program.in"
        {
            head -n 1 "$F/$program.in"
            head -c 70000 /dev/zero | tr '\0' ,
            echo
            tail -n 1 "$F/$program.in"
            printf 'the,last'
        } >bad
        rm -f rejects
        run -1 --separate-stderr "${COMMAND[@]}" --rejects rejects bad
        [[ $output == "$good" ]]
        [[ $(jq -r '"\(.line) \(.reason)"' rejects) == $'2 too_long\n4 truncated' ]]
        [[ $stderr == *"$program: bad:2: line of 70000 bytes"*"$program: bad:4: truncated"* ]]
        run -0 "${COMMAND[@]}" --accept-rejects bad
        run -1 --separate-stderr "${COMMAND[@]}" --strict bad
        [[ -z $output ]]
    done
}

@test "the number of threads changes nothing" {
    for filter in $PARALLEL; do
        call "$filter"
        "${COMMAND[@]}" --jobs 1 --rejects rejects1 "$F/$filter.hostile" >a 2>messages1 || true
        for jobs in 2 7; do
            rm -f rejects2
            "${COMMAND[@]}" --jobs "$jobs" --rejects rejects2 "$F/$filter.hostile" >b 2>messages2 || true
            cmp <(unseal "$filter" <a) <(unseal "$filter" <b)
            cmp messages1 messages2
            cmp rejects1 rejects2
        done
        rm -f rejects1
    done
}

@test "neither locale nor time zone changes a byte" {
    # A program that never calls setlocale cannot be moved by any locale, installed here or not.
    for program in $(programs); do
        run -0 nm -D "$LM_BIN/$program"
        [[ $output != *setlocale* && $output == *write* ]]
    done
    for filter in $(filters); do
        call "$filter"
        "${COMMAND[@]}" --rejects rejects1 "$F/$filter.hostile" >a 2>messages1 || true
        env -u LC_ALL LANG=tr_TR.UTF-8 LC_ALL=tr_TR.UTF-8 TZ=Asia/Kathmandu TZDIR=/nowhere \
            "${COMMAND[@]}" --rejects rejects2 "$F/$filter.hostile" >b 2>messages2 || true
        cmp <(unseal "$filter" <a) <(unseal "$filter" <b)
        cmp messages1 messages2
        cmp rejects1 rejects2
        rm rejects1 rejects2
    done
}

@test "what works record by record needs no more memory for more of them" {
    ! nm -D "$LM_BIN/lm-sign" | grep -q __asan_init || skip "the sanitizer keeps what is freed"
    local peak=${LM_BUILD:-${LM_BIN%/bin}}/tests/tools/peak
    for filter in $PARALLEL; do
        call "$filter"
        # Unsigned and signed orders, each another: what is passed on as well as what is rejected.
        head -n 1 "$F/$filter.in" | python3 -c '
import sys
line = sys.stdin.readline()
for i in range(24000):
    print(line.replace("\"seq\":1", "\"seq\":%d" % i), end="")' >many
        # By then lm-verify has touched all of the table that it keeps digests in.
        head -n 8000 many >few
        grown=$(($("$peak" "${COMMAND[@]}" <many) - $("$peak" "${COMMAND[@]}" <few)))
        # Of each line lm-log keeps a digest and where it stands; a quarter of the bytes is more.
        [ "$grown" -lt $(($(wc -c <many) / 1024 / 4)) ]
    done
}

# unread COMMAND…: runs it when the reader of its output is gone already; its status into `status`.
unread() {
    local status=0
    { sleep 0.1; env --default-signal=PIPE "$@" 2>errors || status=$?; echo "$status" >status; } | :
}

@test "whoever stops reading ends a program quietly, by 141" {
    for filter in $(filters); do
        call "$filter"
        unread "${COMMAND[@]}" "$F/$filter.in"
        [[ $(<status) -eq 141 ]]
        [[ ! -s errors ]]
    done
    for program in $(programs); do
        unread "$program" --help
        [[ $(<status) -eq 141 ]]
        [[ ! -s errors ]]
    done
}

@test "a filter answers before its input ends" {
    for filter in $PARALLEL; do
        call "$filter"
        mkfifo "$filter.in" "$filter.out"
        "${COMMAND[@]}" <"$filter.in" >"$filter.out" &
        exec 7>"$filter.in" 8<"$filter.out"
        head -n 1 "$F/$filter.in" >&7
        read -r -t 10 -u 8 answer
        [[ $answer == *'"sig"'* || $answer == *'"box"'* ]]
        exec 7>&- 8<&-
        wait $!
    done
}

shellcheck_if_there() {
    ! command -v shellcheck >/dev/null || shellcheck "$1"
}

@test "completions load, and know the options and words" {
    for program in $(programs); do
        "$program" --completion bash >"$program.bash"
        run -0 bash -c 'source "$1"; COMP_WORDS=("$2" --he); COMP_CWORD=1
            "$(complete -p "$2" | sed "s/.* -F \([^ ]*\) .*/\1/")"; printf "%s\n" "${COMPREPLY[@]}"' \
            _ "$program.bash" "$program"
        [[ $output == --help ]]
        run -0 bash -c 'source "$1"; COMP_WORDS=("$2" --); COMP_CWORD=1
            "$(complete -p "$2" | sed "s/.* -F \([^ ]*\) .*/\1/")"; printf "%s\n" "${COMPREPLY[@]}"' \
            _ "$program.bash" "$program"
        diff <("$program" --completion fish | sed -n 's/.* -l \([a-z0-9-]*\).*/--\1/p' | sort) <(sort <<<"$output")
        run -2 --separate-stderr "$program" --completion csh
        shellcheck_if_there "$program.bash"
    done
}

@test "a file name is completed behind an option and behind an equals sign" {
    touch notes.ndjson
    for program in $(filters); do
        "$program" --completion bash >"$program.bash"
        for words in '--rejects no' '--rejects = no'; do
            run -0 bash -c 'source "$1"; COMP_WORDS=("$2" $3); COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
                "$(complete -p "$2" | sed "s/.* -F \([^ ]*\) .*/\1/")"; printf "%s\n" "${COMPREPLY[@]}"' \
                _ "$program.bash" "$program" "$words"
            [[ $output == notes.ndjson ]]
        done
    done
}

@test "zsh parses its completions" {
    command -v zsh >/dev/null || skip "no zsh on this machine"
    for program in $(programs); do
        "$program" --completion zsh >"_$program"
        run -0 zsh -n "_$program"
        [[ -z $output ]]
        [[ $(head -n 1 "_$program") == "#compdef $program" ]]
    done
}

@test "fish parses its completions and completes with them" {
    command -v fish >/dev/null || skip "no fish on this machine"
    export HOME=$BATS_TEST_TMPDIR XDG_CONFIG_HOME=$BATS_TEST_TMPDIR XDG_DATA_HOME=$BATS_TEST_TMPDIR
    for program in $(programs); do
        "$program" --completion fish >"$program.fish"
        run -0 fish -n "$program.fish"
        run -0 --separate-stderr fish -c "source $program.fish; complete -C '$program --hel'"
        [[ $output == --help* ]]
    done
}

@test "what is written from tables is what the tables say" {
    build=${LM_BUILD:-${LM_BIN%/bin}}
    [[ -x $build/tests/tools/records-man ]] || skip "records-man is not built (make check builds it)"
    (cd "$LM_ROOT" && tests/tools/generate "$build" "$BATS_TEST_TMPDIR")
    cmp man/lm-records.5 "$LM_ROOT/man/lm-records.5"
    diff -r completions "$LM_ROOT/completions"
}

@test "lm-records(5) lists every type, and its example is a record" {
    page=$LM_ROOT/man/lm-records.5
    sed -n '/^\.Bd -literal$/,/^\.Ed$/p' "$page" | grep -v '^\.' | sed 's/\\e$//' | tr -d '\n' >example
    echo >>example
    run -0 --separate-stderr lm-clear example
    [[ -z $stderr ]]
    [[ $(jq -r .offered_wh <<<"$output") -eq 2000 ]]
    for type in identity revocation firmware market-rules tariff contract network-fee order clearing \
        trade curve notice reading total settlement transfer adjustment bill challenge response sealed \
        entry receipt reject alert claim finding verdict exhibit; do
        grep -qx "\.Ss $type" "$page"
    done
}
