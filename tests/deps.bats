# make deps: what a newcomer's machine is told and asked for. The machine is made of stand-ins, and
# nothing is ever installed.
# Stand-ins are written in single quotes, and bats sets stderr.
# shellcheck disable=SC2016,SC2154
bats_require_minimum_version 1.5.0

setup() {
    DEPS=$PWD/tests/tools/deps
    cd "$BATS_TEST_TMPDIR" || exit
    # A machine that has bash and cat, and nothing else.
    mkdir bin
    ln -s "$(command -v bash)" "$(command -v cat)" bin
}

# tool NAME: a stand-in that writes down how it was called; its own lines come from stdin.
tool() {
    {
        echo "#!$(command -v bash)"
        printf 'echo "%s $*" >>"%s/calls"\n' "$1" "$BATS_TEST_TMPDIR"
        cat
    } >"bin/$1"
    chmod +x "bin/$1"
}

deps() {
    run --separate-stderr env -i PATH="$BATS_TEST_TMPDIR/bin" "$(command -v bash)" "$DEPS" "$@"
}

@test "where all is there, nothing is said and nothing called" {
    [ -e /usr/share/zoneinfo/Europe/Brussels ] || skip "no tzdata on this machine"
    for name in apt-get sudo id ar pkg-config jq bats python3 mandoc shellcheck; do
        tool "$name" </dev/null
    done
    # A compiler reads its input: who writes to one that has ended gets SIGPIPE.
    tool cc <<<'cat >/dev/null'
    deps
    [ "$status" -eq 0 ]
    [ -z "$output$stderr" ]
    run grep -E 'apt|sudo|id' calls
    [ -z "$output" ]
}

@test "without apt the packages of four other managers are named, and make stops" {
    deps
    [ "$status" -eq 1 ]
    [ -z "$output" ]
    for manager in 'dnf install' 'apk add' 'pacman -S' 'brew install'; do
        line=$(grep "^  $manager " <<<"$stderr")
        for package in libsodium jansson jq bats python mandoc; do
            [[ $line == *"$package"* ]]
        done
    done
    [[ $stderr == *"missing here"*" libsodium-dev "* ]]
}

@test "root calls apt-get for what is missing, without a question" {
    tool apt-get </dev/null
    tool id <<<'echo 0'
    tool env <<<'while [[ $1 == *=* ]]; do export "${1?}"; shift; done; echo "$DEBIAN_FRONTEND" >>calls; exec "$@"'
    tool jq </dev/null
    deps
    [ "$status" -eq 0 ]
    run cat calls
    [[ $output == *"apt-get update -qq"*noninteractive*"apt-get install -y "*" gcc "*" libsodium-dev libjansson-dev "* ]]
    # Neither what is there nor what only the maintainers need.
    [[ $output != *" jq"* ]]
    [[ $output != *clang* ]]
    rm calls
    deps ci
    [[ $(<calls) == *" clang "*" cppcheck "*" nodejs "* ]]
}

@test "who is not root calls sudo, and is told where there is none" {
    tool apt-get </dev/null
    tool id <<<'echo 1000'
    deps
    [ "$status" -eq 1 ]
    [[ $stderr == *"run this as root, or install sudo; missing: "*" libsodium-dev "* ]]
    run cat calls
    [[ $output != *apt-get* ]]
    tool sudo </dev/null
    deps
    [ "$status" -eq 0 ]
    run cat calls
    [[ $output == *"sudo apt-get update -qq"*"sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y "*" libsodium-dev "* ]]
}
