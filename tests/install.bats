# make install and uninstall, as a packager calls them.
bats_require_minimum_version 1.5.0
load helper

install_to() {
    # The job server of a make above must not be taken over.
    env -u MAKEFLAGS -u MFLAGS make -s "$@" BUILD="${LM_BUILD:-build}" \
        DESTDIR="$BATS_TEST_TMPDIR/root" PREFIX=/usr
}

@test "install puts programs, manual pages and completions below DESTDIR and PREFIX" {
    run -0 install_to install
    cd "$BATS_TEST_TMPDIR/root"
    for source in "$OLDPWD"/cmd/lm-*.c; do
        name=$(basename "$source" .c)
        run -0 "usr/bin/$name" --version
        [ -f "usr/share/man/man1/$name.1" ]
        [ -f "usr/share/bash-completion/completions/$name" ]
        [ -f "usr/share/zsh/site-functions/_$name" ]
        [ -f "usr/share/fish/vendor_completions.d/$name.fish" ]
    done
    [ -f usr/share/man/man5/lm-records.5 ]
    [ -f usr/share/man/man7/lm.7 ]
}

@test "uninstall takes away what install put there, and nothing else" {
    run -0 install_to install
    touch "$BATS_TEST_TMPDIR/root/usr/bin/other" "$BATS_TEST_TMPDIR/root/usr/share/man/man1/other.1"
    run -0 install_to uninstall
    [ "$(cd "$BATS_TEST_TMPDIR/root" && find . -type f | sort)" = "./usr/bin/other
./usr/share/man/man1/other.1" ]
}

@test "programs are hardened: anywhere in memory, nothing both writable and executable, checked copies" {
    command -v readelf >/dev/null || skip "no readelf on this machine"
    ! grep -q __asan_init "$LM_BIN/lm-sign" || skip "sanitizers take the place of it"
    [ -z "${LM_CFLAGS+given}" ] || skip "other flags were asked for"
    for program in "$LM_BIN"/lm-*; do
        run -0 readelf -hlW "$program"
        [[ $output =~ Type:\ +DYN ]]
        [[ $output =~ GNU_RELRO ]]
        [[ $output =~ GNU_STACK[^$'\n']*\ RW\  ]]
        # No segment is both.
        [[ ! $output =~ LOAD[^$'\n']*\ RWE\  ]]
        run -0 readelf -dW "$program"
        [[ $output =~ BIND_NOW|NOW ]]
        [[ $output =~ PIE ]]
        run -0 readelf --dyn-syms -W "$program"
        [[ $output =~ __stack_chk_fail ]]
        [[ $output =~ __[a-z]+_chk ]]
    done
}
