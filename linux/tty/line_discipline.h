// SPDX-License-Identifier: BSD-2-Clause
// The line discipline (Linux's N_TTY, POSIX.1 chapter 11) as a state machine without locks: bytes
// from the line go in, edited lines come out, echo and the program's output leave through LineHost.
// The terminal's lock guards it.
#pragma once

#include <span>

#include "abi/linux/terminal.h"
#include "base/types.h"

namespace linux {

// What the discipline asks of its terminal. Called with the terminal's lock held.
class LineHost {
public:
    // Appends to the output, all of it or nothing; false when there is no room.
    virtual bool put(std::span<const u8> bytes) = 0;
    // A signal to the foreground group.
    virtual void signal(i32 number) = 0;
    // Output stops or goes on (XOFF and XON typed).
    virtual void stop_output() = 0;
    virtual void start_output() = 0;
    virtual bool output_stopped() const = 0;
    // An interrupt character throws away output that was not sent.
    virtual void drop_output() = 0;

protected:
    ~LineHost() = default;
};

// Conditions of the line that come among its bytes.
enum class LineFault : u8 { break_condition, parity, overrun };

class LineDiscipline {
public:
    static constexpr u32 capacity = 4096;

    explicit LineDiscipline(LineHost& host) : host_(host) { apply(default_termios); }

    const Termios& settings() const { return settings_; }
    // Changes the settings; what was typed so far becomes readable as the new mode says.
    void apply(const Termios& settings);

    // Takes bytes from the line; returns how many. Fewer than given: the buffer is full, offer the
    // rest again after a read.
    usize receive(std::span<const u8> bytes);
    void receive_fault(LineFault fault, u8 byte);

    // Sends a program's bytes, processed as the settings say; returns how many went. Fewer: no
    // room.
    usize send(std::span<const u8> bytes);

    // Whether a read (or, `for_poll`, a poll) finds something.
    bool readable(bool for_poll) const;
    // Takes bytes for a read: in canonical mode at most one line. `end` tells that the read is
    // complete though less than asked for was found (a line's end, an end-of-file character).
    usize take(std::span<u8> target, bool& end);
    // After a read that filled its buffer exactly: an end-of-file character that follows belongs to
    // it.
    void skip_end_of_file();
    // Bytes a read could take (FIONREAD).
    u32 input_count() const;
    // Room for bytes from the line, for flow control.
    u32 input_room() const { return capacity - 1 - used(); }

    void drop_input();

    bool is_canonical() const {
        return (settings_.local & local_mode::canonical) != 0 &&
               (settings_.local & local_mode::external_processing) == 0;
    }

private:
    bool has_local(u32 flags) const { return (settings_.local & flags) != 0; }
    bool has_input(u32 flags) const { return (settings_.input & flags) != 0; }
    u8 control(u32 place) const { return settings_.control[place]; }
    bool is(u8 byte, u32 place) const { return byte != 0 && byte == control(place); }
    bool is_extended(u8 byte, u32 place) const {
        return is(byte, place) && has_local(local_mode::extended);
    }

    u32 used() const { return head_ - tail_; }
    u8& byte_at(u32 position) { return bytes_[position % capacity]; }
    u8 byte_at(u32 position) const { return bytes_[position % capacity]; }
    bool is_line_end(u32 position) const {
        return (line_ends_[position % capacity / 64] >> (position % 64)) & 1;
    }
    void mark_line_end(u32 position) {
        line_ends_[position % capacity / 64] |= u64{1} << (position % 64);
    }
    void clear_line_end(u32 position) {
        line_ends_[position % capacity / 64] &= ~(u64{1} << (position % 64));
    }
    bool is_continuation(u8 byte) const {
        return has_input(input_mode::utf8) && (byte & 0xc0) == 0x80;
    }

    // Input.
    void build_special_map();
    bool is_special(u8 byte) const { return (special_[byte / 64] >> (byte % 64)) & 1; }
    bool make_room();
    void receive_byte(u8 byte);
    void receive_plain(u8 byte);
    void receive_special(u8 byte);
    bool receive_flow(u8 byte);
    bool receive_signal(u8 byte);
    bool receive_editing(u8 byte);
    void raise(i32 number, u8 byte);
    void restart_if_any();
    void store(u8 byte) {
        byte_at(head_) = byte;
        ++head_;
    }
    void store_marked(u8 byte);
    void end_line(u8 byte);
    void erase(u8 byte);
    bool erase_one(bool by_word, bool& in_word, bool by_erase);
    void reprint();

    // Echo and output.
    void echo(u8 byte);
    void echo_raw(u8 byte);
    void echo_new(u8 byte);
    void echo_erased(u32 position, u32 count, bool by_erase);
    void echo_erased_tab();
    void backspace_over();
    void finish_erasing();
    bool output(u8 byte);
    usize send_run(std::span<const u8> bytes);

    LineHost& host_;
    Termios settings_{};
    u8 bytes_[capacity];
    u64 line_ends_[capacity / 64] = {};
    u64 special_[4] = {};
    // Positions count bytes since the start; tail_ <= line_head_ <= head_.
    u32 head_ = 0;       // where the next byte goes
    u32 line_head_ = 0;  // canonical: end of the last complete line
    u32 tail_ = 0;       // the next byte to read
    bool literal_ = false; // the next byte is taken as it is
    bool erasing_ = false; // inside \.../ of ECHOPRT
    bool raw_ = false;     // no byte means anything
    u32 column_ = 0;       // of the cursor, as far as output tells
    u32 line_column_ = 0;  // where the line being typed began
};

} // namespace linux
