// SPDX-License-Identifier: BSD-2-Clause
// A program that holds nothing but what it was given: one handle, and by a filter (seccomp(2)) no
// call but those on handles and its own end. What it cannot do is tried, and what it says goes
// through the handle.
#include "user/examples/process.h"
#include "user/libpith/pith.h"

namespace {

constexpr u64 badge_of_guest = 42;
enum Said : u64 { opened_a_file, widened_its_handle, received, done };

// Classic BPF, as prctl(PR_SET_SECCOMP) takes it (linux/filter.h, linux/seccomp.h).
struct Instruction {
    u16 code;
    u8 if_true, if_false;
    u32 operand;
};
struct Program {
    u16 length;
    const Instruction* code;
};
constexpr u16 load_word = 0x20, jump_if_less_not = 0x35, jump_if_equal = 0x15, give = 0x06;
constexpr u32 allow = 0x7fff'0000, refuse_with_perm = 0x0005'0001, exit_group = 231;
constexpr u64 set_no_new_privileges = 38, set_filter = 22, filter_mode = 2;

bool keep_native_calls_only() {
    static constexpr Instruction code[] = {
        {load_word, 0, 0, 0}, // the call's number
        {jump_if_equal, 2, 0, exit_group},
        {jump_if_less_not, 1, 0, PITH_CALL_BASE},
        {give, 0, 0, refuse_with_perm},
        {give, 0, 0, allow},
    };
    const Program program = {std::size(code), code};
    return runtime::raw_call(runtime::Call::prctl, set_no_new_privileges, 1) == 0 &&
           runtime::raw_call(runtime::Call::prctl, set_filter, filter_mode,
                             runtime::address_of(&program)) == 0;
}

i64 say(int port, u64 what, i64 result) {
    pith_words words = {{what, static_cast<u64>(result), 0, 0}};
    return pith_call(port, &words, nullptr);
}

i32 guest(int handle) {
    // Everything but the handle goes, the standard streams, too.
    const u64 number = static_cast<u64>(handle);
    runtime::raw_call(runtime::Call::close_range, 0, number - 1);
    runtime::raw_call(runtime::Call::close_range, number + 1, ~u32{0});
    if (!keep_native_calls_only())
        return 1;
    const auto file = runtime::File::open("/", runtime::File::Mode::read);
    pith_words words = {};
    if (say(handle, opened_a_file, file ? 0 : -static_cast<i64>(file.error())) != 0 ||
        say(handle, widened_its_handle, pith_port_duplicate(handle, PITH_RIGHTS_ALL, 0, 0)) != 0 ||
        say(handle, received, pith_receive(handle, &words, nullptr, nullptr)) != 0)
        return 1;
    return say(handle, done, 0) == 0 ? 0 : 1;
}

} // namespace

i32 runtime::run_program(std::span<const char* const>) {
    static constexpr std::string_view names[] = {"open", "widen", "receive", "done"};
    const int port = pith_port_create(0);
    const int given = pith_port_duplicate(port, PITH_RIGHT_CALL, badge_of_guest, 0);
    if (port < 0 || given < 0)
        return 1;
    const auto child = example::start_child([&] { return guest(given); });
    if (!child)
        return 1;
    runtime::Output out(1);
    pith_words words = {{done, 0, 0, 0}};
    u64 badge = 0;
    i64 token = pith_receive(port, &words, nullptr, &badge);
    while (token > 0 && words.word[0] < done) {
        out.print("guest {}: {} answers {}\n", badge, names[words.word[0]],
                  static_cast<i64>(words.word[1]));
        token = pith_reply_and_receive(port, static_cast<u32>(token), &words, nullptr, &badge);
    }
    if (token < 0 || pith_reply(port, static_cast<u32>(token), &words, nullptr) != 0)
        return 1;
    return example::wait_for(*child).value_or(1);
}
