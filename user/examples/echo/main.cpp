// SPDX-License-Identifier: BSD-2-Clause
// An echo server: a process that answers every message with its words doubled and its bytes as they
// came, and a client that calls it. The client's handle may call and nothing else; its badge tells
// the server who calls.
#include "user/examples/process.h"
#include "user/libpith/pith.h"

namespace {

constexpr u64 badge_of_client = 7, word_to_stop = ~u64{0};

i32 serve(int port) {
    char bytes[256];
    pith_words words = {};
    u64 badge = 0;
    // One description for both ways: what came is sent back.
    pith_transfer transfer = {};
    transfer.send_data = transfer.receive_data = runtime::address_of(bytes);
    transfer.receive_size = sizeof bytes;
    i64 token = pith_receive(port, &words, &transfer, &badge);
    while (token > 0 && badge == badge_of_client) {
        const bool stop = words.word[0] == word_to_stop;
        words.word[0] *= 2;
        transfer.send_size = transfer.receive_size;
        transfer.receive_size = sizeof bytes;
        if (stop)
            return pith_reply(port, static_cast<u32>(token), &words, &transfer) == 0 ? 0 : 1;
        token = pith_reply_and_receive(port, static_cast<u32>(token), &words, &transfer, &badge);
    }
    return 1;
}

i32 ask(int port) {
    runtime::Output out(1);
    char answer[256];
    pith_transfer transfer = {};
    transfer.receive_data = runtime::address_of(answer);
    for (const std::string_view text : {"one", "two", "three"}) {
        pith_words words = {{text.size(), 0, 0, 0}};
        transfer.send_data = runtime::address_of(text.data());
        transfer.send_size = static_cast<u32>(text.size());
        transfer.receive_size = sizeof answer;
        if (const int result = pith_call(port, &words, &transfer); result != 0) {
            out.print("call: error {}\n", -result);
            return 1;
        }
        out.print("{} {}\n", words.word[0], std::string_view(answer, transfer.receive_size));
    }
    pith_words stop = {{word_to_stop, 0, 0, 0}};
    return pith_call(port, &stop, nullptr) == 0 ? 0 : 1;
}

} // namespace

i32 runtime::run_program(std::span<const char* const>) {
    const int port = pith_port_create(0);
    const int for_client = pith_port_duplicate(port, PITH_RIGHT_CALL, badge_of_client, 0);
    if (port < 0 || for_client < 0)
        return 1;
    const auto server = example::start_child([&] { return serve(port); });
    // Nobody but the server may receive now: when it ends, callers are told.
    example::close(port);
    const i32 status = ask(for_client);
    const auto ended = server ? example::wait_for(*server) : Result<i32>(1);
    return status != 0 ? status : ended.value_or(1);
}
