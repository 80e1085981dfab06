// SPDX-License-Identifier: BSD-2-Clause
// links: host/test/base_port.cpp arch/x86_64/text_faults.cpp arch/x86_64/instruction.cpp
#include "arch/api/text_faults.h"

#include <gtest/gtest.h>

#include <vector>

#include "arch/x86_64/instruction.h"

namespace arch {
namespace {

u32 length_of(std::vector<u8> bytes) {
    bytes.resize(bytes.size() + 8, 0xff); // what follows is none of its business
    const auto is = decode_instruction(bytes);
    return is ? is->length : 0;
}

TEST(Instruction, lengths) {
    EXPECT_EQ(length_of({0xc3}), 1u);                                     // ret
    EXPECT_EQ(length_of({0x48, 0x89, 0xe5}), 3u);                         // mov rbp, rsp
    EXPECT_EQ(length_of({0x8b, 0x44, 0x24, 0x08}), 4u);                   // mov eax, [rsp+8]
    EXPECT_EQ(length_of({0x48, 0x8d, 0x05, 1, 2, 3, 4}), 7u);             // lea rax, [rip+x]
    EXPECT_EQ(length_of({0x48, 0x8b, 0x04, 0xcd, 1, 2, 3, 4}), 8u);       // mov rax, [rcx*8+x]
    EXPECT_EQ(length_of({0x66, 0xc7, 0x00, 1, 2}), 5u);                   // mov word [rax], x
    EXPECT_EQ(length_of({0x49, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8}), 10u);      // mov r8, x
    EXPECT_EQ(length_of({0xf6, 0xc1, 0x01}), 3u);                         // test cl, 1
    EXPECT_EQ(length_of({0xf7, 0xd8}), 2u);                               // neg eax
    EXPECT_EQ(length_of({0x0f, 0x84, 1, 2, 3, 4}), 6u);                   // je
    EXPECT_EQ(length_of({0x66, 0x2e, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0}), 10u); // nop
    EXPECT_EQ(length_of({0xc5, 0xf8, 0x77}), 0u);                         // vzeroupper: not known
}

TEST(Instruction, shorterThanItSays) {
    const u8 cut[] = {0x48, 0x8d, 0x05, 1};
    EXPECT_FALSE(decode_instruction(cut));
}

// mov rbp, rsp; mov rax, [rbx+8]; je; add rcx, rax; ret, and room behind.
const std::vector<u8>& text() {
    static const std::vector<u8> bytes = [] {
        std::vector<u8> code = {0x48, 0x89, 0xe5, 0x48, 0x8b, 0x43, 0x08,
                                0x74, 0x05, 0x48, 0x01, 0xc1, 0xc3};
        code.resize(64, 0xcc);
        return code;
    }();
    return bytes;
}

TEST(TextFaults, keepTheLengthAndChangeSomething) {
    for (const auto fault : {TextFault::bit, TextFault::nop, TextFault::source,
                             TextFault::destination, TextFault::branch, TextFault::pointer}) {
        for (u64 random = 0; random < 200; ++random) {
            const auto change = make_text_fault(fault, text(), 0, random * 0x9e37'79b9'7f4a'7c15);
            ASSERT_TRUE(change);
            ASSERT_LE(change->offset + change->length, 13u);
            const u8* before = text().data() + change->offset;
            EXPECT_FALSE(std::equal(before, before + change->length, change->bytes.begin()));
            if (fault == TextFault::bit)
                continue; // may be of any length now
            if (fault != TextFault::nop) {
                const auto is = decode_instruction(std::span(change->bytes).first(change->length));
                ASSERT_TRUE(is);
                EXPECT_EQ(is->length, change->length);
            }
        }
    }
}

TEST(TextFaults, branchTakesTheOtherWay) {
    const auto change = make_text_fault(TextFault::branch, text(), 0, 7);
    ASSERT_TRUE(change);
    EXPECT_EQ(change->offset, 7u);
    EXPECT_EQ(change->bytes[0], 0x75);
}

TEST(TextFaults, thereMayBeNone) {
    const std::vector<u8> bytes(64, 0x90);
    EXPECT_EQ(make_text_fault(TextFault::branch, bytes, 0, 1).error(), base::Errno::noent);
    EXPECT_EQ(make_text_fault(TextFault::illegal, bytes, 60, 1).error(), base::Errno::noent);
}

} // namespace
} // namespace arch
