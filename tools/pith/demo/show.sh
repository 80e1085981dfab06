#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Runs in the guest: a database on the root file system, while the file system and the driver of its
# disk are moved, killed and replaced. The status is 0 if every transaction that was acknowledged is
# there at the end and none failed. show.sh SECONDS: how long each step is watched.
set -u
here=$(dirname "$0")
pause=${1:-5}
work=/run/demo
database=/root/demo.db
disk=virtio_blk0
files=ext40
mkdir -p "$work"

# Transactions one after the other, each asked for when the one before was acknowledged. Writes
# "COUNT LONGEST" (milliseconds, since the watcher asked) after each.
run_database() {
    coproc DB { exec sqlite3 -batch "$database" 2>"$work/errors"; }
    echo "CREATE TABLE entry(n INTEGER, text TEXT); CREATE TABLE total(n INTEGER, sum INTEGER);
          INSERT INTO total VALUES(0, 0);" >&"${DB[1]}"
    local n=0 got begin took longest=0
    while [ ! -e "$work/stop" ]; do
        n=$((n + 1))
        begin=${EPOCHREALTIME/./}
        echo "BEGIN; INSERT INTO entry VALUES($n, hex(randomblob(64)));
              UPDATE total SET n = n + 1, sum = sum + $n; COMMIT; SELECT n FROM total;" >&"${DB[1]}"
        read -r got <&"${DB[0]}" || break
        [ "$got" = "$n" ] || break
        took=$(((${EPOCHREALTIME/./} - begin) / 1000))
        if [ -e "$work/asked" ]; then
            rm "$work/asked"
            longest=0
        fi
        [ "$took" -gt "$longest" ] && longest=$took
        echo "$n $longest" >"$work/state"
    done
    echo "$((n - 1))" >"$work/acknowledged"
    if [ -e "$work/stop" ]; then
        echo "$n" >"$work/acknowledged"
    else
        echo "transaction $n was answered: ${got:-not at all}" >>"$work/errors"
    fi
}

fact() { cat "/sys/pith/components/$1/$2"; }
count_of() { sed -n "s/^$2 //p" "/sys/pith/components/$1/statistics"; }

# Sets `after` and `longest`. The file is empty for a moment whenever it is written anew.
read_state() {
    until read -r after longest <"$work/state" && [ -n "$longest" ]; do :; done
}

show() {
    local before after longest
    read_state
    before=$after
    : >"$work/asked"
    sleep "$pause"
    read_state
    printf '  %7d transactions  %4d/s  slowest %4d ms' \
        "$after" $(((after - before) / pause)) "$longest"
    printf ' | disk driver: %-7s %2d kills' "$(fact $disk placement)" "$(count_of $disk kills)"
    printf ' | file system: %-7s %2d kills\n' "$(fact $files placement)" "$(count_of $files kills)"
}

step() { # TITLE COMMAND...
    printf '\n%s\n' "$1"
    shift
    [ $# -eq 0 ] || printf '  # pithctl %s\n' "$*"
    if [ $# -ne 0 ] && ! "$here/pithctl" "$@"; then
        failed=1
    fi
    show
}

storm() { # TITLE: both are killed, again and again
    printf '\n%s\n' "$1"
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        "$here/pithctl" kill $disk && "$here/pithctl" kill $files || failed=1
        sleep 0.2
    done
    show
}

failed=0
echo "A database (sqlite3) commits transactions on the root file system of this machine."
echo "Under it: $files, a file system, and $disk, the driver of its disk. Both are components."
run_database &
until [ -s "$work/state" ]; do sleep 0.1; done
step "Both run inside the kernel, as in any monolithic system."
step "The driver becomes a module, loaded at run time." move $disk module
step "The driver leaves the kernel: it goes on in a process of its own." move $disk server
step "So does the root file system, with the database's files open." move $files server
step "The driver is killed." kill $disk
step "The file system is killed." kill $files
storm "Each is killed ten times."
step "The driver is replaced by the object in a file, as an upgrade does." \
    swap $disk "$here/virtio_blk.o"
step "So is the file system." swap $files "$here/ext4.o"
step "Back into the kernel." move $disk builtin
step "And the file system." move $files builtin

: >"$work/stop"
wait
acknowledged=$(cat "$work/acknowledged")
found=$(sqlite3 "$database" "
    SELECT (SELECT count(*) FROM entry) || ' ' || n || ' ' || (sum = (SELECT sum(n) FROM entry))
        FROM total;
    PRAGMA integrity_check;" | tr '\n' ' ')
printf '\n%s transactions were acknowledged; the database has: %s\n' "$acknowledged" "$found"
[ "$found" = "$acknowledged $acknowledged 1 ok " ] || failed=1
if [ -s "$work/errors" ]; then
    cat "$work/errors"
    failed=1
fi
if [ $failed -eq 0 ]; then
    echo "Nothing was lost, and no program noticed."
else
    echo "Something went wrong."
fi
exit $failed
