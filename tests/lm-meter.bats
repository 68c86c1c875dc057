# Readings from CSV and from P1 telegrams.
bats_require_minimum_version 1.5.0
load helper

setup() {
    cd "$BATS_TEST_TMPDIR" || return
}

meter() {
    lm-meter --meter M1 "$@"
}

# short: of each reading on stdin its period's start, import, export and quality.
short() {
    jq -r '"\(.period[:16]) \(.import_wh) \(.export_wh) \(.quality)"'
}

# telegram TIME LINE…: a P1 telegram with CR LF and the CRC of its bytes, by the CRC's definition.
telegram() {
    python3 - "$@" <<'EOT'
import sys
def crc16(text):
    crc = 0
    for byte in text.encode():
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0xA001 if crc & 1 else 0)
    return crc
assert crc16("123456789") == 0xBB3D # the check value of CRC-16/ARC
lines = ["/KFM5KAIFA-METER", "", "1-3:0.2.8(50)"]
if sys.argv[1]:
    lines.append("0-0:1.0.0(" + sys.argv[1] + ")")
body = "".join(line + "\r\n" for line in lines + sys.argv[2:]) + "!"
sys.stdout.write(body + "%04X\r\n" % crc16(body))
EOT
}

# sample TIME IMPORT1 IMPORT2 EXPORT1 EXPORT2: a telegram with four registers in kWh.
sample() {
    telegram "$1" "1-0:1.8.1($2*kWh)" "1-0:1.8.2($3*kWh)" "1-0:2.8.1($4*kWh)" "1-0:2.8.2($5*kWh)" \
        "0-0:96.14.0(0002)" "1-0:1.7.0(01.193*kW)" "0-1:24.2.1(160401140000S)(12785.123*m3)"
}

@test "an interval row is one canonical reading" {
    run -0 --separate-stderr meter <<<$'period,import_kwh,export_kwh\n2016-04-01T12:00Z/PT30M,0,2.5'
    [ "$output" = '{"export_wh":2500,"import_wh":0,"meter":"M1","period":"2016-04-01T12:00Z/PT30M","quality":"measured","seq":0,"type":"reading","v":1}' ]
    [ -z "$stderr" ]
}

@test "--firmware, --seq, --quality and the quality column" {
    d=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU
    run -0 meter --firmware $d --seq 3 --quality corrected \
        <<<$'quality,period,import_wh,export_wh\n,2016-04-01T12:00Z/PT30M,1,2\nestimated,2016-04-01T12:30Z/PT30M,1,2'
    [ "$(jq -r '[.firmware, .seq, .quality] | join(" ")' <<<"$output")" = "$d 3 corrected
$d 3 estimated" ]
}

@test "start takes UTC, offsets and, with --zone, local time" {
    cat >in <<'EOT'
start,import_wh,export_wh
2016-04-01T12:00:00Z,1,0
2016-04-01 14:30+02:00,2,0
2016-04-01T09:00:00-0400,3,0
2016-04-01 15:30,4,0
EOT
    run -0 --separate-stderr meter --zone Europe/Brussels in
    [ "$(short <<<"$output")" = "2016-04-01T12:00 1 0 measured
2016-04-01T12:30 2 0 measured
2016-04-01T13:00 3 0 measured
2016-04-01T13:30 4 0 measured" ]
    run -1 --separate-stderr meter --rejects rejects in
    [ "${#lines[@]}" -eq 3 ]
    [[ $stderr == *"in:5: "*"no offset"*"--zone"* ]]
    [ "$(reasons rejects)" = local_time ]
}

@test "Brussels, 2016-03-27 and 2016-10-30: days of 46 and of 50 half-hours" {
    # Every local half-hour that the clock shows, with offsets as the law has them.
    python3 - >spring <<'EOT'
print("start,import_wh,export_wh")
for half in range(48):
    hour, minute = divmod(half * 30, 60)
    if hour != 2:
        print("2016-03-27 %02d:%02d,%d,0" % (hour, minute, half))
EOT
    run -0 --separate-stderr meter --zone Europe/Brussels spring
    [ "${#lines[@]}" -eq 46 ]
    # 23:00Z on the 26th to 22:00Z on the 27th, without a hole.
    [ "$(jq -r .period <<<"$output")" = "$(lm-period list 2016-03-26T23:00Z/2016-03-27T22:00Z)" ]
    python3 - >autumn <<'EOT'
print("start,import_wh,export_wh")
for offset, hours in (("+02:00", range(0, 3)), ("+01:00", range(2, 24))):
    for hour in hours:
        for minute in (0, 30):
            print("2016-10-30T%02d:%02d:00%s,1,0" % (hour, minute, offset))
EOT
    run -0 --separate-stderr meter autumn
    [ "$(jq -r .period <<<"$output")" = "$(lm-period list 2016-10-29T22:00Z/2016-10-30T23:00Z)" ]
    # Without offsets the skipped and the doubled hour are refused, the rest is read.
    sed 's/+0[12]:00//; s/T/ /' autumn >local
    run -1 --separate-stderr meter --zone Europe/Brussels --rejects rejects local
    [ "${#lines[@]}" -eq 46 ]
    [ "$(reasons rejects | sort | uniq -c | tr -s ' ')" = " 4 local_time" ]
    [[ $stderr == *"twice in Europe/Brussels"*"hint: "*"offset"* ]]
    run -1 --separate-stderr meter --zone Europe/Brussels <<<$'start,import_wh,export_wh\n2016-03-27 02:30,1,0'
    [ -z "$output" ]
    [[ $stderr == *"does not exist in Europe/Brussels"* ]]
}

@test "registers: the difference at exact samples, measured" {
    run -0 --separate-stderr meter <<'EOT'
at,import_register_kwh,export_register_kwh
2016-04-01T12:00:00Z,1234.500,10
2016-04-01T12:30:00Z,1235.750,10.001
2016-04-01T13:00:00Z,1235.750,12
EOT
    [ "$(short <<<"$output")" = "2016-04-01T12:00 1250 1 measured
2016-04-01T12:30 0 1999 measured" ]
}

@test "registers: between samples on the straight line, rounded down, estimated, nothing lost" {
    run -0 --separate-stderr meter <<'EOT'
at,import_register_wh,export_register_wh
2016-04-01T12:00:00Z,1000,0
2016-04-01T12:20:00Z,1100,0
2016-04-01T12:40:00Z,1201,10
2016-04-01T13:00:00Z,1300,10
EOT
    # At 12:30 halfway from 1100 to 1201: 1150 (and a half).
    [ "$(short <<<"$output")" = "2016-04-01T12:00 150 5 estimated
2016-04-01T12:30 150 5 estimated" ]
    # The call's quality is what to call measured values, not estimates.
    run -0 meter --quality corrected <<'EOT'
at,import_register_wh,export_register_wh
2016-04-01T12:00Z,0,0
2016-04-01T12:30Z,10,0
2016-04-01T13:01Z,41,0
EOT
    [ "$(short <<<"$output")" = "2016-04-01T12:00 10 0 corrected
2016-04-01T12:30 30 0 estimated" ]
}

@test "registers: a period that the samples do not cover has no reading" {
    run -0 --separate-stderr meter <<'EOT'
at,import_register_wh,export_register_wh
2016-04-01T12:01Z,1000,0
2016-04-01T12:29Z,1100,0
EOT
    [ -z "$output" ]
    run -0 meter <<'EOT'
at,import_register_wh,export_register_wh
2016-04-01T12:01Z,1000,0
2016-04-01T13:29Z,1088,0
EOT
    [ "$(short <<<"$output")" = "2016-04-01T12:30 30 0 estimated" ]
}

@test "registers: --max-gap bounds what is interpolated, and the hole is told" {
    cat >in <<'EOT'
at,import_register_wh,export_register_wh
2016-04-01T12:00Z,0,0
2016-04-02T12:00Z,4800,0
2016-04-03T12:01Z,9600,0
2016-04-03T12:30Z,9700,0
2016-04-03T13:00Z,9800,0
EOT
    run -0 --separate-stderr meter in
    # A day of 48 half-hours by a day's gap, none of the longer one, then the last.
    [ "${#lines[@]}" -eq 49 ]
    [ "$(jq -s '[.[:48][].import_wh] | add' <<<"$output")" = 4800 ]
    [ "$(short <<<"${lines[48]}")" = "2016-04-03T12:30 100 0 measured" ]
    [[ $stderr == "lm-meter: in:4: no sample for more than 1440 minutes: no reading in between"*"hint: --max-gap"* ]]
    run -0 --separate-stderr meter --max-gap 1441 in
    [ "${#lines[@]}" -eq 98 ]
    [ "$(jq -s '[.[].import_wh] | add' <<<"$output")" = 9800 ]
    [ -z "$stderr" ]
    run -0 --separate-stderr meter --max-gap 0 in
    [ "${#lines[@]}" -eq 1 ]
}

@test "registers: what runs backwards is refused, and no energy is made of it" {
    cat >in <<'EOT'
at,import_register_wh,export_register_wh
2016-04-01T12:00Z,1000,0
2016-04-01T12:30Z,1100,0
2016-04-01T12:15Z,1050,0
2016-04-01T13:00Z,1200,0
2016-04-01T13:30Z,7,0
2016-04-01T14:00Z,20,0
2016-04-01T14:30Z,50,0
2016-04-01T15:00Z,60,5
2016-04-01T15:30Z,70,4
2016-04-01T16:00Z,80,6
2016-04-01T16:30Z,90,6
EOT
    run -1 --separate-stderr meter --rejects rejects in
    [ "$(short <<<"$output")" = "2016-04-01T12:00 100 0 measured
2016-04-01T12:30 100 0 measured
2016-04-01T14:00 30 0 measured
2016-04-01T14:30 10 5 measured
2016-04-01T16:00 10 0 measured" ]
    [ "$(jq -r '"\(.line) \(.reason)"' rejects)" = "4 backwards
6 backwards
10 backwards" ]
    [[ $stderr == *"in:6: the import register runs backwards, from 1200 to 7 Wh"* ]]
    [[ $stderr == *"in:10: the export register runs backwards"* ]]
}

@test "registers against an oracle of fractions, 300 random meters" {
    cat >oracle.py <<'EOT'
import random, subprocess, sys
from datetime import datetime, timedelta
from fractions import Fraction
from math import floor

rng = random.Random(2016)
origin = datetime(2016, 4, 1)
for number in range(300):
    length = rng.choice([1, 5, 15, 30, 60, 1440])
    gap = rng.choice([0, length, 3 * length, 100000])
    at, up, down, samples = rng.randrange(0, 7200), rng.randrange(10**6), rng.randrange(10**6), []
    for _ in range(rng.randrange(1, 40)):
        samples.append((at, up, down))
        # Half of the samples stand on boundaries.
        at += rng.randrange(1, 3 * length * 60)
        if rng.random() < 0.5:
            at += -at % (length * 60)
        up += rng.choice([0, 1, rng.randrange(10**4)])
        down += rng.choice([0, 0, rng.randrange(100)])

    def register(second):
        """Registers at a boundary, and whether exact; None where nobody knows."""
        for (a, u, d) in samples:
            if a == second:
                return u, d, True
        for (a, u, d), (b, v, e) in zip(samples, samples[1:]):
            if a < second < b and b - a <= gap * 60:
                share = Fraction(second - a, b - a)
                return floor(u + share * (v - u)), floor(d + share * (e - d)), False
        return None

    wanted = []
    first = samples[0][0] // (length * 60) * length * 60
    for start in range(first, samples[-1][0], length * 60):
        begin, end = register(start), register(start + length * 60)
        if begin and end:
            wanted.append("%s/PT%dM %d %d %s" % (
                (origin + timedelta(seconds=start)).strftime("%Y-%m-%dT%H:%MZ"), length,
                end[0] - begin[0], end[1] - begin[1],
                "measured" if begin[2] and end[2] else "estimated"))
    rows = ["at,import_register_wh,export_register_wh"]
    rows += ["%s,%d,%d" % ((origin + timedelta(seconds=a)).strftime("%Y-%m-%dT%H:%M:%SZ"), u, d)
             for a, u, d in samples]
    out = subprocess.run(["lm-meter", "--meter", "M1", "--length", str(length), "--max-gap",
                          str(gap)], input="\n".join(rows) + "\n", text=True, check=True,
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    got = subprocess.run(["jq", "-r", '"\\(.period) \\(.import_wh) \\(.export_wh) \\(.quality)"'],
                         input=out, text=True, check=True, stdout=subprocess.PIPE).stdout
    if got.splitlines() != wanted:
        sys.exit("meter %d: length %d gap %d\n%s\ngot:\n%s\nwanted:\n%s"
                 % (number, length, gap, "\n".join(rows), got, "\n".join(wanted)))
EOT
    timeout 120 python3 oracle.py
}

@test "P1: two telegrams make a reading of both tariffs" {
    { sample 160401140000S 001000.000 002000.500 000000.000 000003.000
      sample 160401143000S 001000.250 002001.000 000000.007 000003.000; } >in
    run -0 --separate-stderr meter --p1 in
    # 250 + 500 Wh in, 7 Wh out; 14:00 summer time is 12:00Z.
    [ "$(short <<<"$output")" = "2016-04-01T12:00 750 7 measured" ]
    [ -z "$stderr" ]
}

@test "P1: totals where there are no tariffs, further tariffs where there are" {
    { telegram 160101000000W "1-0:1.8.0(000010.000*kWh)" "1-0:2.8.0(000001.000*kWh)"
      telegram 160101003000W "1-0:1.8.0(000010.500*kWh)" "1-0:2.8.0(000001.100*kWh)"; } >in
    run -0 meter --p1 in
    [ "$(short <<<"$output")" = "2015-12-31T23:00 500 100 measured" ]
    three() {
        telegram "$1" "1-0:1.8.1($2*kWh)" "1-0:1.8.2(000000.000*kWh)" "1-0:1.8.3($3*kWh)" \
            "1-0:2.8.1(000000.000*kWh)" "1-0:2.8.2(000000.000*kWh)"
    }
    { three 160101000000W 000001.000 000005.000; three 160101003000W 000002.000 000005.500; } >in
    run -0 meter --p1 in
    [ "$(short <<<"$output")" = "2015-12-31T23:00 1500 0 measured" ]
}

@test "P1: registers in Wh; totals beside tariffs count once" {
    both() {
        telegram "$1" "1-0:1.8.0($2*Wh)" "1-0:1.8.1($3*Wh)" "1-0:1.8.2($4*Wh)" "1-0:2.8.0($5*Wh)" \
            "1-0:2.8.1(000000000*Wh)" "1-0:2.8.2($5*Wh)" "1-0:3.8.0(000000747*varh)"
    }
    { both 160401140000S 006545766 005017120 001528646 000000058
      both 160401143000S 006545966 005017220 001528746 000000059; } >in
    run -0 meter --p1 in
    [ "$(short <<<"$output")" = "2016-04-01T12:00 200 1 measured" ]
}

@test "P1: a meter whose clock stands still tells nothing" {
    { sample 000101010000W 000001.000 000000.000 000000.000 000000.000
      sample 000101010000W 000001.100 000000.000 000000.000 000000.000; } >in
    run -1 --separate-stderr meter --p1 in
    [ -z "$output" ]
    [[ $stderr == *"one instant has two values"* ]]
}

@test "P1: the double hour of 2016-10-30 by S and W" {
    { sample 161030020000S 000001.000 000000.000 000000.000 000000.000
      sample 161030023000S 000001.100 000000.000 000000.000 000000.000
      sample 161030020000W 000001.300 000000.000 000000.000 000000.000
      sample 161030023000W 000001.600 000000.000 000000.000 000000.000
      sample 161030030000W 000002.000 000000.000 000000.000 000000.000; } >in
    run -0 --separate-stderr meter --p1 in
    [ "$(short <<<"$output")" = "2016-10-30T00:00 100 0 measured
2016-10-30T00:30 200 0 measured
2016-10-30T01:00 300 0 measured
2016-10-30T01:30 400 0 measured" ]
    # The same under the zone by name.
    run -0 meter --p1 --zone Europe/Brussels in
    [ "${#lines[@]}" -eq 4 ]
}

@test "P1: a bad telegram is refused and the next one goes on" {
    good1=$(sample 160401140000S 000001.000 000000.000 000000.000 000000.000; echo .)
    good2=$(sample 160401143000S 000001.100 000000.000 000000.000 000000.000; echo .)
    try() { # REASON WORDS TELEGRAM: between two good ones
        printf '%s%s%s' "${good1%.}" "$3" "${good2%.}" >in
        rm -f rejects
        run -1 --separate-stderr meter --p1 --rejects rejects in
        [ "$(short <<<"$output")" = "2016-04-01T12:00 100 0 measured" ]
        [ "$(reasons rejects)" = "$1" ]
        [[ $stderr == *"$2"* ]]
    }
    middle=$(sample 160401141500S 000001.050 000000.000 000000.000 000000.000; echo .)
    middle=${middle%.}
    try telegram "CRC" "${middle/1.050/1.060}"
    try telegram "CRC" "${middle//$'\r'/}"
    crc=${middle##*!}
    try telegram "a CRC of 4 digits" "${middle%"$crc"}"$'\r\n'
    try telegram "a CRC of 4 digits" "${middle%"$crc"}12"$'\r\n'
    try telegram "a CRC of 4 digits" "${middle%"$crc"}12G4"$'\r\n'
    try telegram "before this one does not end" "${middle%!*}"
    try telegram "not in a telegram" "${middle#/}"
    other() { telegram "$@"; echo .; }
    t=(160401141500S "1-0:1.8.1(000001.050*kWh)" "1-0:1.8.2(000000.000*kWh)" \
        "1-0:2.8.1(000000.000*kWh)" "1-0:2.8.2(000000.000*kWh)")
    bad=$(other "" "${t[@]:1}"); try telegram "no time" "${bad%.}"
    bad=$(other 160431141500S "${t[@]:1}"); try telegram "is not a time" "${bad%.}"
    bad=$(other 160401141500 "${t[@]:1}"); try telegram "is not a time" "${bad%.}"
    bad=$(other 160401141500W "${t[@]:1}"); try local_time "is not winter time in Europe/Amsterdam" "${bad%.}"
    bad=$(other 160327023000S "${t[@]:1}"); try local_time "is not summer time" "${bad%.}"
    bad=$(other "${t[@]:0:2}" "${t[@]:3}"); try telegram "neither 1-0:1.8.1 and 1-0:1.8.2 nor" "${bad%.}"
    bad=$(other "${t[@]:0:4}"); try telegram "neither 1-0:2.8.1" "${bad%.}"
    bad=$(other "${t[@]}" "1-0:1.8.1(000001.050*kWh)"); try telegram "1-0:1.8.1 stands in the telegram twice" "${bad%.}"
    bad=$(other "${t[@]}" "0-0:1.0.0(160401141500S)"); try telegram "0-0:1.0.0 stands in the telegram twice" "${bad%.}"
    for value in '1.0505*kWh' '-1.050*kWh' '1.050*Wh' '1,050*kWh' '*kWh' '9007199254740.992*kWh'; do
        bad=$(other "${t[0]}" "1-0:1.8.1($value)" "${t[@]:2}")
        try telegram "1-0:1.8.1 is not a register" "${bad%.}"
    done
    bad=$(other "${t[0]}" "1-0:1.8.1(9007199254740.991*kWh)" "1-0:1.8.2(0.001*kWh)" "${t[@]:3}")
    try integer_range "2^53-1" "${bad%.}"
    # An older telegram, and a register that fell: refused like rows.
    bad=$(sample 160401133000S 000000.900 000000.000 000000.000 000000.000; echo .)
    try backwards "clock" "${bad%.}"
}

@test "P1: a start in the middle and an end in the middle cost one message each" {
    { sample 160401140000S 000001.000 000000.000 000000.000 000000.000 | tail -n +3
      sample 160401140000S 000001.000 000000.000 000000.000 000000.000
      sample 160401143000S 000001.100 000000.000 000000.000 000000.000
      sample 160401150000S 000001.100 000000.000 000000.000 000000.000 | head -n 5; } >in
    run -1 --separate-stderr meter --p1 --rejects rejects in
    [ "$(short <<<"$output")" = "2016-04-01T12:00 100 0 measured" ]
    [ "$(reasons rejects | tr '\n' ' ')" = "telegram telegram " ]
    [[ $stderr == *"in:1: not in a telegram"*"the telegram does not end"* ]]
}

@test "P1: readings come while the meter goes on" {
    { sample 160401140000S 000001.000 000000.000 000000.000 000000.000
      sample 160401143000S 000001.100 000000.000 000000.000 000000.000
      sleep 3; } | meter --p1 | {
        read -r -t 2 line
        [[ $line == *'"import_wh":100'* ]]
        cat >/dev/null
    }
}

@test "CSV: each bad row is rejected by its line and reason, the good ones around it go through" {
    {
        echo period,import_kwh,export_kwh,quality
        echo 2016-04-01T12:00Z/PT30M,1,1,       # 2: good
        echo 2016-04-01T12:00Z/PT15M,1,1,       # 3
        echo 2016-04-01T12:10Z/PT30M,1,1,       # 4
        echo 2016-04-01T12:30Z/PT30M,,1,        # 5
        echo 2016-04-01T12:30Z/PT30M,1,,        # 6
        echo ,1,1,                              # 7
        echo 2016-04-01T12:30Z/PT30M,1.0005,1,  # 8
        echo 2016-04-01T12:30Z/PT30M,-1,1,      # 9
        echo 2016-04-01T12:30Z/PT30M,1e3,1,     # 10
        echo 2016-04-01T12:30Z/PT30M,9007199254740.992,1, # 11
        echo 2016-04-01T12:30Z/PT30M,1,1,good   # 12
        echo 2016-04-01T12:30Z/PT30M,1,1        # 13
        echo 2016-04-01T12:30Z/PT30M,1,1,,      # 14
        echo '2016-04-01T12:30Z/PT30M,"1,1,'    # 15
        echo                                    # 16
        printf '2016-04-01T12:30Z/PT30M,1\0,1,\n'   # 17
        printf '2016-04-01T12:30Z/PT30M,1,1,\xff\n' # 18
        head -c 70000 /dev/zero | tr '\0' 1; echo   # 19
        echo 2016-04-01T12:30Z/PT30M,9007199254740.991,0.000,measured # 20: good
    } >in
    run -1 --separate-stderr meter --rejects rejects in
    [ "$(short <<<"$output")" = "2016-04-01T12:00 1000 1000 measured
2016-04-01T12:30 9007199254740991 0 measured" ]
    [ "$(jq -r '"\(.line) \(.reason)"' rejects)" = "3 period
4 bad_member
5 csv
6 csv
7 csv
8 bad_member
9 bad_member
10 bad_member
11 integer_range
12 bad_member
13 csv
14 csv
15 csv
16 empty
17 nul
18 utf8
19 too_long" ]
    for line in $(seq 3 19); do
        [[ $stderr == *"lm-meter: in:$line: "* ]]
    done
    run -0 meter --accept-rejects in
    run -1 --separate-stderr meter --strict in
    [ "${#lines[@]}" -eq 1 ]
    run -1 --separate-stderr meter <<<$'start,import_wh,export_wh\n2016-04-01T12:10Z,1,1\n2016-04-01T12:00:01Z,1,1\nnoon,1,1'
    [ -z "$output" ]
    [[ $stderr == *":2: no period of 30 minutes starts at"*":3: no period"*":4: 'noon' is not a time"* ]]
}

@test "CSV: a header that cannot be used is told, and nothing of its file is read" {
    while read -r header; do
        printf '%s\n2016-04-01T12:00Z/PT30M,1,1\n' "$header" >in
        run -1 --separate-stderr meter in
        [ -z "$output" ]
        [[ $stderr == "lm-meter: in:1: "*"nothing of this file is read"* && $stderr != *in:2* ]]
    done <<'EOT'
import_wh,export_wh
period,import_wh
period,export_wh
period,start,import_wh,export_wh
period,import_wh,import_kwh,export_wh
period,import_wh,export_wh,export_wh
period,import_wh,export_wh,colour
period,at,import_wh,export_wh
period,import_register_wh,export_register_wh
period,import_wh,export_wh,import_register_wh
at,import_wh,export_wh
at,import_register_wh
at,import_register_wh,export_register_wh,export_register_kwh
at,import_register_wh,export_register_wh,quality
{"type":"reading"}
EOT
    # Nothing is assumed of a register that is not there.
    run -1 --separate-stderr meter <<<$'at,import_register_wh\n2016-04-01T12:00Z,1\n2016-04-01T12:30Z,2'
    [[ $stderr == *"no column export_register_wh or export_register_kwh"* ]]
}

@test "CSV: CR LF, a byte order mark, quotes, x_ columns, several files of both kinds" {
    printf '\xef\xbb\xbf"period","import_wh","x_by","export_wh"\r\n"2016-04-01T12:00Z/PT30M","1","a, b","2"\r\n' >a
    printf 'at,import_register_wh,export_register_kwh\n2016-04-01T12:30Z,5,0\n' >b
    printf 'export_register_wh,at,import_register_kwh\n7,2016-04-01T13:00Z,0.009\n' >c
    run -0 --separate-stderr meter --csv a b c
    # The registers go on from file to file.
    [ "$(short <<<"$output")" = "2016-04-01T12:00 1 2 measured
2016-04-01T12:30 4 7 measured" ]
    run -0 --separate-stderr meter </dev/null
    [ -z "$output$stderr" ]
}

@test "a truncated last line is refused" {
    printf 'period,import_wh,export_wh\n2016-04-01T12:00Z/PT30M,10,1' >in
    run -1 --separate-stderr meter in
    [ -z "$output" ]
    [[ $stderr == *"in:2: truncated"* ]]
}

@test "--length 15 and its boundaries" {
    run -0 meter --length 15 <<<$'start,import_wh,export_wh\n2016-04-01T12:15Z,1,0'
    [ "$(jq -r .period <<<"$output")" = 2016-04-01T12:15Z/PT15M ]
    run -0 meter -l 15 <<<$'at,import_register_wh,export_register_wh\n2016-04-01T12:00Z,0,0\n2016-04-01T12:30Z,31,0'
    [ "$(short <<<"$output")" = "2016-04-01T12:00 15 0 estimated
2016-04-01T12:15 16 0 estimated" ]
}

@test "bad usage" {
    while read -r words; do
        # shellcheck disable=SC2086
        run -2 --separate-stderr lm-meter $words </dev/null
        [ -z "$output" ]
        [[ $stderr == "lm-meter: "*"hint: "* ]]
    done <<'EOT'

--meter M/1
--meter M1 --csv --p1
--meter M1 --length 0
--meter M1 --length 7
--meter M1 --zone Europe/Nowhere
--meter M1 --zone ../etc/passwd
--meter M1 --firmware abc
--meter M1 --firmware 47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFV
--meter M1 --quality good
--meter M1 --seq 9007199254740992
--meter M1 --max-gap -1
EOT
}

@test "--to: a reading for each addressee, which are one reading to who gets several" {
    printf 'period,import_wh,export_wh\n2016-04-01T12:00Z/PT30M,1,2\n2016-04-01T12:30Z/PT30M,3,4\n' >in
    run -0 --separate-stderr lm-meter --meter mt1 --to s1 --to dso in
    [ "$(jq -r '"\(.import_wh) \(.to)"' <<<"$output")" = $'1 s1\n1 dso\n3 s1\n3 dso' ]
    [ "$(jq -c 'del(.to)' <<<"$output" | sort -u)" = "$(lm-meter --meter mt1 in | jq -c .)" ]
    run -2 lm-meter --meter mt1 --to 's 1' in
    # Settled once.
    {
        echo '{"type":"identity","v":1,"id":"u1","role":"user","supplier":"s1","region":"r","valid":"2016-01-01T00:00Z/2017-01-01T00:00Z","keys":{"sign":{"crv":"Ed25519","kty":"OKP","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},"seal":{"crv":"X25519","kty":"OKP","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}},"proof":{"protected":"e30","signature":"AAAA"}}' |
            tee user
        jq -c 'del(.supplier, .region) | .id = "mt1" | .role = "meter" | .user = "u1"' user
        jq -c 'del(.supplier, .region) | .id = "s1" | .role = "supplier" | .regions = ["r"]' user
        echo '{"currency":"EUR","feed_in":"0.04","fees_borne_by":{"bought":"supplier","export":"supplier","import":"supplier","sold":"user"},"retail":[{"price":"0.2"}],"supplier":"s1","type":"tariff","v":1,"valid":"2016-01-01T00:00Z/2017-01-01T00:00Z","zone":"Europe/Brussels"}'
    } >terms
    lm-meter --meter mt1 in | lm-settle terms - >once
    lm-meter --meter mt1 --to s1 --to dso in | lm-settle terms - | cmp once -
    [ -s once ]
}

@test "exit statuses: missing file 66, full disk 74; help and version" {
    run -66 --separate-stderr meter nowhere
    run -66 --separate-stderr meter --p1 nowhere
    run -74 --separate-stderr bash -c "printf 'period,import_wh,export_wh\n2016-04-01T12:00Z/PT30M,1,1\n' | lm-meter --meter M1 >/dev/full"
    [[ $stderr == *"No space left"* ]]
    run -0 --separate-stderr lm-meter --help
    [[ $output == usage:* ]]
    run -0 --separate-stderr lm-meter --version
    [ "${output%% *}" = lm-meter ]
}

@test "memory does not grow with the stream" {
    python3 - >in <<'EOT'
print("at,import_register_wh,export_register_wh")
for i in range(200000):
    day, second = divmod(i * 60, 86400)
    month, day = divmod(day, 28)
    print("2016-%02d-%02dT%02d:%02d:00Z,%d,0" % (month + 1, day + 1, second // 3600, second // 60 % 60, i))
EOT
    head -n 2000 in >few
    run -0 bash -c '/usr/bin/env python3 - <<EOT
import resource, subprocess
def peak(name):
    with open(name) as source:
        process = subprocess.Popen(["lm-meter", "--meter", "M1", "--max-gap", "100000"], stdin=source,
                                   stdout=subprocess.DEVNULL)
        import os
        _, status, usage = os.wait4(process.pid, 0)
        assert status == 0
        return usage.ru_maxrss
few, many = peak("few"), peak("in")
print(many - few < 1024)
EOT'
    [ "$output" = True ]
}

@test "the examples of lm-meter(1)" {
    run -0 meter <<<$'period,import_kwh,export_kwh\n2016-04-01T12:00Z/PT30M,0,2'
    printf 'at,import_register_kwh,export_register_kwh\n2016-04-01 14:00,1234.5,0\n2016-04-01 14:30,1235.25,0\n' >registers.csv
    run -0 meter --zone Europe/Brussels registers.csv
    [ "$(short <<<"$output")" = "2016-04-01T12:00 750 0 measured" ]
}
