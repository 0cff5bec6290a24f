#!/usr/bin/env bash
# Tries the image as ops/container/build.sh makes it, with podman: both of its commands are started and health-checked; one is
# killed and resumed. As root.
#   ops/container/check.sh [IMAGE]      (localhost/miner)
set -euo pipefail
if [ "${CHECK_CONTAINER_ALONE:-}" != yes ]; then
    [ "$(id -u)" = 0 ] || { echo "check: run it as root: sudo $0 $*" >&2; exit 1; }
    exec env CHECK_CONTAINER_ALONE=yes unshare --mount --propagation private "$0" "$@"
fi
. "$(dirname "$0")/../lib/apt.sh"
image=${1:-localhost/miner}
# crun knows version 1 of cgroups and version 2, but not both at once, as some systems mount them.
[ ! -d /sys/fs/cgroup/unified ] || umount /sys/fs/cgroup/unified
need_programs podman crun curl
pictures=("$(dirname "$0")"/../rehearsal/*.png)
name=miner-check-$$
work=$(mktemp -d)
clean_up() {
    podman rm --force --volumes $name $name-serve > /dev/null 2>&1 || true
    podman volume rm --force $name > /dev/null 2>&1 || true
    rm -rf "$work"
}
trap clean_up EXIT

say() { echo "check: $* ($SECONDS s)"; }
fail() { podman logs $name 2>&1 | tail -20 >&2; echo "check: WRONG: $*" >&2; exit 1; }
# Limits of its own: what the engine would set may be more than this process may.
start() { podman run --detach --network host --ulimit nofile=4096:4096 --ulimit nproc=4096:4096 "$@" > /dev/null; }
# Tasks that the journal has with an answer, whoever runs: none while there is no database.
answered() { podman exec $name miner stats --json --last 0 --storage.path /data/rehearsal 2> /dev/null > "$work/stats" &&
    grep -o '"all":{"generations":[0-9]*' "$work/stats" | grep -o '[0-9]*$' || echo 0; }
until_true() {  # SECONDS WHAT COMMAND...
    local end=$((SECONDS + $1)) what=$2
    shift 2
    until "$@"; do
        [ $SECONDS -lt $end ] || fail "$what: not within its time"
        sleep 0.5
    done
}
health() { curl --silent --output /dev/null --max-time 5 --write-out '%{http_code}' "http://127.0.0.1:$1/health" || true; }
is_well() { [ "$(health "$1")" = 200 ]; }
made_at_least() { [ "$(answered)" -ge "$1" ]; }
ended() { [ "$(podman inspect --format '{{.State.Status}}' $name)" = exited ]; }

# Mining, against validators of its own: the image's user, its folder, its port.
start --name $name --volume $name:/data "$image" rehearse --tasks 12 --http.listen 127.0.0.1:8080 --log.file auto
until_true 300 "health of mining" is_well 8080
podman healthcheck run $name > /dev/null || fail "the image's own health check, while mining"
[ "$(podman exec $name id -u)" = 10017 ] || fail "it runs as $(podman exec $name id -u)"
say "ok: mining is well, and the image's health check says so"
until_true 300 "two results" made_at_least 2
before=$(answered)
podman kill --signal KILL $name > /dev/null
until_true 30 "its end" ended
[ "$(health 8080)" = 000 ] || fail "something still answers after the kill"
podman start $name > /dev/null
until_true 300 "health after the kill" is_well 8080
until_true 60 "the journal after the kill" made_at_least "$before"
until_true 600 "more results after the kill" made_at_least $((before + 2))
say "ok: killed with $before results and started again: it has $(answered) of $((before + 2)) at least"
podman stop --time 120 $name > /dev/null
podman logs $name > "$work/log" 2>&1
[ "$(podman inspect --format '{{.State.ExitCode}}' $name)" -ne 137 ] || fail "it had to be killed to stop"
say "ok: it stops when asked to"

# The competitions' contract: not well until a call would be answered at once.
start --name $name-serve --env MINER_HTTP_LISTEN=127.0.0.1:10006 "$image" serve
until_true 60 "the port of serve" bash -c 'exec 3<> /dev/tcp/127.0.0.1/10006' 2> /dev/null
until_true 300 "health of serve" is_well 10006
podman healthcheck run $name-serve > /dev/null || fail "the image's own health check, while serving"
status=$(curl --silent --max-time 300 --output "$work/out.ply" --write-out '%{http_code} %{time_total}' \
    --form "prompt_image_file=@${pictures[0]}" --form seed=7 http://127.0.0.1:10006/generate)
[ "${status%% *}" = 200 ] && [ "$(head -c 3 "$work/out.ply")" = ply ] || fail "/generate answered $status"
say "ok: serve is well on port 10006 and makes a PLY of $(stat -c %s "$work/out.ply") bytes in ${status##* } s"
say "all is well"
