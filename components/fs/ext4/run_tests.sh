#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Builds the host tests with sanitizers and runs them: run_tests.sh [--gtest_filter=…]
# Until the project's build takes over. Output: build/ext4-test.
set -e
cd "$(dirname "$0")/../../.."
out=build/ext4-test
mkdir -p "$out"
flags="-std=c++23 -g -O1 -Wall -Wextra -I. -DPITH_DEBUG -DPITH_HOST_TEST -fsanitize=address,undefined -fno-sanitize-recover=undefined"
objects=""
for source in components/fs/ext4/*.cpp core/file/*.cpp base/format.cpp; do
    case "$source" in *_fuzzer.cpp) continue ;; esac
    object="$out/$(echo "$source" | tr / _).o"
    objects="$objects $object"
    newest=$(ls -t "$source" components/fs/ext4/*.h core/file/*.h base/*.h abi/component/*.h | head -1)
    if [ ! -f "$object" ] || [ "$newest" -nt "$object" ]; then
        echo "$source $object"
    fi
done | xargs -r -P 2 -L 1 sh -c 'clang++-19 '"$flags"' -c "$0" -o "$1"'
clang++-19 $flags $out/*.o -lgtest -lgtest_main -o "$out/ext4_test"
# The fuzzer: run_tests.sh --fuzz [libFuzzer options]; its seeds are made by itself.
if [ "$1" = --fuzz ]; then
    shift
    mkdir -p "$out/corpus"
    clang++-19 $flags -O2 -fsanitize=fuzzer components/fs/ext4/ext4_fuzzer.cpp \
        $(ls components/fs/ext4/*.cpp core/file/*.cpp base/format.cpp | grep -v -e '_test.cpp' -e _fuzzer.cpp) \
        -o "$out/ext4_fuzzer"
    exec "$out/ext4_fuzzer" "$out/corpus" "$@"
fi
exec "$out/ext4_test" "$@"
