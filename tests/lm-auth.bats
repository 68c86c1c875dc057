# lm-auth: who is there now, once, and nobody who only looks like it.
# Scripts in single quotes are for another shell, and bats sets what shellcheck does not know.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154
bats_require_minimum_version 1.5.0
load helper

entity() {
    lm-keygen "$@" --valid 2016-01-01T00:00Z/2017-01-01T00:00Z -o "$2.jwk" |
        lm-sign -k registrar.jwk >>registry.ndjson
}

setup_file() {
    cd "$BATS_FILE_TMPDIR" || exit
    entity --id registrar --role registrar
    entity --id v --role market --region north
    entity --id w --role market --region north
    entity --id s1 --role supplier --region north
    entity --id p --role user --supplier s1 --region north
    entity --id q --role user --supplier s1 --region north
}

setup() {
    cd "$BATS_TEST_TMPDIR" || exit
    cp "$BATS_FILE_TMPDIR"/{registry.ndjson,*.jwk} .
    R=(-r registry.ndjson --root registrar.jwk)
    at 12:00:00
}

# at TIME: the instant that the following calls take for the present one; the clock's for "now".
at() {
    NOW=()
    [[ $1 == now ]] || NOW=(--now "2016-04-01T${1}Z")
}

# a_while MILLISECONDS: sleeps so long at most.
a_while() {
    sleep "$(printf '0.%03d' $((RANDOM % $1)))"
}

# ask FROM TO… / answer WHO … / check WHO …: the three commands, with a state file each.
ask() {
    local from=$1 to=()
    shift
    for id in "$@"; do
        to+=(--to "$id")
    done
    lm-auth challenge -k "$from.jwk" -s "$from.auth" "${NOW[@]}" "${to[@]}"
}
answer() {
    local who=$1
    shift
    lm-auth respond -k "$who.jwk" -s "$who.auth" "${R[@]}" "${NOW[@]}" "$@"
}
check() {
    local who=$1
    shift
    lm-auth check -s "$who.auth" "${R[@]}" "${NOW[@]}" "$@"
}

# refused REASON COMMAND…: runs it, which must give nothing but this reason, and exit 1.
refused() {
    local reason=$1
    shift
    rm -f rejects
    run -1 --separate-stderr "$@" --rejects rejects
    echo "wanted $reason, got: $(cat rejects)$output"
    [[ -z $output ]]
    [[ $(reasons rejects) == "$reason" ]]
}

# flip FILE: with one character of the nonce changed.
flip() {
    sed 's/"nonce":"A/"nonce":"_/; t; s/"nonce":"./"nonce":"A/' "$1"
}

# digest: of the line on standard input, by other means than ours: SHA-256 in base64url.
digest() {
    tr -d '\n' | sha256sum | cut -d ' ' -f 1 | tr a-f A-F | basenc -d --base16 |
        basenc --base64url -w 0 | tr -d =
}

# ---- what is right ----

@test "both show each other that they are there, in one pipeline" {
    set -o pipefail
    ask v p | tee one | answer p | tee two | check v --from p | tee two.checked |
        answer v | tee three | check p --from v >three.checked
    # What is checked is handed on as it was.
    cmp two two.checked
    cmp three three.checked
    [[ $(jq -r '[.type, .from, .to] | join(" ")' one) == 'challenge v p' ]]
    [[ $(jq -r '[.type, .from, .to] | join(" ")' two) == 'response p v' ]]
    [[ $(jq -r '[.type, .from, .to] | join(" ")' three) == 'response v p' ]]
    # Each message is tied to the one before: by the digest of that, signature included.
    [[ $(jq -r .challenge two) == "$(digest <one)" ]]
    [[ $(jq -r .challenge three) == "$(digest <two)" ]]
    # Three nonces of 32 bytes, all different.
    [[ $(jq -r .nonce one two three | sort -u | grep -cE '^[A-Za-z0-9_-]{43}$') -eq 3 ]]
    [[ $(jq -r '.at + " " + (.expires // "none")' one two three) == \
        $'2016-04-01T12:00:00Z 2016-04-01T12:01:00Z\n2016-04-01T12:00:00Z 2016-04-01T12:01:00Z\n2016-04-01T12:00:00Z none' ]]
    # And they are records that anybody can verify.
    run -0 lm-verify "${R[@]}" "${NOW[@]}" one two three
    [[ ${#lines[@]} -eq 3 ]]
}

@test "with the clock and as many processes as there are, without --now" {
    at now
    rm -- *.jwk
    lm-keygen --id registrar --role registrar >identities
    lm-keygen --id v --role market --region north >>identities
    lm-keygen --id p --role user --supplier s1 --region north >>identities
    lm-sign -k registrar.jwk identities >registry.ndjson
    run -0 bash -c 'set -o pipefail; R="-r registry.ndjson --root registrar.jwk"
        lm-auth challenge -k v.jwk -s v.auth -t p | lm-auth respond -k p.jwk -s p.auth $R |
        lm-auth check -s v.auth $R | lm-auth respond -k v.jwk -s v.auth $R | lm-auth check -s p.auth $R'
    [[ $(jq -r .from <<<"$output") == v ]]
}

@test "several are asked at once, and junk and other records between do no harm" {
    ask v p q w >asked
    [[ $(jq -r .to asked) == $'p\nq\nw' ]]
    {
        echo '{"type":"toaster","v":1}'
        cat asked
        echo 'not json'
        cat registry.ndjson
    } >stream
    for who in p q w; do
        # Those for the others are refused, and what is junk.
        run -1 --separate-stderr answer "$who" --rejects "$who.rejects" stream
        [[ $(jq -r .from <<<"$output") == "$who" ]]
        [[ $(reasons "$who.rejects" | sort | uniq -c | tr -s ' ' | tr '\n' ,) == \
            ' 1 json, 2 not_for_us, 1 unknown_type,' ]]
        {
            echo "$output"
            echo '[1]'
            cat registry.ndjson
        } >>answers
    done
    run -1 --separate-stderr check v --rejects rejects answers
    [[ $(jq -r .from <<<"$output") == $'p\nq\nw' ]]
    [[ $(reasons rejects | sort -u) == not_object ]]
    [[ $stderr == *'lm-auth: answers:2: '* ]]
}

@test "a response in a log's entry is as good as a bare one, and judged now" {
    ask v p | answer p >response
    jq -c '{type: "entry", v: 1, n: 0, at: "2016-03-01T00:00:00Z", record: .}' response >entry
    check v entry >checked
    cmp entry checked
    answer v checked | check p >third
    [[ $(jq -r .from third) == v ]]
}

@test "members of one's own are under the digest" {
    ask v p >challenge
    answer p challenge >response
    jq -c '.x_note = "later"' response | jq -c 'del(.sig)' | lm-sign -k p.jwk >noted
    check v noted >checked
    cmp noted checked
    # It is another message than the one that p remembers.
    answer v checked >third
    refused unknown_challenge check p third
}

@test "a filter answers before its input ends" {
    mkfifo in out
    answer p <in >out 3>&- &
    exec 7>in 8<out
    ask v p >&7
    read -r -t 10 -u 8 response
    exec 7>&- 8<&-
    wait $!
    check v <<<"$response"
}

# ---- what is not ----

@test "a replay: no challenge has two answers" {
    ask v p >challenge
    answer p challenge >response
    cat response response >twice
    run -1 --separate-stderr check v --rejects rejects twice
    [[ $output == "$(<response)" ]]
    [[ $(reasons rejects) == replayed ]]
    refused replayed check v response
    # Not even another one that p signs.
    jq -c 'del(.sig) | .x_other = 1' response | lm-sign -k p.jwk >other
    refused replayed check v other
    # Nor does p answer the challenge again, or v the response.
    refused replayed answer p challenge
    answer v response >third
    refused replayed answer v response
    check p third
    refused replayed check p third
}

@test "a replay within one batch is seen, whatever the number of threads" {
    ask v p >challenge
    answer p challenge >response
    for _ in {1..200}; do cat response; done >many
    run -1 --separate-stderr check v --jobs 3 --rejects rejects many
    [[ $output == "$(<response)" ]]
    [[ $(reasons rejects | uniq -c | tr -s ' ') == ' 199 replayed' ]]
    for _ in {1..200}; do cat challenge; done >many
    refused_all=$(answer p --jobs 3 --accept-rejects many 2>/dev/null | wc -l)
    [[ $refused_all -eq 0 ]]
}

@test "reflection: what we said does not come back as an answer" {
    ask v p >challenge
    # The verifier's own challenge, back at it.
    refused reflected answer v challenge
    run -1 --separate-stderr check v challenge
    [[ -z $output ]]
    # A response in the wrong direction.
    answer p challenge >response
    refused reflected check p response
    refused reflected answer p response
    check v response >/dev/null
    answer v response >third
    refused reflected check v third
    refused reflected answer v third
    # A second exchange the other way round does not mix with the first.
    ask p v >other
    answer v other >other.response
    refused unknown_challenge check v <(sed 's/"to":"p"/"to":"v"/; s/"from":"v"/"from":"p"/' other.response)
    check p third other.response >both
    [[ $(wc -l <both) -eq 2 ]]
}

@test "a third message is not taken for a second, nor the other way round" {
    ask v p | answer p >two
    check v two | answer v >three
    # p asks v as well: the answer to message 2 is none to that.
    ask p v >other
    check p --answering <(cat other) three || status=$?
    [[ $status -eq 1 ]]
    refused no_question answer p three
    run -0 check p three
}

@test "relay to another verifier: the answer to one is none to the other" {
    # w, a rightful market, has v's nonce and asks p with it.
    ask v p >from.v
    ask w p >/dev/null
    jq -c --arg nonce "$(jq -r .nonce from.v)" 'del(.sig) | .from = "w" | .nonce = $nonce' from.v |
        lm-sign -k w.jwk >from.w
    answer p from.w >to.w
    [[ $(jq -r .to to.w) == w ]]
    refused not_for_us check v to.w
    # With the addressee changed the signature does not hold, nor does the digest.
    refused unknown_challenge check v <(sed 's/"to":"w"/"to":"v"/' to.w)
    jq -c --arg challenge "$(digest <from.v)" '.to = "v" | .challenge = $challenge' to.w >forged
    refused bad_signature check v forged
    # And what p says to v is of no use to w.
    answer p from.v >to.v
    refused not_for_us check w to.v
    check v to.v
}

@test "a challenge that somebody else has made in v's name is not answered" {
    ask v p >challenge
    jq -c 'del(.sig)' challenge | sed 's/"from":"v"/"from":"q"/' | lm-sign -k q.jwk |
        sed 's/"from":"q"/"from":"v"/' >forged
    refused wrong_subject answer p forged
    refused bad_signature answer p <(flip challenge)
    refused unsigned answer p <(jq -c 'del(.sig)' challenge)
    # A stranger's key.
    lm-keygen --id v --role market --region north -o stranger.jwk >/dev/null
    jq -c 'del(.sig)' challenge | lm-sign -k stranger.jwk >forged
    refused unknown_signer answer p forged
    [[ ! -e p.auth || $(wc -l <p.auth) -le 1 ]]
    answer p challenge | check v
}

@test "nothing else is ever signed" {
    order='{"at":"2016-04-01T10:00:00Z","energy_wh":1,"from":"p","id":"a","market":"v","period":"2016-04-01T12:00Z/PT30M","price":"1","seq":1,"side":"bid","type":"order","v":1}'
    run -0 --separate-stderr answer p <<<"$order"
    [[ -z $output$stderr ]]
    # A response that was not asked for, though rightly signed and addressed.
    ask v p | answer p >response
    jq -c 'del(.sig) | .nonce = .challenge' response | lm-sign -k p.jwk >other
    refused unchecked answer v response
    check v response >/dev/null
    refused unchecked answer v other
    answer v response
}

@test "a response to somebody else's challenge" {
    ask v p q >asked
    grep '"to":"p"' asked >for.p
    # q answers what p was asked.
    digest=$(digest <for.p)
    grep '"to":"q"' asked | answer q >by.q
    jq -c --arg digest "$digest" 'del(.sig) | .challenge = $digest' by.q | lm-sign -k q.jwk >crossed
    refused not_asked check v crossed
    # What another verifier asked.
    ask w p | answer p >to.w
    jq -c 'del(.sig) | .to = "v"' to.w | lm-sign -k p.jwk >misled
    refused unknown_challenge check v misled
    # Both challenges are still there for whom they are for.
    answer p for.p | check v by.q -
}

@test "it expires by the verifier's clock, to the second, whatever the other says" {
    ask v p >challenge
    answer p challenge >response
    at 12:00:59
    cp v.auth saved
    check v response
    cp saved v.auth
    at 12:01:00
    refused challenge_expired check v response
    # The other's own time changes nothing.
    jq -c 'del(.sig) | .at = "2016-04-01T12:00:00Z" | .expires = "2016-04-01T13:00:00Z"' response |
        lm-sign -k p.jwk >longer
    refused challenge_expired check v longer
    # Skew is no excuse on our own clock.
    refused challenge_expired check v --skew 3600 response
    at 12:00:00
    lm-auth challenge -k v.jwk -s v.auth -t p --ttl 3600 "${NOW[@]}" | answer p >response
    at 12:59:59
    check v response
}

@test "what has expired is not answered" {
    ask v p >challenge
    at 12:01:30
    refused challenge_expired answer p challenge
    refused challenge_expired answer p --skew 29 challenge
    at 12:01:29
    answer p challenge >response
    at 12:00:59
    check v response >/dev/null
    at 12:02:59
    refused challenge_expired answer v response
    at 12:02:58
    answer v response >third
    at 12:02:28
    check p third >/dev/null
    # Nobody may ask for longer than a day.
    run -2 --separate-stderr lm-auth challenge -k v.jwk -s v.auth -t p --ttl 86401
    run -2 --separate-stderr lm-auth challenge -k v.jwk -s v.auth -t p --ttl 0
    jq -c 'del(.sig) | .expires = "2016-04-02T12:00:01Z"' challenge >long
    refused bad_member answer p long
    jq -c 'del(.sig) | .expires = .at' challenge >long
    refused bad_member answer p long
}

@test "clock skew, in both directions" {
    at 12:00:31
    ask v p >ahead
    at 12:00:00
    refused clock_skew answer p ahead
    [[ $stderr == *'the clock of v is ahead of ours'* ]]
    refused clock_skew answer p --skew 30 ahead
    answer p --skew 31 ahead >response
    # p's clock is 31 s behind v's.
    at 12:00:31
    refused clock_skew check v response
    [[ $stderr == *'the clock of p is behind ours'* ]]
    check v --skew 31 response
    # p's clock is 31 s ahead of v's.
    at 12:10:00
    ask v p >challenge
    at 12:10:31
    answer p challenge >response
    at 12:10:00
    refused clock_skew check v response
    [[ $stderr == *'the clock of p is ahead of ours'* ]]
    at 12:10:01
    check v response
}

@test "the right person with a revoked, superseded or expired key" {
    ask v p >challenge
    answer p challenge >response
    cp registry.ndjson before
    printf '{"type":"revocation","v":1,"id":"p","kid":"%s","at":"2016-04-01T12:00:30Z","reason":"stolen"}\n' \
        "$(jq -r .keys[0].kid p.jwk)" | lm-sign -k registrar.jwk >>registry.ndjson
    cp v.auth saved
    at 12:00:29
    check v response
    cp saved v.auth
    at 12:00:30
    refused revoked check v response
    cp before registry.ndjson
    lm-keygen --id p --role user --supplier s1 --region north --valid 2016-04-01T12:00Z/2017-01-01T00:00Z \
        -o new.jwk | lm-sign -k registrar.jwk >>registry.ndjson
    refused superseded check v response
    cp before registry.ndjson
    # What was refused for its key has not used the challenge up.
    check v response
    # A verifier whose key is revoked gets no answer.
    printf '{"type":"revocation","v":1,"id":"v","kid":"%s","at":"2016-04-01T12:00:00Z","reason":"stolen"}\n' \
        "$(jq -r .keys[0].kid v.jwk)" | lm-sign -k registrar.jwk >>registry.ndjson
    refused revoked answer q <(ask v q)
}

@test "who else will not do" {
    ask v p q >asked
    grep '"to":"p"' asked | answer p >by.p
    grep '"to":"q"' asked | answer q >by.q
    refused not_wanted check v --from p by.q
    refused not_wanted check v --role market by.q
    [[ $stderr == *'q is a user, not a market'* ]]
    ask v q >later
    refused not_wanted check v --answering later by.q
    # None of that has used the challenges up.
    check v --from q --role user --answering asked by.q
    run -1 --separate-stderr check v --from p by.q by.p
    [[ $output == "$(<by.p)" ]]
}

@test "nobody is no sign of life" {
    ask v p >challenge
    for input in /dev/null challenge registry.ndjson; do
        run -1 --separate-stderr check v $input
        [[ -z $output ]]
        [[ $stderr == *'nobody has shown to be there'* ]]
    done
    answer p challenge >response
    sed 's/"sig"/"x_sig"/' response >unsigned
    run -1 --separate-stderr check v --accept-rejects unsigned
    run -0 --separate-stderr check v --accept-rejects unsigned response
    printf 'x\n' >none
    run -65 --separate-stderr check v none
}

@test "--strict stops at the first bad line and leaves what follows for another time" {
    ask v p q >asked
    grep '"to":"p"' asked | answer p >by.p
    grep '"to":"q"' asked | answer q >by.q
    echo '{}' >junk
    run -1 --separate-stderr check v --strict by.p junk by.q
    [[ $output == "$(<by.p)" ]]
    check v --strict by.q
}

# ---- many at once, and what remains of a crash ----

@test "of twenty that check one response at the same time exactly one succeeds" {
    for round in 1 2 3; do
        ask v p | answer p >response
        processes=()
        for i in {1..20}; do
            check v --jobs 1 response >"out.$i" 2>"err.$i" 3>&- &
            processes+=($!)
        done
        good=0
        for process in "${processes[@]}"; do
            status=0
            wait "$process" || status=$?
            [[ $status -le 1 ]]
            ((good += status == 0)) || true
        done
        echo "round $round: $good"
        [[ $good -eq 1 ]]
        [[ $(cat out.*) == "$(<response)" ]]
        [[ $(cat err.* | grep -c 'answered that already') -eq 19 ]]
    done
}

@test "twenty that ask, answer and check at the same time lose nothing" {
    for i in {1..20}; do
        ask v p >"ask.$i" 3>&- &
    done
    wait
    [[ $(cat ask.* | sort -u | wc -l) -eq 20 ]]
    for i in {1..20}; do
        answer p --jobs 1 "ask.$i" >"answer.$i" 3>&- &
    done
    wait
    for i in {1..20}; do
        check v --jobs 1 "answer.$i" >"checked.$i" 3>&- &
    done
    wait
    cat checked.* | sort >checked
    cat answer.* | sort | cmp - checked
    [[ $(grep -c '^sent ' v.auth) -eq 20 ]]
    [[ $(grep -c '^answered ' v.auth) -eq 20 ]]
}

@test "killed at any moment: what was seen is remembered, and nothing counts twice" {
    at now
    sed -i '/"id":"\(v\|p\)"/d' registry.ndjson
    rm -f v.jwk p.jwk
    lm-keygen --id v --role market --region north | lm-sign -k registrar.jwk >>registry.ndjson
    lm-keygen --id p --role user --supplier s1 --region north | lm-sign -k registrar.jwk >>registry.ndjson
    to=()
    for _ in {1..40}; do to+=(--to p); done
    # Each run asks 40 times; some are killed before, while or after they write.
    for i in {1..40}; do
        lm-auth challenge -k v.jwk -s v.auth --ttl 3600 "${to[@]}" >"ask.$i" 3>&- &
        a_while 25
        kill -9 $! 2>/dev/null || true
        wait $! 2>/dev/null || true
    done
    # The last line of a killed one may be cut short: it was not seen.
    grep -h '"v":1}$' ask.* >asked
    echo "$(wc -l <asked) of 1600 challenges were seen, $(grep -c '^sent' v.auth) are remembered"
    [[ $(wc -l <asked) -gt 0 ]]
    lm-auth respond -k p.jwk -s p.auth "${R[@]}" asked >answers
    [[ $(wc -l <answers) -eq $(wc -l <asked) ]]
    # Checks are killed, too, each of a part that is checked again at once, and then all of it.
    split -l 20 answers part.
    for part in part.*; do
        lm-auth check -s v.auth "${R[@]}" "$part" >"checked.$part" 2>/dev/null 3>&- &
        a_while 25
        kill -9 $! 2>/dev/null || true
        wait $! 2>/dev/null || true
        lm-auth check -s v.auth "${R[@]}" "$part" >"checked.again.$part" 2>/dev/null || true
    done
    run -1 --separate-stderr lm-auth check -s v.auth "${R[@]}" --rejects rejects answers
    [[ -z $output ]]
    [[ $(reasons rejects | sort -u) == replayed ]]
    # No verdict twice; what has none was used up by one that was killed before it could say so.
    grep -h '"v":1}$' checked.* | sort >checked
    echo "$(wc -l <checked) of $(wc -l <answers) verdicts were seen"
    [[ $(wc -l <checked) -gt 0 ]]
    [[ -z $(uniq -d checked) ]]
    [[ $(grep -c '^answered' v.auth) -eq $(wc -l <answers) ]]
}

# ---- the state file ----

@test "a line that was cut short is cut off, wherever the cut is" {
    ask v p >first
    size=$(stat -c %s v.auth)
    ask v p >second
    cp v.auth whole
    answer p first second >answers
    for ((cut = size; cut < $(stat -c %s whole); cut++)); do
        head -c $cut whole >v.auth
        rm -f rejects
        run -1 --separate-stderr check v --rejects rejects answers
        [[ $output == "$(head -n 1 answers)" ]]
        [[ $(reasons rejects) == unknown_challenge ]]
    done
    # The same where zeros are left of it, and where nothing but the beginning is there.
    { head -c $((size + 20)) whole; head -c 5000 /dev/zero; } >v.auth
    run -1 --separate-stderr check v answers
    [[ $output == "$(head -n 1 answers)" ]]
    for cut in 0 1 10 17; do
        head -c $cut whole >v.auth
        run -66 --separate-stderr check v answers
        [[ $stderr == *'there is no state file'* ]]
        ask v p >/dev/null
        [[ $(wc -l <v.auth) -eq 2 ]]
    done
}

@test "any other damage is an error, and changes nothing" {
    ask v p q >asked
    grep '"to":"p"' asked | answer p >response
    cp v.auth whole
    damage() { # what is said of it
        cp v.auth damaged
        for command in 'check v response' 'ask v p'; do
            read -ra words <<<"$command"
            run -66 --separate-stderr "${words[@]}"
            [[ -z $output ]]
            [[ $stderr == *"$1"* ]]
            cmp v.auth damaged
        done
    }
    for byte in 3 20 40 100 200; do
        cp whole v.auth
        printf '~' | dd of=v.auth bs=1 seek=$byte conv=notrunc status=none
        damage 'v.auth: line '
    done
    for line in 1 2; do
        sed "${line}d" whole >v.auth
        [[ $line -eq 2 ]] || damage 'v.auth: line 1: '
    done
    { cat whole; tail -n 1 whole; } >v.auth
    damage 'line 4: the message went out before'
    [[ $stderr == *'hint: '*'remove it'* ]]
    { head -n 2 whole; echo; tail -n 1 whole; } >v.auth
    damage 'line 3: is no line of a state file'
    sed 's/$/\r/' whole >v.auth
    damage 'line 1: '
    # Files of another kind stay as they are.
    cp v.jwk v.auth
    damage 'v.auth: line 1: '
    [[ $stderr != *'remove it'* ]]
    head -c 100 v.jwk >v.auth
    damage 'is no state file'
    head -c 3000000 /dev/zero | tr '\0' x >v.auth
    damage 'is no state file'
    cp whole v.auth
    check v response
}

@test "a state file is ours alone, and no link" {
    umask 0
    ask v p >challenge
    [[ $(stat -c %a v.auth) == 600 ]]
    umask 0777
    ask w p >/dev/null
    umask 022
    [[ $(stat -c %a w.auth) == 600 ]]
    answer p challenge >response
    for mode in 640 604 620 602; do
        chmod $mode v.auth
        run -77 --separate-stderr check v response
        [[ $stderr == *'hint: chmod 600 v.auth'* ]]
        run -77 ask v p
    done
    chmod 600 v.auth
    mv v.auth real
    ln -s real v.auth
    cp real before
    run -66 --separate-stderr check v response
    [[ $stderr == *'v.auth: is a symbolic link'* ]]
    run -66 ask v p
    cmp real before
    ln -sf nowhere v.auth
    run -66 ask v p
    [[ ! -e nowhere ]]
    rm v.auth
    mkfifo v.auth
    run -66 --separate-stderr timeout 10 lm-auth check -s v.auth "${R[@]}" "${NOW[@]}" response
    [[ $stderr == *'is not a regular file'* ]]
    rm v.auth
    mkdir v.auth
    run -66 --separate-stderr check v response
    rmdir v.auth
    run -66 --separate-stderr check v response
    [[ $stderr == *'v.auth: there is no state file, so nothing was asked'* ]]
    [[ ! -e v.auth ]]
    run -66 --separate-stderr lm-auth check -s no/such/folder "${R[@]}" "${NOW[@]}" response
    run -74 --separate-stderr lm-auth challenge -k v.jwk -s no/such/folder -t p
    [[ $stderr == *'no/such/folder: No such file'* ]] || [[ $stderr == *'No such file or directory'* ]]
    mv real v.auth
    check v response
}

@test "each entity has a state file of its own" {
    ask v p >challenge
    run -66 --separate-stderr lm-auth challenge -k w.jwk -s v.auth -t p "${NOW[@]}"
    [[ $stderr == *'the state file is that of v, and the key that of w'* ]]
    run -66 lm-auth respond -k p.jwk -s v.auth "${R[@]}" "${NOW[@]}" challenge
}

@test "a full disk gives 74, and no challenge that is not remembered" {
    ask v p >challenge
    answer p challenge >response
    # In blocks of 1024 bytes: there is room for the first lines only.
    to=()
    for _ in {1..30}; do to+=(--to q); done
    cp v.auth before
    run -74 --separate-stderr bash -c 'ulimit -f 1; exec lm-auth challenge -k v.jwk -s v.auth "$@"' _ "${NOW[@]}" "${to[@]}"
    [[ -z $output ]]
    [[ $stderr == *'v.auth: File too large'* ]]
    cmp v.auth before
    run -74 --separate-stderr bash -c 'ulimit -f 0; exec lm-auth check -s v.auth "$@"' _ "${R[@]}" "${NOW[@]}" response
    [[ -z $output ]]
    cmp v.auth before
    run -74 --separate-stderr bash -c 'ulimit -f 0; exec lm-auth respond -k p.jwk -s new.auth "$@"' _ "${R[@]}" "${NOW[@]}" challenge
    [[ -z $output ]]
    check v response
    # The output's disk is full: an answer is lost, and not counted twice.
    ask v p | answer p >response
    run -74 --separate-stderr bash -c 'exec lm-auth check -s v.auth "$@" >/dev/full' _ "${R[@]}" "${NOW[@]}" response
    refused replayed check v response
}

@test "what is over leaves the file, and it stays small" {
    to=()
    for _ in {1..700}; do to+=(--to p); done
    lm-auth challenge -k v.jwk -s v.auth "${NOW[@]}" "${to[@]}" >first
    answer p first | check v >/dev/null
    [[ $(wc -l <v.auth) -eq 1401 ]]
    # A minute after they have expired nothing is known of them any more.
    at 12:01:59
    ask v p >/dev/null
    [[ $(wc -l <v.auth) -eq 1402 ]]
    at 12:02:01
    ask v p >last
    [[ $(wc -l <v.auth) -eq 3 ]]
    [[ $(stat -c %a v.auth) == 600 ]]
    [[ ! -e v.auth.new ]]
    answer p last >response
    # A file that a crash left, or that somebody put there, is not in the way.
    lm-auth challenge -k v.jwk -s v.auth "${NOW[@]}" "${to[@]}" >/dev/null
    lm-auth challenge -k v.jwk -s v.auth "${NOW[@]}" "${to[@]}" >/dev/null
    cp v.jwk target
    ln -s target v.auth.new
    at 12:10:00
    ask v p >/dev/null
    [[ $(wc -l <v.auth) -eq 2 ]]
    cmp target v.jwk
    at 12:02:30
    refused unknown_challenge check v response
}

@test "while the file is written anew others wait, and nothing is lost" {
    to=()
    for _ in {1..1100}; do to+=(--to p); done
    ask v p >/dev/null
    lm-auth challenge -k v.jwk -s v.auth --ttl 1 "${NOW[@]}" "${to[@]}" >/dev/null
    at 13:00:00
    for i in {1..12}; do
        ask v p >"ask.$i" 3>&- &
    done
    wait
    [[ $(wc -l <v.auth) -eq 13 ]]
    answer p ask.* | check v >checked
    [[ $(wc -l <checked) -eq 12 ]]
}

@test "nobody takes up the room of the others" {
    to=()
    for _ in {1..4096}; do to+=(--to p); done
    lm-auth challenge -k v.jwk -s v.auth "${NOW[@]}" "${to[@]}" >/dev/null
    run -1 --separate-stderr ask v p
    [[ -z $output ]]
    [[ $stderr == *'4096 messages to p'* ]]
    run -0 ask v q
    at 12:02:00
    run -0 ask v p
}

# ---- attestation ----

attester() {
    printf '#!/bin/bash\n%s\n' "$1" >attester
    chmod +x attester
}

@test "what an attester prints is in the response, fresh by the challenge's digest" {
    attester 'echo "$# $1"; echo "$(wc -c) bytes of input"; ls /proc/self/fd | tr "\n" " "'
    ask v p >challenge
    answer p --attest ./attester challenge >response
    [[ $(jq -r .attest response) == "1 $(digest <challenge)"$'\n0 bytes of input\n'* ]]
    # Nothing of ours is open in it: its three, and the folder that ls reads.
    [[ $(jq -r .attest response | tail -n 1) == '0 1 2 3 ' ]]
    check v response >checked
    # The third message carries none.
    answer v --attest ./attester checked >third
    [[ $(jq .attest third) == null ]]
    check p third
}

@test "an attester is found along the path, and run without a shell" {
    mkdir bin
    printf '#!/bin/sh\necho found\n' >bin/lm-test-attester
    chmod +x bin/lm-test-attester
    PATH=$PWD/bin:$PATH
    ask v p | answer p --attest lm-test-attester >response
    [[ $(jq -r .attest response) == found ]]
    ask v p >challenge
    refused attester answer p --attest 'lm-test-attester; touch made' challenge
    [[ ! -e made ]]
    [[ $stderr == *'No such file or directory'* ]]
}

@test "an attester that fails leaves the challenge unanswered" {
    ask v p >challenge
    while IFS='~' read -r script said; do
        attester "$script"
        refused attester answer p --attest ./attester challenge
        echo "$script: $stderr"
        [[ $stderr == *"./attester: $said"* ]]
    done <<'SCRIPTS'
echo good; exit 3~exit status 3
echo good; kill -9 $$~ended by signal 9
exit 0~prints nothing
echo~prints nothing
printf '\xff'~prints what is no text
printf 'a\0b'~prints what is no text
printf '\xef\xbf\xbf'~prints what is no text
head -c 32769 /dev/zero | tr '\0' x~prints too much
yes~prints too much
SCRIPTS
    # Text that fits the limit, but not a record.
    attester "head -c 32768 /dev/zero | tr '\\0' '\\1'"
    refused too_long answer p --attest ./attester challenge
    # It was never answered, so it still can be.
    attester "head -c 32768 /dev/zero | tr '\\0' x"
    answer p --attest ./attester challenge >response
    [[ $(jq -r '.attest | length' response) -eq 32768 ]]
    check v response
}

@test "an attestation of approved firmware, if it is asked for" {
    good=$(printf good | digest) other=$(printf other | digest) old=$(printf old | digest)
    entity --id mt --role meter --user p --firmware "$good" --firmware "$old"
    approve() {
        printf '{"type":"firmware","v":1,"digests":["%s"],"valid":"%s"}\n' "$1" "$2" | lm-sign -k registrar.jwk
    }
    {
        approve "$good" 2016-01-01T00:00Z/2017-01-01T00:00Z
        approve "$other" 2016-01-01T00:00Z/2017-01-01T00:00Z
        approve "$old" 2016-01-01T00:00Z/2016-04-01T12:00Z
    } >>registry.ndjson
    ask v mt p >asked
    grep '"to":"mt"' asked >for.mt
    answers=0
    while IFS='~' read -r reason text; do
        rm -f mt.auth
        attester "echo '$text'"
        if [[ $text == none ]]; then
            answer mt for.mt >response
        else
            answer mt --attest ./attester for.mt >response
        fi
        # Who does not ask for it does not get it, and lm-verify does not mind.
        cp v.auth saved
        check v response >/dev/null
        cp saved v.auth
        if [[ $reason == fine ]]; then
            [[ $(check v --attested response) == "$(<response)" ]]
            cp saved v.auth
        else
            refused "$reason" check v --attested response
        fi
        ((++answers))
    done <<TEXTS
fine~$good
fine~$good  and a quote
unattested~none
unattested~quote $good
unattested~${good:1}
unattested~${good}A
firmware~$other
firmware~$old
firmware~$(printf new | digest)
TEXTS
    [[ $answers -eq 9 ]]
    # Somebody whose identity lists none may run whatever is approved.
    attester "echo $other"
    grep '"to":"p"' asked | answer p --attest ./attester | check v --attested
    # A text in several lines: its first word counts.
    attester "printf '%s\\nquote\\n' $good"
    rm mt.auth
    answer mt --attest ./attester for.mt | check v --attested
}

@test "an attester runs for nobody but a rightful verifier" {
    attester 'touch ran; echo good'
    ask v p >challenge
    for forged in <(flip challenge) <(sed 's/"to":"p"/"to":"q"/' challenge); do
        run -1 answer p --attest ./attester "$forged"
        [[ ! -e ran ]]
    done
    answer p --attest ./attester challenge >response
    [[ -e ran ]]
    rm ran
    refused replayed answer p --attest ./attester challenge
    [[ ! -e ran ]]
}

# ---- the command line ----

@test "a key under a passphrase" {
    (umask 077 && echo secret >word)
    lm-keygen --id x --role market --region north --valid 2016-01-01T00:00Z/2017-01-01T00:00Z \
        --passphrase-file word | lm-sign -k registrar.jwk >>registry.ndjson
    lm-auth challenge -k x.jwk --passphrase-file word -s x.auth -t p "${NOW[@]}" | answer p >response
    check x response >checked
    answer x --passphrase-file word checked | check p
    # Without it, and without a terminal, there is an error, not a wait for input.
    run -66 --separate-stderr timeout 10 setsid -w lm-auth challenge -k x.jwk -s x.auth -t p < <(sleep 11)
    [[ -z $output ]]
    run -66 timeout 10 lm-auth challenge -k none.jwk -s x.auth -t p < <(sleep 11)
}

@test "bad usage" {
    ask v p >challenge
    while read -ra arguments; do
        run -2 --separate-stderr lm-auth "${arguments[@]}"
        echo "${arguments[*]}: $stderr"
        [[ -z $output ]]
        [[ $stderr == lm-auth:*'hint: '* ]]
    done <<'USAGE'

ask
challenge
challenge -k v.jwk
challenge -k v.jwk -s v.auth
challenge -s v.auth -t p
challenge -k v.jwk -s v.auth -t p file
challenge -k v.jwk -s v.auth -t p -r registry.ndjson
challenge -k v.jwk -s v.auth -t v
challenge -k v.jwk -s v.auth -t p/q
challenge -k v.jwk -s v.auth -t p --from p
respond -k v.jwk -s v.auth
respond -k v.jwk -s v.auth -r registry.ndjson
respond -s v.auth -r registry.ndjson --root registrar.jwk
respond -k v.jwk -s v.auth -r registry.ndjson --root registrar.jwk --role user
check -s v.auth -r registry.ndjson
check -r registry.ndjson --root registrar.jwk
check -k v.jwk -s v.auth -r registry.ndjson --root registrar.jwk
check -s v.auth -r registry.ndjson --root registrar.jwk --attest ./attester
respond -k v.jwk -s v.auth -r registry.ndjson --root registrar.jwk --attested
check -s v.auth -r registry.ndjson --root registrar.jwk --skew 3601
check -s v.auth -r registry.ndjson --root registrar.jwk --role king
USAGE
}

@test "missing files, others' keys, full disks" {
    ask v p >challenge
    run -66 lm-auth challenge -k none.jwk -s v.auth -t p
    run -66 answer p none
    run -66 lm-auth respond -k p.jwk -s p.auth -r none --root registrar.jwk challenge
    run -66 lm-auth respond -k p.jwk -s p.auth -r registry.ndjson --root none challenge
    chmod 644 p.jwk
    run -77 answer p challenge
    chmod 600 p.jwk
    run -74 --separate-stderr bash -c '"$@" >/dev/full' _ lm-auth challenge -k v.jwk -s v.auth -t p
    run -74 --separate-stderr bash -c '"$@" >/dev/full' _ lm-auth respond -k p.jwk -s p.auth "${R[@]}" "${NOW[@]}" challenge
}

@test "the sandbox leaves the state file writable, and nothing outside its folder" {
    ABI=$(lm-auth --version | sed -n 's/^sandbox: landlock abi //p')
    [[ ${ABI:-0} -ge 1 ]] || skip "the kernel has no Landlock"
    library=${LM_BUILD:-${LM_BIN%/bin}}/tests/preload/probe.so
    [[ -e $library ]] || skip "$library is not built (make check builds it)"
    mkdir state
    ask v p | answer p >response
    mv v.auth state
    export ASAN_OPTIONS=verify_asan_link_order=0
    LD_PRELOAD=$library LM_PROBE_OUT=$PWD/probed LM_PROBE_SECRET=registrar.jwk \
        lm-auth check -s state/v.auth "${R[@]}" "${NOW[@]}" <response >checked
    cmp response checked
    for attempt in 'read passwd' 'read secret' 'write secret' 'list root' 'make file' execute; do
        grep -qx "$attempt: EACCES" probed
    done
}

@test "the page's examples do what it says" {
    man=$LM_ROOT/man/lm-auth.1
    sed -n '/^A market asks/,/^\.Ed/p' "$man" | sed -n '/^\.Bd/,/^\.Ed/p' | grep -v '^\.' >example
    [[ $(wc -l <example) -eq 6 ]]
    for id in v p; do
        rm "$id.jwk"
    done
    lm-keygen --id m1 --role market --region north | lm-sign -k registrar.jwk >>registry.ndjson
    lm-keygen --id u1 --role user --supplier s1 --region north | lm-sign -k registrar.jwk >>registry.ndjson
    # The registrar of the test was valid long ago only; what it has signed is.
    run -0 --separate-stderr bash -o pipefail example
    [[ $(jq -r .from <<<"$output") == m1 ]]
    [[ -z $stderr ]]
    sed -n '/^In a script/,/^\.Ed/p' "$man" | sed -n '/^\.Bd/,/^\.Ed/p' | grep -v '^\.' >example
    { head -n 1 <<<"R='-r registry.ndjson --root registrar.jwk'"
        echo 'ssh() { [[ "$*" == "u1.example lm-respond" ]] && lm-auth respond -k u1.jwk -s u1.auth $R; }'
        cat example; } >script
    run -0 --separate-stderr bash script
    [[ ${lines[-1]} == 'u1 is there' ]]
}
