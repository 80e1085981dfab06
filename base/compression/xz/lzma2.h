// SPDX-License-Identifier: BSD-2-Clause
// LZMA2: chunks of LZMA or of plain bytes (The .xz File Format 1.2.0, 5.3.1; xz's own decoder for
// what that leaves out).
#pragma once

#include "base/compression/xz/lzma.h"

namespace base::compression {

class Lzma2 {
public:
    static constexpr usize largest_chunk = 2 << 20;

    // Unpacks one stream at the input's place. Errors: badmsg, nomem, the consumer's.
    Result<> run(Input& input, Output& output);

private:
    Result<> run_chunk(u8 control, Input& input, Output& output);
    Result<> copy_plain(Input& input, Output& output);
    Result<> unpack(u8 control, Input& input, Output& output);

    Lzma lzma_;
    bool needs_dictionary_ = true, needs_properties_ = true;
};

} // namespace base::compression
