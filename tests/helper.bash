# shellcheck shell=bash
# What every bats file shares; loaded by `load helper` as its first command. Tests run in the root
# of the repository; LM_BIN names another folder of programs, LM_VECTORS one of public test vectors.

LM_ROOT=$(cd -- "$BATS_TEST_DIRNAME/.." && pwd)
LM_BIN=$(cd -- "${LM_BIN:-$LM_ROOT/build/bin}" && pwd) || {
    echo "no programs to test: build them first, or set LM_BIN" >&2
    exit 1
}
LM_VECTORS=${LM_VECTORS:-$LM_ROOT/../shared/vectors}
PATH=$LM_BIN:$PATH
export LM_ROOT LM_BIN LM_VECTORS PATH
# No result may depend on where the test happens to run.
export LC_ALL=C.UTF-8 TZ=UTC

# reasons FILE: the reasons of a rejects file, one a line.
reasons() {
    jq -r .reason "$1"
}

# given OPTION [ARGUMENT…]: whether OPTION is among the arguments, for functions that have a default.
given() {
    local option=$1
    shift
    [[ " $* " == *" $option "* ]]
}

# vectors FOLDER: puts the path of a folder of public vectors into VECTORS, or skips the test.
# Call it outside of $(…), where skip would not work.
vectors() {
    VECTORS=$LM_VECTORS/$1
    [[ -d $VECTORS ]] || skip "no public vectors in $VECTORS (set LM_VECTORS)"
}

