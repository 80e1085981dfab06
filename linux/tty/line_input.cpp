// SPDX-License-Identifier: BSD-2-Clause
// Bytes from the line: special characters, editing of the line that is typed.
#include <algorithm>

#include "abi/linux/signal.h"
#include "linux/tty/line_discipline.h"

namespace linux {

namespace cc = control_character;

namespace {
constexpr bool is_control(u8 byte) { return byte < 32 || byte == 127; }
// Letters and digits as word erase sees them; bytes from 0xc0 on are Latin letters or begin UTF-8
// ones.
constexpr bool is_word(u8 byte) {
    return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= 'a' && byte <= 'z') || byte == '_' ||
           (byte >= 0xc0 && byte != 0xd7 && byte != 0xf7);
}
} // namespace

// True if one more byte may come. When a single line fills the buffer its last byte gives way, so
// that the line can still be ended.
bool LineDiscipline::make_room() {
    const u32 reserve = has_input(input_mode::mark_parity) ? 3 : 1;
    if (used() + reserve < capacity)
        return true;
    if (!has_local(local_mode::canonical) || line_head_ != tail_)
        return false;
    while (used() + reserve > capacity)
        --head_;
    return true;
}

usize LineDiscipline::receive(std::span<const u8> bytes) {
    usize count = 0;
    if (raw_) [[likely]] {
        while (count < bytes.size() && used() + 1 < capacity)
            store(bytes[count++]);
        return count;
    }
    while (count < bytes.size() && make_room())
        receive_byte(bytes[count++]);
    return count;
}

void LineDiscipline::receive_byte(u8 byte) {
    if (has_input(input_mode::strip))
        byte &= 0x7f;
    if (has_input(input_mode::upper_to_lower) && has_local(local_mode::extended) && byte >= 'A' &&
        byte <= 'Z')
        byte += 'a' - 'A';
    if (has_local(local_mode::external_processing)) {
        store(byte);
        return;
    }
    if (literal_) {
        literal_ = false;
        receive_plain(byte);
    } else if (is_special(byte)) {
        receive_special(byte);
    } else {
        receive_plain(byte);
    }
}

void LineDiscipline::receive_fault(LineFault fault, u8 byte) {
    if (!make_room())
        return;
    if (fault == LineFault::break_condition) {
        if (has_input(input_mode::ignore_break))
            return;
        if (has_input(input_mode::break_interrupts)) {
            raise(signal_number::interrupt, 0);
            return;
        }
        if (has_input(input_mode::mark_parity)) {
            store(0xff);
            store(0);
        }
        store(0);
    } else if (fault == LineFault::parity && has_input(input_mode::check_parity)) {
        if (has_input(input_mode::ignore_parity))
            return;
        if (has_input(input_mode::mark_parity)) {
            store(0xff);
            store(0);
            store(byte);
        } else {
            store(0);
        }
    } else if (fault == LineFault::parity) {
        receive_byte(byte);
    }
}

void LineDiscipline::restart_if_any() {
    if (has_input(input_mode::flow_output) && has_input(input_mode::any_restarts) &&
        host_.output_stopped())
        host_.start_output();
}

// With PARMRK a real 0xff is doubled, to tell it from a mark.
void LineDiscipline::store_marked(u8 byte) {
    if (byte == 0xff && has_input(input_mode::mark_parity))
        store(byte);
    store(byte);
}

void LineDiscipline::receive_plain(u8 byte) {
    restart_if_any();
    if (has_local(local_mode::echo)) {
        finish_erasing();
        echo_new(byte);
    }
    store_marked(byte);
}

bool LineDiscipline::receive_flow(u8 byte) {
    if (!has_input(input_mode::flow_output))
        return false;
    if (is(byte, cc::start)) {
        host_.start_output();
        return true;
    }
    if (is(byte, cc::stop)) {
        host_.stop_output();
        return true;
    }
    return false;
}

void LineDiscipline::raise(i32 number, u8 byte) {
    host_.signal(number);
    if (!has_local(local_mode::no_flush)) {
        host_.drop_output();
        drop_input();
    }
    if (byte == 0)
        return;
    if (has_input(input_mode::flow_output))
        host_.start_output();
    if (has_local(local_mode::echo))
        echo(byte);
}

bool LineDiscipline::receive_signal(u8 byte) {
    if (!has_local(local_mode::signals))
        return false;
    if (is(byte, cc::interrupt))
        raise(signal_number::interrupt, byte);
    else if (is(byte, cc::quit))
        raise(signal_number::quit, byte);
    else if (is(byte, cc::suspend))
        raise(signal_number::tstp, byte);
    else
        return false;
    return true;
}

void LineDiscipline::receive_special(u8 byte) {
    if (receive_flow(byte) || receive_signal(byte))
        return;
    restart_if_any();
    if (byte == '\r') {
        if (has_input(input_mode::ignore_return))
            return;
        if (has_input(input_mode::return_to_newline))
            byte = '\n';
    } else if (byte == '\n' && has_input(input_mode::newline_to_return)) {
        byte = '\r';
    }
    if (has_local(local_mode::canonical) && receive_editing(byte))
        return;
    if (has_local(local_mode::echo)) {
        finish_erasing();
        if (byte == '\n')
            echo_raw('\n');
        else
            echo_new(byte);
    }
    store_marked(byte);
}

// The special characters of canonical mode; false if this is none.
bool LineDiscipline::receive_editing(u8 byte) {
    if (is(byte, cc::erase) || is(byte, cc::kill) || is_extended(byte, cc::word_erase)) {
        erase(byte);
    } else if (is_extended(byte, cc::literal_next)) {
        literal_ = true;
        if (has_local(local_mode::echo)) {
            finish_erasing();
            if (has_local(local_mode::echo_control)) {
                echo_raw('^');
                echo_raw('\b');
            }
        }
    } else if (has_local(local_mode::echo) && is_extended(byte, cc::reprint)) {
        reprint();
    } else if (byte == '\n') {
        if (has_local(local_mode::echo | local_mode::echo_newline))
            echo_raw('\n');
        end_line(byte);
    } else if (is(byte, cc::end_of_file)) {
        end_line(0);
    } else if (is(byte, cc::end_of_line) || is_extended(byte, cc::end_of_line2)) {
        if (has_local(local_mode::echo))
            echo_new(byte);
        if (byte == 0xff && has_input(input_mode::mark_parity))
            store(byte);
        end_line(byte);
    } else {
        return false;
    }
    return true;
}

void LineDiscipline::end_line(u8 byte) {
    mark_line_end(head_);
    store(byte);
    line_head_ = head_;
}

void LineDiscipline::reprint() {
    finish_erasing();
    echo(control(cc::reprint));
    echo_raw('\n');
    for (u32 position = line_head_; position != head_; ++position)
        echo(byte_at(position));
}

void LineDiscipline::erase(u8 byte) {
    if (head_ == line_head_)
        return;
    const bool by_erase = is(byte, cc::erase);
    const bool by_word = !by_erase && !is(byte, cc::kill);
    if (!by_erase && !by_word) {
        const bool visibly = has_local(local_mode::echo_kill) &&
                             has_local(local_mode::echo_kill_erase) &&
                             has_local(local_mode::echo_erase);
        if (!has_local(local_mode::echo) || !visibly) {
            head_ = line_head_;
            if (!has_local(local_mode::echo))
                return;
            finish_erasing();
            echo(control(cc::kill));
            if (has_local(local_mode::echo_kill))
                echo_raw('\n');
            return;
        }
    }
    bool in_word = false;
    while (head_ != line_head_ && erase_one(by_word, in_word, by_erase) && !by_erase) {
    }
    if (head_ == line_head_ && has_local(local_mode::echo))
        finish_erasing();
}

// Removes the last character of the line; false if word erase should stop before it.
bool LineDiscipline::erase_one(bool by_word, bool& in_word, bool by_erase) {
    u32 position = head_;
    u8 byte;
    do {
        --position;
        byte = byte_at(position);
    } while (is_continuation(byte) && position != line_head_);
    if (is_continuation(byte))
        return false; // the line begins inside a character: leave it whole
    if (by_word) {
        if (is_word(byte))
            in_word = true;
        else if (in_word)
            return false;
    }
    const u32 count = head_ - position;
    head_ = position;
    if (has_local(local_mode::echo))
        echo_erased(position, count, by_erase);
    return true;
}

void LineDiscipline::echo_erased(u32 position, u32 count, bool by_erase) {
    const u8 byte = byte_at(position);
    if (has_local(local_mode::echo_print)) {
        if (!erasing_) {
            echo_raw('\\');
            erasing_ = true;
        }
        echo(byte);
        for (u32 index = 1; index < count; ++index)
            echo_raw(byte_at(position + index));
    } else if (by_erase && !has_local(local_mode::echo_erase)) {
        echo(control(cc::erase));
    } else if (byte == '\t') {
        echo_erased_tab();
    } else {
        if (is_control(byte) && has_local(local_mode::echo_control))
            backspace_over();
        if (!is_control(byte) || has_local(local_mode::echo_control))
            backspace_over();
    }
}

// Moves back over a tab that was erased: to where the characters before it, from the last tab or
// the start of the line, end.
void LineDiscipline::echo_erased_tab() {
    u32 width = 0;
    bool after_tab = false;
    for (u32 position = head_; position != line_head_;) {
        const u8 byte = byte_at(--position);
        if (byte == '\t') {
            after_tab = true;
            break;
        }
        if (is_control(byte))
            width += has_local(local_mode::echo_control) ? 2 : 0;
        else if (!is_continuation(byte))
            ++width;
    }
    if (!after_tab)
        width += line_column_;
    for (u32 left = 8 - (width & 7); left != 0; --left) {
        const u8 back = '\b';
        if (host_.put({&back, 1}) && column_ != 0)
            --column_;
    }
}

void LineDiscipline::backspace_over() {
    echo_raw('\b');
    echo_raw(' ');
    echo_raw('\b');
}

void LineDiscipline::finish_erasing() {
    if (erasing_) {
        echo_raw('/');
        erasing_ = false;
    }
}

} // namespace linux
