// SPDX-License-Identifier: BSD-2-Clause
// Echo, and the program's output with its processing (OPOST).
#include <algorithm>

#include "linux/tty/line_discipline.h"

namespace linux {

namespace {
constexpr bool is_control(u8 byte) { return byte < 32 || byte == 127; }
} // namespace

// A control character shows as ^X.
void LineDiscipline::echo(u8 byte) {
    if (has_local(local_mode::echo_control) && is_control(byte) && byte != '\t') {
        const u8 pair[2] = {'^', static_cast<u8>(byte ^ 0100)};
        if (host_.put(pair))
            column_ += 2;
        return;
    }
    echo_raw(byte);
}

void LineDiscipline::echo_raw(u8 byte) {
    if ((settings_.output & output_mode::process) != 0)
        output(byte);
    else
        host_.put({&byte, 1});
}

// The echo of a typed character; the first of a line fixes where erasing a tab leads back to.
void LineDiscipline::echo_new(u8 byte) {
    if (head_ == line_head_)
        line_column_ = column_;
    echo(byte);
}

// One byte with processing; false when there was no room (then nothing changed).
bool LineDiscipline::output(u8 byte) {
    const u32 mode = settings_.output;
    const u32 old_column = column_;
    u8 out[8] = {byte};
    usize length = 1;
    switch (byte) {
    case '\n':
        if ((mode & output_mode::newline_returns) != 0)
            column_ = 0;
        if ((mode & output_mode::newline_to_return_newline) != 0) {
            out[0] = '\r';
            out[1] = '\n';
            length = 2;
            column_ = 0;
        }
        break;
    case '\r':
        if ((mode & output_mode::no_return_at_zero) != 0 && column_ == 0)
            return true;
        if ((mode & output_mode::return_to_newline) != 0) {
            out[0] = '\n';
            if ((mode & output_mode::newline_returns) != 0)
                column_ = 0;
        } else {
            column_ = 0;
        }
        break;
    case '\t': {
        const u32 spaces = 8 - (column_ & 7);
        if ((mode & output_mode::tab_mask) == output_mode::expand_tabs) {
            std::fill(out, out + spaces, u8{' '});
            length = spaces;
        }
        column_ += spaces;
        break;
    }
    case '\b':
        if (column_ != 0)
            --column_;
        break;
    default:
        if (!is_control(byte)) {
            if ((mode & output_mode::lower_to_upper) != 0 && byte >= 'a' && byte <= 'z')
                out[0] = static_cast<u8>(byte - 'a' + 'A');
            if (!is_continuation(byte))
                ++column_;
        }
        break;
    }
    if (!host_.put({out, length})) {
        column_ = old_column;
        return false;
    }
    if (byte == '\n' || byte == '\r')
        line_column_ = column_;
    return true;
}

// The printable bytes at the front, at once: how many went, 0 if none or no room.
usize LineDiscipline::send_run(std::span<const u8> bytes) {
    if ((settings_.output & output_mode::lower_to_upper) != 0)
        return 0;
    constexpr usize longest = 128; // so that a run is refused only when there is little room
    usize length = 0;
    u32 width = 0;
    while (length < bytes.size() && length < longest && !is_control(bytes[length])) {
        width += is_continuation(bytes[length]) ? 0 : 1;
        ++length;
    }
    if (length == 0 || !host_.put(bytes.first(length)))
        return 0;
    column_ += width;
    return length;
}

usize LineDiscipline::send(std::span<const u8> bytes) {
    usize sent = 0;
    if ((settings_.output & output_mode::process) == 0) {
        constexpr usize piece = 256;
        while (sent < bytes.size()) {
            usize length = std::min(piece, bytes.size() - sent);
            while (length != 0 && !host_.put(bytes.subspan(sent, length)))
                length /= 2;
            if (length == 0)
                break;
            sent += length;
        }
        return sent;
    }
    while (sent < bytes.size()) {
        const usize run = send_run(bytes.subspan(sent));
        if (run != 0) {
            sent += run;
            continue;
        }
        if (!output(bytes[sent]))
            break;
        ++sent;
    }
    return sent;
}

} // namespace linux
