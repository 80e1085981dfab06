// SPDX-License-Identifier: BSD-2-Clause
#include "user/libpith/system_call.h"

using libpith::address;
using libpith::native_call;
using libpith::Row;
using libpith::word;

namespace {

uint64_t with_token(int port, uint32_t token) {
    return word(port) | static_cast<uint64_t>(token) << 32;
}

int64_t receive_by(Row row, uint64_t first, pith_words &words, pith_transfer *transfer,
                   uint64_t *badge) {
    uint64_t second = address(transfer);
    const int64_t result = native_call(row, first, second, words);
    if (result > 0 && badge)
        *badge = second;
    return result;
}

} // namespace

int pith_port_create(uint32_t flags) {
    pith_words none = {};
    uint64_t second = 0;
    return static_cast<int>(native_call(Row::port_create, flags, second, none));
}

int pith_port_duplicate(int port, uint32_t rights, uint64_t badge, uint32_t flags) {
    pith_words words = {{badge, flags, 0, 0}};
    uint64_t second = rights;
    return static_cast<int>(native_call(Row::port_duplicate, word(port), second, words));
}

int pith_port_information(int port, uint32_t *rights, uint64_t *badge) {
    pith_words none = {};
    uint64_t second = 0;
    const int64_t result = native_call(Row::port_information, word(port), second, none);
    if (result < 0)
        return static_cast<int>(result);
    *rights = static_cast<uint32_t>(result);
    *badge = second;
    return 0;
}

int pith_call(int port, pith_words *words, pith_transfer *transfer) {
    uint64_t second = address(transfer);
    return static_cast<int>(native_call(Row::port_call, word(port), second, *words));
}

int64_t pith_receive(int port, pith_words *words, pith_transfer *transfer, uint64_t *badge) {
    return receive_by(Row::port_receive, word(port), *words, transfer, badge);
}

int pith_reply(int port, uint32_t token, const pith_words *words, pith_transfer *transfer) {
    pith_words sent = *words;
    uint64_t second = address(transfer);
    return static_cast<int>(native_call(Row::port_reply, with_token(port, token), second, sent));
}

int64_t pith_reply_and_receive(int port, uint32_t token, pith_words *words,
                               pith_transfer *transfer, uint64_t *badge) {
    return receive_by(Row::port_reply_and_receive, with_token(port, token), *words, transfer,
                      badge);
}
