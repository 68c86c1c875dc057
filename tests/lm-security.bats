# lm-security(7): what it says is shown by a test is shown by one, in every whole run of the tests.
# shellcheck disable=SC2154 # bats sets stderr
bats_require_minimum_version 1.5.0
load helper

PAGE=$LM_ROOT/man/lm-security.7

setup() {
    cd "$BATS_TEST_TMPDIR" || exit
    "$LM_ROOT/tests/tools/named-tests" "$PAGE" >names
}

# tap FILE: what a run in which all named tests passed would print.
tap() {
    awk '{ print "ok " NR " " $0 }' names
}

@test "every test that the page names is one test of the tree" {
    [[ $(wc -l <names) -gt 15 ]]
    while IFS= read -r name; do
        count=$(cat "$LM_ROOT"/tests/*.bats | grep -cFx "@test \"$name\" {" || true)
        echo "$count of: $name"
        [[ $count -eq 1 ]]
    done <names
    diff <(sort names) <(sort -u names)
}

@test "every attack is in the page's table" {
    while IFS= read -r name; do
        test=$(awk -v line="    attack $name" '/^@test/ { test = $0 } $0 == line { print test }' "$LM_ROOT/tests/attacks.bats")
        test=${test#@test \"}
        grep -qFx "${test%\" \{}" names
    done < <(sed -n 's/^    attack \(.*\)/\1/p' "$LM_ROOT/tests/attacks.bats")
}

@test "every threat of Section IV is in the table, and what is not protected is said" {
    for threat in impersonation manipulation eavesdropping 'privacy breach' dispute 'denial of service' replay 'foreign firmware' 'traffic size'; do
        sed -n '/^\.TS$/,/^\.TE$/p' "$PAGE" | tr '\n' ' ' | grep -q "$threat"
    done
    for gap in Collusion 'Network metadata' Hardware 'A registrar that' 'Denial at the network level'; do
        grep -q "^\.It $gap" "$PAGE"
    done
}

@test "every program of the table is there, and among those to see" {
    sed -n '/^\.TS$/,/^\.TE$/p' "$PAGE" | grep -oE '\blm-[a-z]+' | sort -u >programs
    [[ $(wc -l <programs) -gt 4 ]]
    while IFS= read -r program; do
        [[ -x $LM_BIN/$program ]]
        sed -n '/^\.Sh SEE ALSO$/,$p' "$PAGE" | grep -q "^\.Xr $program 1"
    done <programs
}

@test "a named test that did not run, failed or was skipped is told" {
    tap >whole
    run -0 "$LM_ROOT/tests/tools/named-tests" "$PAGE" whole
    [[ -z $output ]]
    name=$(sed -n 3p names)
    for change in 3d '3s/^ok/not ok/' '3s/$/ # skip no such thing/' '3s/$/ # SKIP/' '3s/$/, or so/' '3s/^/# /'; do
        sed "$change" whole >other
        run -1 "$LM_ROOT/tests/tools/named-tests" "$PAGE" other
        [[ ${#lines[@]} -eq 1 ]]
        [[ $output == "not ok - $PAGE names the test '$name', which "* ]]
    done
    # Passed once and failed once is not passed; unit tests print a dash.
    { cat whole; sed -n '3s/^ok/not ok/p' whole; } >other
    run -1 "$LM_ROOT/tests/tools/named-tests" "$PAGE" other
    [[ $output == *"which failed" ]]
    sed -E '3s/^ok ([0-9]+) /ok \1 - /' whole >other
    run -0 "$LM_ROOT/tests/tools/named-tests" "$PAGE" other
    : >nothing
    run -1 "$LM_ROOT/tests/tools/named-tests" nothing whole
}

@test "a whole run of the tests fails where a named test is missing, and else does not" {
    mkdir -p tests/tools man build/bin build/tests/unit
    cp "$LM_ROOT/tests/run" tests/
    cp "$LM_ROOT/tests/tools/named-tests" tests/tools/
    printf '#!/bin/sh\necho "ok 1 - a unit"\n' >build/tests/unit/test_x
    chmod +x build/tests/unit/test_x
    printf '@test "%s" {\n    true\n}\n' impersonation another >tests/x.bats
    printf '.TS\nl l.\nthreat\ttest\nimpersonation\timpersonation\n.TE\n' >man/lm-security.7
    run -0 tests/run build
    [[ $output == *"3 passed, 0 failed" ]]
    sed -i 's/"impersonation"/"personation"/' tests/x.bats
    run -1 tests/run build
    [[ $output == *"not ok - man/lm-security.7 names the test 'impersonation', which did not run"* ]]
    [[ $output == *"3 passed, 1 failed" ]]
    # A few files are no whole run.
    run -0 tests/run build tests/x.bats
}
