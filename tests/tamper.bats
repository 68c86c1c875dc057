# Tampering with logs of three periods, thirty users and two suppliers: tests/audit/tamper.py has
# the kinds, and says by hand what has to be found and whose fault it is.
# shellcheck disable=SC2154
bats_require_minimum_version 1.5.0
load helper

@test "a user who moves to another supplier is settled by whose customer she is, and by nobody else" {
    run --separate-stderr timeout 600 python3 "$LM_ROOT/tests/audit/moved.py" "$BATS_TEST_TMPDIR/moved"
    echo "$output" "$stderr"
    [[ $status -eq 0 && -z $stderr && ${lines[-1]} == '1..35' ]]
    [[ $(grep -c '^ok' <<<"$output") -eq 35 ]]
    run -1 grep '^not ok' <<<"$output"
}

@test "whatever is done to honest logs is found, put down to who did it, and to nobody else" {
    run --separate-stderr timeout 1800 python3 "$LM_ROOT/tests/audit/tamper.py" "$BATS_TEST_TMPDIR/tamper"
    grep -v '^ok' <<<"$output"
    echo "$stderr"
    [[ $status -eq 0 && -z $stderr ]]
    # The first two are the untouched logs, without and with what others kept.
    [[ ${lines[1]} == 'ok 1 - nothing is touched'* && ${lines[2]} == 'ok 2 - nothing is touched'* ]]
    # By hand, and then every member of every type of record.
    [[ $(grep -c '^ok' <<<"$output") -gt 200 ]]
    [[ $(grep '^ok' <<<"$output" | grep -cv ': altered are ') -gt 90 ]]
    run -1 grep '^not ok' <<<"$output"
}
