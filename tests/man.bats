# The examples of the manual pages are run as they stand there. Pages that are not here have a test
# of their own beside their program's.
# shellcheck disable=SC2154 # bats sets stderr
bats_require_minimum_version 1.5.0
load helper

# examples PAGE: splits the commands of its EXAMPLES into 1.cmd, 2.cmd…, and what they are shown to
# print, if anything, into 1.out… A command begins behind a prompt and ends where the shell takes it
# for whole; a block without prompts is one command.
examples() {
    local line command='' number=0 block=0
    while IFS= read -r line; do
        case $line in
        '.Bd '*) block=1 command='' ;;
        .Ed) [[ -z $command ]] || { ((++number)); printf '%s\n' "$command" >"$number.cmd"; }
            block=0 command='' ;;
        '.Dl $ '*) ((++number)); printf '%s\n' "${line#.Dl \$ }" >"$number.cmd" ;;
        .*) ;;
        '$ '*) command=${line#\$ } block=2 ;;
        *)
            [[ $block -gt 0 ]] || continue
            if [[ $block -eq 2 && -z $command ]]; then
                printf '%s\n' "$line" >>"$number.out"
                continue
            fi
            command+=${command:+$'\n'}${line#> }
            ;;
        esac
        if [[ $block -eq 2 && -n $command && $command != *[\\\|] ]] && bash -n <<<"$command" 2>/dev/null; then
            ((++number))
            printf '%s\n' "$command" >"$number.cmd"
            command=
        fi
    done < <(sed -n '/^\.Sh EXAMPLES$/,/^\.Sh SEE ALSO$/p' "$LM_ROOT/man/$1.1" |
        sed '1d; $d; s/\\e/\\/g; s/\\(dq/"/g; s/\\(aq/'"'"'/g; s/^\\&//')
    COUNT=$number
}

# example N [STATUS]: runs it. Where it shows a file by cat, the file is made of what is shown.
example() {
    local file
    if [[ $(<"$1.cmd") == 'cat '[a-z]*.csv ]]; then
        file=$(sed 's/^cat //' "$1.cmd")
        cp "$1.out" "$file"
    fi
    run -"${2:-0}" --separate-stderr bash -o pipefail "$1.cmd"
    [[ -n $stderr && ${2:-0} -eq 0 ]] && return 1
    [[ ! -e $1.out ]] || diff <(printf '%s\n' "$output") "$1.out"
}

# types: of the records in $output.
types() {
    jq -r .type <<<"$output" | paste -sd ' '
}

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return
    # Some examples are about 2016, some about the present.
    enrol() { lm-keygen "$@" --valid 2016-01-01T00:00Z/2999-01-01T00:00Z | lm-sign -k registrar.jwk >>registry.ndjson; }
    enrol --id registrar --role registrar
    enrol --id m --role market --region north
    enrol --id s1 --role supplier --region north
    enrol --id u1 --role user --supplier s1 --region north
    enrol --id ann --role user --supplier s1 --region north
    enrol --id M1 --role meter --user u1
    lm-sign -k registrar.jwk >rules <<'RULES'
{"type":"market-rules","v":1,"market":"m","regions":["north"],"valid":"2016-01-01T00:00Z/2999-01-01T00:00Z","currency":"EUR","period_minutes":30,"gate_minutes":0,"grace_seconds":0,"mechanism":"double-auction","price_rule":"midpoint","max_orders":20,"min_group":1}
RULES
    "$LM_ROOT/examples/paper/run" paper >/dev/null
}

setup() {
    cp -r "$BATS_FILE_TMPDIR"/* "$BATS_TEST_TMPDIR"
    cd "$BATS_TEST_TMPDIR" || return
}

@test "lm-bid(1)" {
    examples lm-bid
    [ "$COUNT" -eq 5 ]
    example 1
    [ "$(jq -c '[.from, .side, .energy_wh, .price]' <<<"$output" | paste -sd ' ')" = '["ann","offer",2000,"0.1"] ["ann","bid",500,"0.05"]' ]
    offer=$(head -n 1 <<<"$output")
    example 2
    [ "$(jq -c '[.energy_wh, .id]' <<<"$output")" = "$(jq -c '[0, .id]' <<<"$offer")" ]
    [ "$(jq .seq <<<"$output")" -gt "$(jq .seq <<<"$offer")" ]
    example 3
    run -0 lm-verify -r registry.ndjson --root registrar.jwk <<<"$output"
    [ "$(jq -r .from <<<"$output")" = ann ]
    example 4
    example 5
    [ "$(jq -c '[.from, .side, .energy_wh, .price]' <<<"$output" | paste -sd ' ')" = '["ann","offer",2000,"0.1"] ["bob","bid",500,"0.2"]' ]
}

@test "lm-clear(1)" {
    examples lm-clear
    [ "$COUNT" -eq 3 ]
    example 1
    # "It trades 2000 Wh at 0.13, as the bid is the longer side."
    [ "$(jq -c '[.type, .energy_wh, .price]' <<<"$output" | paste -sd ' ')" = '["clearing",2000,"0.13"] ["trade",2000,"0.13"] ["trade",2000,"0.13"]' ]
    example 2
    [ "$output" = "$(jq -r .period orders.ndjson | sort -u)"$'\tmarket\t0.13' ]
    example 3
    [ "$output" = $'2000\t0.09' ]
}

@test "lm-keygen(1)" {
    rm -f -- *.jwk registry.ndjson
    examples lm-keygen
    [ "$COUNT" -eq 3 ]
    for ((number = 1; number <= COUNT; number++)); do
        example "$number"
    done
    run -0 lm-verify -r registry.ndjson --root registrar.jwk registry.ndjson
    [ "$(jq -r .id <<<"$output" | paste -sd ' ')" = 'registrar u1 m1' ]
}

@test "lm-meter(1)" {
    examples lm-meter
    [ "$COUNT" -eq 4 ]
    example 1
    [ "$(jq -c '[.meter, .period, .import_wh, .export_wh]' <<<"$output")" = '["M1","2016-04-01T12:00Z/PT30M",0,2000]' ]
    example 2
    example 3
    # 1235.25 - 1234.5 kWh, from 14:00 on in Brussels, which is two hours ahead.
    [ "$(jq -c '[.period, .import_wh]' <<<"$output")" = '["2016-04-01T12:00Z/PT30M",750]' ]
    values() { printf '/x\r\n\r\n0-0:1.0.0(160401%sS)\r\n1-0:1.8.0(%s*kWh)\r\n1-0:2.8.0(0*kWh)\r\n' "$1" "$2"; }
    telegram() {
        python3 -c '
import sys
text = sys.stdin.buffer.read() + b"!"
crc = 0
for byte in text:
    crc ^= byte
    for _ in range(8):
        crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
sys.stdout.buffer.write(text + b"%04X\r\n" % crc)'
    }
    { values 140000 1 | telegram; values 143000 3 | telegram; } >port
    sed -i 's|/dev/ttyUSB0|port|' 4.cmd
    example 4
    [ "$(jq -c '[.period, .import_wh]' readings)" = '["2016-04-01T12:00Z/PT30M",2000]' ]
    run -0 lm-verify -r registry.ndjson --root registrar.jwk readings
}

@test "lm-period(1)" {
    examples lm-period
    [ "$COUNT" -eq 4 ]
    example 1
    [ "$(types)" = order ]
    example 2
    example 3
    [ "${#lines[@]}" -eq 48 ]
    example 4
    [ "$output" -gt 0 ]
    [ "$output" -le 1800 ]
}

@test "lm-settle(1)" {
    cp paper/{S,M2}.jwk .
    cat paper/{registry,public,market,readings}.ndjson >verified.ndjson
    # U2 had imported 5 kWh, 1 kWh more at 0.2.
    printf 'period,import_kwh,export_kwh\n2016-04-01T12:00Z/PT30M,5,0\n' |
        lm-meter --meter M2 --seq 1 --quality corrected | cat verified.ndjson - >all.ndjson
    cp paper/public.ndjson tariffs.ndjson
    echo '{"type":"bill","v":1,"supplier":"S","user":"U1","month":"2016-03","currency":"EUR","amount":"0.004","without_market":"0","difference":"0.004","items":[],"carried_in":"0","rounded":"0","carry":"0.004"}' >march-bills.ndjson
    examples lm-settle
    [ "$COUNT" -eq 4 ]
    example 1
    [ ! -s refused.ndjson ]
    cmp issued.ndjson <(jq -c 'del(.sig)' paper/settlements.ndjson)
    example 2
    [ "$(jq -r 'select(.party == "U2") | "\(.type) \(.month) \(.amount)"' adjustments.ndjson)" = 'adjustment 2016-05 -0.2' ]
    example 3
    # 0.16 + 0.004
    [ "$(jq -c '[.user, .rounded, .carry]' april-bills.ndjson | paste -sd ' ')" = '["U1","0.16","0.004"] ["U2","-0.62","0"]' ]
    # The paper's records as its three parties would log them; those of another half-hour stay out.
    keep() { lm-log append "$1" -k "paper/$2.jwk" --now 2016-04-01T12:31:00Z >>receipts.ndjson; }
    keep registry.log registrar <paper/registry.ndjson
    keep market.log lm <paper/market.ndjson
    lm-meter --meter M2 <<<$'period,import_kwh,export_kwh\n2016-04-01T12:30Z/PT30M,1,0' |
        lm-sign -k M2.jwk | cat paper/{public,readings}.ndjson - | keep S.log S
    sed 's/power/S/g' 4.cmd >S.cmd
    period=2016-04-01T12:00Z/PT30M run -0 --separate-stderr bash -o pipefail S.cmd
    [ -z "$stderr" ]
    cmp <(lm-log cat S.log --bare -t settlement) paper/settlements.ndjson
}

@test "lm-sign(1)" {
    examples lm-sign
    [ "$COUNT" -eq 2 ]
    example 1
    printf '%s\n' "$output" >order.ndjson
    run -0 lm-verify -r registry.ndjson --root registrar.jwk order.ndjson
    run bash 2.cmd
    [ "$output" = "{\"alg\":\"EdDSA\",\"b64\":false,\"crit\":[\"b64\"],\"kid\":\"$(jq -r '.keys[] | select(.crv == "Ed25519") | .kid' u1.jwk)\"}" ]
}

@test "lm-verify(1)" {
    mkdir inbox
    lm-bid --from u1 --market m --period next --offer 2kWh@0.11 | lm-sign -k u1.jwk >inbox/u1
    lm-bid --from u1 --market m --period next --offer 3kWh@0.11 >inbox/unsigned
    examples lm-verify
    [ "$COUNT" -eq 3 ]
    example 1 1
    cmp inbox/u1 orders.ndjson
    lm-log append registry.log -k registrar.jwk registry.ndjson >receipts
    lm-log checkpoint registry.log -k registrar.jwk >signed
    mv signed checkpoint
    rm orders.ndjson
    example 2 1
    cmp inbox/u1 orders.ndjson
    example 3
    [[ $output == "unsigned: "* ]]
}
