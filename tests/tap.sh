# tap.sh - sourced by the tests that are shell scripts.
#
#   . "$SRCDIR/tests/tap.sh"
#   ok "what must hold" command...          the command succeeds
#   is "what" "$got" "$wanted"              two texts are equal
#   like "what" "$got" 'ERE'                a text has a line that matches
#   status "what" 3 command...              the command ends with this status; its output goes to $work/out and $work/err
#   skip "what" "why"                       loudly
#   finish                                  last line of every test: prints the plan
#
# $work is a folder that is removed at the end; $MEMINIT is the command, $MIA_TEST_DATA the test data.
set -u

work=$(mktemp -d)
trap 'chmod -R u+rwX "$work" && rm -rf "$work"' EXIT
nr_tests=0

tap() { # RESULT DESCRIPTION
	nr_tests=$((nr_tests + 1))
	printf '%s %d - %s\n' "$1" "$nr_tests" "$2"
}

# Lines of explanation, where the reader of the log finds them.
note() { printf '%s\n' "$*" | sed 's/^/# /'; }

ok() {
	what=$1
	shift
	if "$@" >"$work/ok.out" 2>&1; then
		tap ok "$what"
	else
		tap 'not ok' "$what"
		note "failed: $*"
		note "$(head -c 2000 "$work/ok.out")"
	fi
}

is() {
	if [ "$2" = "$3" ]; then
		tap ok "$1"
	else
		tap 'not ok' "$1"
		note "got:    $2"
		note "wanted: $3"
	fi
}

like() {
	if printf '%s\n' "$2" | grep -Eq -- "$3"; then
		tap ok "$1"
	else
		tap 'not ok' "$1"
		note "got:    $2"
		note "wanted: a line like $3"
	fi
}

status() {
	what=$1
	wanted=$2
	shift 2
	"$@" >"$work/out" 2>"$work/err" </dev/null
	got=$?
	if [ "$got" -eq "$wanted" ]; then
		tap ok "$what"
	else
		tap 'not ok' "$what"
		note "status $got, wanted $wanted: $*"
		note "$(head -c 2000 "$work/err")"
	fi
}

skip() { tap ok "$1 # SKIP $2"; }

finish() { printf '1..%d\n' "$nr_tests"; }
