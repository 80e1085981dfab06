#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Builds the host tests of the ext4 component with sanitizers and runs them.
#   tests/ext4/run.sh [--gtest_filter=…]     RANDOM_STEPS and RANDOM_SEED steer the random ones
#   tests/ext4/run.sh --fuzz [libFuzzer options]
set -e
cd "$(dirname "$0")/../.."
out=build/ext4-test
mkdir -p "$out/corpus"
flags="-std=c++23 -g -O1 -Wall -Wextra -I. -DPITH_DEBUG -DPITH_HOST_TEST"
flags="$flags -fsanitize=address,undefined -fno-sanitize-recover=undefined -MD"
common="components/fs/ext4/*.cpp components/fs/ext4/journal/*.cpp base/format.cpp
    core/file/change_set.cpp core/file/metadata_cache.cpp core/file/volume_state.cpp
    core/file/journal.cpp core/file/journal_home.cpp
    core/file/extent_cache.cpp
    tests/ext4/test_volume.cpp tests/ext4/image_source.cpp tests/ext4/instance.cpp"

# Prints "source object" for what is out of date.
stale() {
    for source in "$@"; do
        object="$out/$(echo "$source" | tr / _).o"
        dependencies=$(sed -e 's/^[^:]*://' -e 's/\\$//' "${object%.o}.d" 2>/dev/null || true)
        newest=$(ls -t "$source" "$object" $dependencies 2>/dev/null | head -1)
        [ "$newest" = "$object" ] || echo "$source $object"
    done
}

if [ "$1" = --fuzz ]; then
    shift
    clang++-19 $flags -O2 -fsanitize=fuzzer tests/ext4/damage_fuzzer.cpp $common \
        -o "$out/damage_fuzzer"
    python3 tests/ext4/make_corpus.py "$out/corpus"
    exec "$out/damage_fuzzer" "$out/corpus" "$@"
fi
tests="tests/ext4/volume_test.cpp tests/ext4/random_test.cpp tests/ext4/damage_test.cpp"
tests="$tests tests/ext4/extent_cache_test.cpp"
stale $common $tests | xargs -r -P 2 -L 1 sh -c 'clang++-19 '"$flags"' -c "$0" -o "$1"'
objects=""
for source in $common $tests; do
    objects="$objects $out/$(echo "$source" | tr / _).o"
done
clang++-19 $flags $objects -lgtest -lgtest_main -o "$out/ext4_test"
exec "$out/ext4_test" "$@"
