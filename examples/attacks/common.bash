# shellcheck shell=bash
# What the attacks share: a market of its own in FOLDER for each, and the way they tell what
# happens. Sourced by each script, which is called with FOLDER, the lm programs on the PATH.
set -eEuo pipefail
trap 'echo "$0: line $LINENO failed" >&2' ERR

attacks=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=${1:?usage: $0 FOLDER, with the lm programs on the PATH}
rm -rf "$folder"
"$attacks/market" "$folder"
cd "$folder"
# shellcheck source=examples/attacks/times
. "$attacks/times"

failed=0
half=none
declare -A borne_out=([without]=0 [with]=0)

say() { printf '%s\n' "$*"; }

# threat SENTENCE…: what the paper's Section IV fears.
threat() {
    say "THE THREAT"
    say "$@"
}

# without SENTENCE…: from here on the defence is left out.
without() {
    half=without
    printf '\nWITHOUT THE DEFENCE\n'
    say "$@"
}

# with SENTENCE…: from here on it is in.
with() {
    half=with
    printf '\nWITH THE DEFENCE\n'
    say "$@"
}

# shown SENTENCE COMMAND…: says the sentence, if the command bears it out.
shown() {
    local sentence=$1
    shift
    if "$@"; then
        borne_out[$half]=$((borne_out[$half] + 1))
        printf ' - %s\n' "$sentence"
    else
        failed=1
        printf ' - NOT AS SAID: %s\n' "$sentence"
    fi
}

# same A B: true where the two texts are the same; says what they are otherwise.
same() {
    [[ $1 == "$2" ]] || { printf '   (it is %s, not %s)\n' "$1" "$2"; return 1; }
}

# more A B: true where the number A is greater than B.
more() {
    [[ $1 -gt $2 ]] || { printf '   (%s is not more than %s)\n' "$1" "$2"; return 1; }
}

# not COMMAND…
not() {
    if "$@"; then return 1; fi
}

# The last line of every script: 0 only where both halves went as they were said.
conclude() {
    printf '\n'
    if [[ $failed -ne 0 || ${borne_out[without]} -eq 0 || ${borne_out[with]} -eq 0 ]]; then
        say "This did not go as it was said."
        exit 1
    fi
    say "The attack succeeds without the defence and fails with it."
    exit 0
}

# verify OPTION… FILE…: what the market lets in; what it does not is in rejects.ndjson.
verify() {
    rm -f rejects.ndjson
    lm-verify -r registry.ndjson --root registrar.jwk --accept-rejects --rejects rejects.ndjson "$@" \
        2>messages
}

# clear FILE…: the clearing and its trades, by the market's rules.
clear() {
    cat public.ndjson "$@" | lm-clear --accept-rejects --all 2>>messages
}

# digest: SHA-256 of stdin, as records spell it: base64url.
digest() {
    local hex
    hex=$(sha256sum | cut -c 1-64)
    # shellcheck disable=SC2001,SC2059 # the format is the bytes
    printf "$(sed 's/../\\x&/g' <<<"$hex")" | base64 | tr '+/' '-_' | tr -d '='
}

# price FILE: of the clearing in it. sold FILE ID, bought FILE ID: what somebody traded, in Wh.
price() { jq -r 'select(.type == "clearing") | .price' "$1"; }
traded() {
    jq -r --arg from "$2" --arg side "$3" \
        'select(.type == "trade" and .from == $from and .side == $side) | .energy_wh' "$1" |
        awk '{ sum += $1 } END { print sum + 0 }'
}
sold() { traded "$1" "$2" offer; }
bought() { traded "$1" "$2" bid; }
# reasons: for which the last `verify` refused something, one a line, each once.
reasons() { [[ ! -s rejects.ndjson ]] || jq -r .reason rejects.ndjson | LC_ALL=C sort -u | paste -sd ' '; }
