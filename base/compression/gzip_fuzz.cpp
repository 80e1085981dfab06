// SPDX-License-Identifier: BSD-2-Clause
// links: base/compression/gzip.cpp base/compression/inflate.cpp base/compression/output.cpp
// links: host/test/base_port.cpp
// seeds: gzip -9nc | gzip -1nc
// Input: a member. Its checksum hardly ever matches, but that is looked at last.
#include "base/compression/compression_fuzz.h"
#include "base/compression/gzip.h"

using namespace base::compression;

extern "C" int LLVMFuzzerTestOneInput(const u8* data, usize size) {
    return fuzz(&unpack_gzip, {data, size});
}
