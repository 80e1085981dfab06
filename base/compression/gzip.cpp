// SPDX-License-Identifier: BSD-2-Clause
#include "base/compression/gzip.h"

#include "base/box.h"
#include "base/compression/checks.h"
#include "base/compression/inflate.h"

namespace base::compression {
namespace {

// Length of the header; 0 if it is none.
usize header_length(std::span<const u8> input) {
    constexpr u8 has_checksum = 2, has_extra = 4, has_name = 8, has_comment = 16;
    if (input.size() < 18 || input[0] != 0x1f || input[1] != 0x8b || input[2] != 8)
        return 0;
    const u8 flags = input[3];
    usize at = 10;
    if (flags & has_extra)
        at += 2u + input[10] + (usize{input[11]} << 8);
    for (u8 flag : {has_name, has_comment}) {
        if (!(flags & flag))
            continue;
        while (at < input.size() && input[at] != 0)
            ++at;
        ++at;
    }
    if (flags & has_checksum)
        at += 2;
    return at < input.size() ? at : 0;
}

} // namespace

Result<usize> unpack_gzip(std::span<const u8> bytes, Output& output) {
    constexpr usize trailer = 8;
    const usize header = header_length(bytes);
    if (header == 0)
        return output.fail("its header is damaged or cut short");
    auto check = TRY(Box<Crc32>::create());
    TRY(output.begin(deflate_window, deflate_step, check.get()));
    Input input(bytes);
    input.skip(header);
    TRY(inflate(input, output));
    TRY(output.flush());
    if (!input.has(trailer))
        return output.fail("cut short");
    if (input.integer(4) != check->value())
        return output.fail("its checksum does not match");
    if (input.integer(4) != static_cast<u32>(output.produced()))
        return output.fail("its length does not match");
    return input.position();
}

} // namespace base::compression
