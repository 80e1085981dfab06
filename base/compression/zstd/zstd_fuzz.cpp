// SPDX-License-Identifier: BSD-2-Clause
// links: base/compression/zstd/*.cpp base/compression/xxhash.cpp base/compression/output.cpp
// links: host/test/base_port.cpp
// seeds: zstd -19qc --no-check | zstd -1qc --no-check | zstd -3qc
// Input: a frame.
#include "base/compression/compression_fuzz.h"
#include "base/compression/zstd/zstd.h"

using namespace base::compression;

extern "C" int LLVMFuzzerTestOneInput(const u8* data, usize size) {
    return fuzz(&unpack_zstd, {data, size});
}
