# The fuzzing harnesses hold for the seeds in the tree, among which is what fuzzing once found.
bats_require_minimum_version 1.5.0
load helper

setup() {
    cd "$LM_ROOT" || exit
}

@test "every harness holds for its seeds" {
    for harness in tests/fuzz/fuzz_*.c; do
        name=$(basename -s .c "$harness")
        name=${name#fuzz_}
        replay=${LM_BUILD:-${LM_BIN%/bin}}/tests/replay/$name
        [[ -x $replay ]] || skip "$replay is not built (make check builds it)"
        seeds=("tests/fuzz/seeds/$name"/*)
        [[ -e ${seeds[0]} ]]
        run -0 "$replay" "${seeds[@]}"
        [[ $output == "${#seeds[@]} seeds" ]]
    done
}

@test "there is a seed of every record type, and it is a record" {
    types=$(sed -n 's/^\.Ss \([a-z-]*\)$/\1/p' man/lm-records.5 | sort)
    [[ $(wc -l <<<"$types") -ge 29 ]]
    for type in $types; do
        seed=tests/fuzz/seeds/record/$type
        [[ -e $seed ]]
        # lm-clear passes over what it does not need; it takes orders to no market but their own.
        run -0 --separate-stderr lm-clear < <(cat "$seed" && echo)
        [[ $(jq -r .type "$seed") == "$type" ]]
    done
}
