// SPDX-License-Identifier: BSD-2-Clause
// Settings, and the way from the buffer to a read. Input and editing are in line_input.cpp, echo
// and output in line_output.cpp.
#include "linux/tty/line_discipline.h"

#include <algorithm>

namespace linux {

void LineDiscipline::apply(const Termios& settings) {
    const u32 changed = settings_.local ^ settings.local;
    const bool had_flow = has_input(input_mode::flow_output);
    settings_ = settings;
    if ((changed & (local_mode::canonical | local_mode::external_processing)) != 0) {
        std::fill(std::begin(line_ends_), std::end(line_ends_), 0);
        if (!has_local(local_mode::canonical) || used() == 0) {
            line_head_ = tail_;
        } else { // what is there counts as a line
            mark_line_end(head_ - 1);
            line_head_ = head_;
        }
        erasing_ = false;
        literal_ = false;
    }
    build_special_map();
    if (had_flow && !has_input(input_mode::flow_output))
        host_.start_output();
}

void LineDiscipline::build_special_map() {
    namespace cc = control_character;
    std::fill(std::begin(special_), std::end(special_), 0);
    const auto add = [this](u8 byte) { special_[byte / 64] |= u64{1} << (byte % 64); };
    if (has_input(input_mode::ignore_return | input_mode::return_to_newline))
        add('\r');
    if (has_input(input_mode::newline_to_return))
        add('\n');
    if (has_local(local_mode::canonical)) {
        for (u32 place : {cc::erase, cc::kill, cc::end_of_file, cc::end_of_line})
            add(control(place));
        add('\n');
        if (has_local(local_mode::extended)) {
            for (u32 place : {cc::word_erase, cc::literal_next, cc::end_of_line2})
                add(control(place));
            if (has_local(local_mode::echo))
                add(control(cc::reprint));
        }
    }
    if (has_input(input_mode::flow_output)) {
        add(control(cc::start));
        add(control(cc::stop));
    }
    if (has_local(local_mode::signals))
        for (u32 place : {cc::interrupt, cc::quit, cc::suspend})
            add(control(place));
    special_[0] &= ~u64{1}; // a NUL switches a control character off
    const u32 input = input_mode::strip | input_mode::upper_to_lower | input_mode::mark_parity |
                      input_mode::ignore_return | input_mode::return_to_newline |
                      input_mode::newline_to_return | input_mode::flow_output;
    const u32 local = local_mode::canonical | local_mode::echo | local_mode::signals |
                      local_mode::external_processing;
    raw_ = !has_input(input) && !has_local(local);
}

bool LineDiscipline::readable(bool for_poll) const {
    if (is_canonical())
        return line_head_ != tail_;
    const u8 minimum = control(control_character::minimum);
    const bool counts = for_poll && control(control_character::time) == 0 && minimum != 0;
    return used() >= (counts ? minimum : 1u);
}

usize LineDiscipline::take(std::span<u8> target, bool& end) {
    end = false;
    usize taken = 0;
    const bool canonical = is_canonical();
    const u32 limit = canonical ? line_head_ : head_;
    while (taken < target.size() && tail_ != limit) {
        const u8 byte = byte_at(tail_);
        const bool ends = canonical && is_line_end(tail_);
        if (ends)
            clear_line_end(tail_);
        ++tail_;
        if (!ends || byte != 0) // a NUL that ends a line was an end-of-file character
            target[taken++] = byte;
        if (ends) {
            end = true;
            break;
        }
    }
    return taken;
}

void LineDiscipline::skip_end_of_file() {
    if (!is_canonical() || tail_ == line_head_)
        return;
    if (is_line_end(tail_) && byte_at(tail_) == 0) {
        clear_line_end(tail_);
        ++tail_;
    }
}

u32 LineDiscipline::input_count() const {
    if (!is_canonical())
        return used();
    u32 count = line_head_ - tail_;
    for (u32 position = tail_; position != line_head_; ++position)
        if (is_line_end(position) && byte_at(position) == 0)
            --count;
    return count;
}

void LineDiscipline::drop_input() {
    std::fill(std::begin(line_ends_), std::end(line_ends_), 0);
    tail_ = line_head_ = head_;
    erasing_ = false;
    literal_ = false;
}

} // namespace linux
