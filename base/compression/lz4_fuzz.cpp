// SPDX-License-Identifier: BSD-2-Clause
// links: base/compression/lz4.cpp base/compression/xxhash.cpp base/compression/output.cpp
// links: host/test/base_port.cpp
// seeds: lz4 -9qlc | lz4 -qc --no-frame-crc | lz4 -9qc -BD
// Input: a frame of either kind, as its magic number says.
#include "base/compression/compression_fuzz.h"
#include "base/compression/lz4.h"

using namespace base::compression;

extern "C" int LLVMFuzzerTestOneInput(const u8* data, usize size) {
    const bool legacy = size > 0 && data[0] == 0x02;
    return fuzz(legacy ? &unpack_lz4_legacy : &unpack_lz4, {data, size});
}
