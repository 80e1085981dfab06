// SPDX-License-Identifier: BSD-2-Clause
// links: base/compression/xz/*.cpp base/compression/output.cpp base/sha256.cpp
// links: host/test/base_port.cpp
// seeds: xz -qc --check=none | xz -0qc | xz -qc --format=raw --lzma2=dict=64KiB,lc=0,lp=2
// Input: a stream, or, since its headers have checksums no fuzzer guesses, bare LZMA2.
#include "base/box.h"
#include "base/compression/compression_fuzz.h"
#include "base/compression/xz/lzma2.h"
#include "base/compression/xz/xz.h"

using namespace base::compression;

namespace {

Result<usize> unpack_bare(std::span<const u8> bytes, Output& output) {
    auto lzma2 = TRY(Box<Lzma2>::create());
    Input input(bytes);
    TRY(output.begin(64 << 10, Lzma2::largest_chunk, nullptr));
    TRY(lzma2->run(input, output));
    TRY(output.flush());
    return input.position();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const u8* data, usize size) {
    return fuzz(size > 0 && data[0] == 0xfd ? &unpack_xz : &unpack_bare, {data, size});
}
