# shellcheck shell=bash
# Sourced by scripts that go on, or have something to say, after a step of theirs has failed.

# Runs a command, such as a function of the script, and leaves its exit code in `exit_code`. The first thing that fails in the
# function ends it, as `set -e` has it. Where the function itself stands in a condition, or before || or &&, bash ignores that,
# and what fails anywhere but in its last line passes: so attempt stands alone in its line, and refuses (70) where it does not.
# In a subshell: variables that the command sets are lost, and an `exit` in it is one of the command alone.
attempt() {  # COMMAND...
    local errexit=+e
    [[ $- != *e* ]] || errexit=-e
    set +e
    (set -e; false; true)
    exit_code=$?
    if [ $exit_code = 0 ]; then
        echo "attempt: bash ignores set -e here: no condition, no || and no && around it" >&2
        exit_code=70
    else
        (set -e; "$@")
        exit_code=$?
    fi
    set "$errexit"
}
