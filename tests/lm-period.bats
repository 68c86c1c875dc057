# Period arithmetic as cron jobs and scripts need it.
bats_require_minimum_version 1.5.0
load helper

now=2016-04-01T12:07:00Z
p=2016-04-01T12:00Z/PT30M

# rules MARKET VALID LENGTH GATE: a market-rules line.
rules() {
    printf '{"type":"market-rules","v":1,"market":"%s","regions":["r1"],"valid":"%s","currency":"EUR","period_minutes":%s,"gate_minutes":%s,"grace_seconds":60,"mechanism":"double-auction","price_rule":"midpoint","max_orders":8,"min_group":1}\n' "$@"
}

@test "now, next and next+N go by --now and --length" {
    run -0 --separate-stderr lm-period now --now $now
    [ "$output" = 2016-04-01T12:00Z/PT30M ]
    run -0 lm-period next --now $now
    [ "$output" = 2016-04-01T12:30Z/PT30M ]
    run -0 lm-period next+0 --now $now
    [ "$output" = 2016-04-01T12:30Z/PT30M ]
    run -0 lm-period next+2 --now $now
    [ "$output" = 2016-04-01T13:30Z/PT30M ]
    run -0 lm-period next --now $now --length 15
    [ "$output" = 2016-04-01T12:15Z/PT15M ]
    run -0 lm-period now --now $now -l 1440
    [ "$output" = 2016-04-01T00:00Z/PT1440M ]
}

@test "an instant at a boundary belongs to the period that starts there" {
    run -0 lm-period of 2016-04-01T12:00:00Z 2016-04-01T11:59:59Z
    [ "$output" = "2016-04-01T12:00Z/PT30M
2016-04-01T11:30Z/PT30M" ]
}

@test "of crosses midnight, month and leap day" {
    run -0 lm-period of 2016-02-29T23:59:59Z 1969-12-31T23:59:59Z --length 60
    [ "$output" = "2016-02-29T23:00Z/PT60M
1969-12-31T23:00Z/PT60M" ]
}

@test "add goes forward and back, with words and several periods" {
    run -0 lm-period add -1 2016-03-01T00:00Z/PT30M
    [ "$output" = 2016-02-29T23:30Z/PT30M ]
    run -0 lm-period --now $now add -48 now --length 30
    [ "$output" = 2016-03-31T12:00Z/PT30M ]
    run -0 lm-period add 2 $p next --now $now
    [ "$output" = "2016-04-01T13:00Z/PT30M
2016-04-01T13:30Z/PT30M" ]
    run -0 lm-period add -- -1 $p
    [ "$output" = 2016-04-01T11:30Z/PT30M ]
    # A period has its own length, whatever --length says.
    run -0 lm-period add 1 2016-04-01T12:00Z/PT15M --length 60
    [ "$output" = 2016-04-01T12:15Z/PT15M ]
}

@test "start and end are instants" {
    run -0 lm-period start $p
    [ "$output" = 2016-04-01T12:00:00Z ]
    run -0 lm-period end $p 2016-12-31T23:30Z/PT30M
    [ "$output" = "2016-04-01T12:30:00Z
2017-01-01T00:00:00Z" ]
}

@test "gate by --gate-minutes or by the rules" {
    run -0 lm-period gate $p --gate-minutes 15
    [ "$output" = 2016-04-01T11:45:00Z ]
    run -0 lm-period gate 2016-04-01T00:00Z/PT30M -g 0
    [ "$output" = 2016-04-01T00:00:00Z ]
    rules m 2016-01-01T00:00Z/2017-01-01T00:00Z 30 20 >"$BATS_TEST_TMPDIR/rules"
    run -0 lm-period gate $p --rules "$BATS_TEST_TMPDIR/rules"
    [ "$output" = 2016-04-01T11:40:00Z ]
    run -0 lm-period gate $p --rules - <"$BATS_TEST_TMPDIR/rules"
    [ "$output" = 2016-04-01T11:40:00Z ]
}

@test "the rules that began last count, each for its own time" {
    {
        rules m 2016-04-01T12:30Z/2017-01-01T00:00Z 15 5
        rules m 2016-01-01T00:00Z/2017-01-01T00:00Z 30 20
        rules other 2016-01-01T00:00Z/2017-01-01T00:00Z 60 0
    } >"$BATS_TEST_TMPDIR/rules"
    run -0 lm-period of 2016-04-01T12:29:59Z 2016-04-01T12:30:00Z --rules "$BATS_TEST_TMPDIR/rules" --market m
    [ "$output" = "2016-04-01T12:00Z/PT30M
2016-04-01T12:30Z/PT15M" ]
    run -0 lm-period now --now $now --rules "$BATS_TEST_TMPDIR/rules" -m other
    [ "$output" = 2016-04-01T12:00Z/PT60M ]
    run -2 --separate-stderr lm-period now --now $now --rules "$BATS_TEST_TMPDIR/rules"
    [[ $stderr == *"several markets"*"hint: say which with --market"* ]]
}

@test "rules that contradict each other, are not in force, or are none" {
    {
        rules m 2016-01-01T00:00Z/2017-01-01T00:00Z 30 20
        rules m 2016-01-01T00:00Z/2017-01-01T00:00Z 15 20
    } >"$BATS_TEST_TMPDIR/two"
    run -1 --separate-stderr lm-period now --now $now --rules "$BATS_TEST_TMPDIR/two"
    [[ $stderr == *"contradict each other"* ]]
    [ -z "$output" ]
    run -1 --separate-stderr lm-period now --now 2018-01-01T00:00:00Z --rules "$BATS_TEST_TMPDIR/two"
    [[ $stderr == *"no rules of market m hold at 2018-01-01T00:00:00Z"* ]]
    : >"$BATS_TEST_TMPDIR/none"
    run -2 --separate-stderr lm-period now --rules "$BATS_TEST_TMPDIR/none"
    [[ $stderr == *"no market-rules"* ]]
    # The same rules twice are one.
    {
        rules m 2016-01-01T00:00Z/2017-01-01T00:00Z 30 20
        rules m 2016-01-01T00:00Z/2017-01-01T00:00Z 30 20
    } >"$BATS_TEST_TMPDIR/same"
    run -0 lm-period now --now $now --rules "$BATS_TEST_TMPDIR/same"
}

@test "a bad line among the rules is told and does not hide the good ones" {
    {
        echo '{"type":"market-rules"'
        rules m 2016-01-01T00:00Z/2017-01-01T00:00Z 30 20
    } >"$BATS_TEST_TMPDIR/rules"
    run -1 --separate-stderr lm-period gate $p --rules "$BATS_TEST_TMPDIR/rules"
    [ "$output" = 2016-04-01T11:40:00Z ]
    [[ $stderr == *"rules:1: "* ]]
}

@test "list writes the periods that start in a stretch of time" {
    run -0 lm-period list 2016-04-01T00:10Z/2016-04-01T02:00Z
    [ "$output" = "2016-04-01T00:30Z/PT30M
2016-04-01T01:00Z/PT30M
2016-04-01T01:30Z/PT30M" ]
    run -0 lm-period list 2016-04-01T00:00Z/2016-05-01T00:00Z
    [ "${#lines[@]}" -eq 1440 ] # 30 days of 48
    run -0 lm-period list 2016-04-01T00:10Z/2016-04-01T00:20Z
    [ -z "$output" ]
}

@test "nothing beyond the years 1 to 9999" {
    run -2 --separate-stderr lm-period end 9999-12-31T23:30Z/PT30M
    [[ $stderr == *"beyond the years"* ]]
    run -2 --separate-stderr lm-period add 1 9999-12-31T23:30Z/PT30M
    run -2 --separate-stderr lm-period add -1 0001-01-01T00:00Z/PT30M
    run -2 --separate-stderr lm-period gate 0001-01-01T00:00Z/PT30M -g 1
    run -2 --separate-stderr lm-period add 9223372036854775808 $p
    run -2 --separate-stderr lm-period next+9007199254740990 --now $now
    run -0 lm-period list 9999-12-31T23:00Z/9999-12-31T23:59Z
    [ "${#lines[@]}" -eq 2 ]
}

@test "bad usage is told apart, with status 2 and nothing on stdout" {
    while read -r words; do
        # shellcheck disable=SC2086
        run -2 --separate-stderr lm-period $words
        [ -z "$output" ]
        [[ $stderr == "lm-period: "*"hint: "* ]]
    done <<<"
later
next+
next+-1
next+x
now again
of
of yesterday
of 2016-04-01T12:00Z
add
add 1
add -1
add x $p
add 1.5 $p
gate $p
start
start 2016-04-01T12:10Z/PT30M
list
list $p
list 2016-04-02T00:00Z/2016-04-01T00:00Z
now --length 0
now --length 7
now --length 2880
now --market m
now --now yesterday
now --rules $BATS_TEST_TMPDIR/none --gate-minutes 3
now --nonsense"
}

@test "exit statuses: missing rules 66, full disk 74; help and version" {
    run -66 --separate-stderr lm-period now --rules "$BATS_TEST_TMPDIR/nowhere"
    [ -z "$output" ]
    run -74 --separate-stderr bash -c "lm-period now >/dev/full"
    [[ $stderr == *"No space left"* ]]
    run -0 --separate-stderr lm-period --help
    [[ $output == usage:* ]]
    [ -z "$stderr" ]
    run -0 --separate-stderr lm-period --version
    [ "${output%% *}" = lm-period ]
}

@test "the examples of lm-period(1)" {
    run -0 lm-period next+2 --now 2016-04-01T12:07:00Z
    [ "$output" = 2016-04-01T13:30Z/PT30M ]
    run -0 lm-period gate 2016-04-01T12:00Z/PT30M --gate-minutes 15
    [ "$output" = 2016-04-01T11:45:00Z ]
    run -0 lm-period list 2016-04-01T00:00Z/2016-04-02T00:00Z
    [ "${#lines[@]}" -eq 48 ]
    # 30 minutes after 12:00, seconds since 1970 by date(1).
    run -0 date -u -d "$(lm-period end 2016-04-01T12:00Z/PT30M)" +%s
    [ "$output" -eq "$(date -u -d '2016-04-01 12:30 UTC' +%s)" ]
}
