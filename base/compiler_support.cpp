// SPDX-License-Identifier: BSD-2-Clause
// What compilers call where the CPU they compile for may lack an instruction (libgcc's interface).
// In the kernel and in every component.

// Bits that are set.
extern "C" [[gnu::visibility("hidden")]] int __popcountdi2(unsigned long word) {
    word -= word >> 1 & 0x5555'5555'5555'5555;
    word = (word & 0x3333'3333'3333'3333) + (word >> 2 & 0x3333'3333'3333'3333);
    word = (word + (word >> 4)) & 0x0f0f'0f0f'0f0f'0f0f;
    return static_cast<int>(word * 0x0101'0101'0101'0101 >> 56);
}
