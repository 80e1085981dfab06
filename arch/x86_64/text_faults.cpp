// SPDX-License-Identifier: BSD-2-Clause
// Text faults on x86-64. Instructions are found by decoding the text from its start, as far as
// compilers write code without vector registers (SDM volume 2, chapter 2 and appendix A).
#include "arch/api/text_faults.h"

#include "arch/x86_64/instruction.h"
#include "base/memory_functions.h"

namespace arch {
namespace {

// Fields of a ModRM byte: which register, which register or memory operand.
constexpr u32 register_shift = 3, operand_shift = 0;

enum class Flow : u8 { none, to_register, to_operand };

// Between which fields the value moves, of the usual two-operand instructions.
Flow flow_of(const Instruction& is) {
    const u32 op = is.opcode;
    if (!is.modrm_at)
        return Flow::none;
    if (op < 0x38) // add or adc sbb and sub xor; 38..3b compare and write nothing
        return op & 2 ? Flow::to_register : Flow::to_operand;
    if (op == 0x88 || op == 0x89)
        return Flow::to_operand;
    const bool widens = (op & ~u32{9}) == 0x0fb6; // movzx, movsx
    const bool moves_if = (op & ~u32{15}) == 0x0f40;
    const bool loads = op == 0x8a || op == 0x8b || op == 0x8d || op == 0x63 || op == 0x0faf;
    return widens || moves_if || loads ? Flow::to_register : Flow::none;
}

bool is_conditional_jump(const Instruction& is) {
    return (is.opcode & ~u32{15}) == 0x70 || (is.opcode & ~u32{15}) == 0x0f80;
}

// Memory at a register, which another register can take the place of without another length.
bool has_base(const Instruction& is, const u8* bytes) {
    if (!is.modrm_at)
        return false;
    const u32 mod = bytes[is.modrm_at] >> 6, operand = bytes[is.modrm_at] & 7;
    return mod != 3 && !(mod == 0 && operand == 5) && operand != 4;
}
bool is_register(const Instruction& is, const u8* bytes) {
    return is.modrm_at && bytes[is.modrm_at] >> 6 == 3;
}

bool suits(TextFault fault, const Instruction& is, const u8* bytes) {
    const Flow flow = flow_of(is);
    const bool operand_may_change = is_register(is, bytes) || has_base(is, bytes);
    switch (fault) {
    case TextFault::source:
        return flow == Flow::to_operand || (flow == Flow::to_register && operand_may_change);
    case TextFault::destination:
        return flow == Flow::to_register || (flow == Flow::to_operand && operand_may_change);
    case TextFault::branch: return is_conditional_jump(is);
    case TextFault::pointer: return has_base(is, bytes);
    default: return true;
    }
}

// Another register in a field of three bits. A memory operand keeps its form: 4 would add a byte,
// and 5 without a displacement would name none.
void change_register(u8& modrm, u32 shift, u64 random) {
    const u8 now = modrm >> shift & 7;
    const u32 mod = modrm >> 6;
    u8 next = (now + 1 + random % 7) & 7;
    while (shift == operand_shift && mod != 3 &&
           (next == 4 || next == now || (mod == 0 && next == 5)))
        next = (next + 1) & 7;
    modrm = static_cast<u8>((modrm & ~(7u << shift)) | (next << shift));
}

void change_instruction(TextFault fault, const Instruction& is, TextChange& change, u64 random) {
    u8* bytes = change.bytes.data();
    u8& modrm = bytes[is.modrm_at];
    const bool to_register = flow_of(is) == Flow::to_register;
    switch (fault) {
    case TextFault::bit: bytes[random / 8 % is.length] ^= static_cast<u8>(1u << random % 8); break;
    case TextFault::nop: memset(bytes, 0x90, is.length); break;
    case TextFault::source:
        change_register(modrm, to_register ? operand_shift : register_shift, random);
        break;
    case TextFault::destination:
        change_register(modrm, to_register ? register_shift : operand_shift, random);
        break;
    case TextFault::branch: bytes[is.opcode_at] ^= 1; break; // the condition's opposite
    case TextFault::pointer: change_register(modrm, operand_shift, random); break;
    default: break;
    }
}

// Visits the instructions one after the other. Bytes that make none are passed over.
template <typename Visit>
void for_each_instruction(std::span<const u8> text, Visit visit) {
    for (usize at = 0; at < text.size();) {
        const auto is = decode_instruction(text.subspan(at));
        if (is && is->opcode != 0xcc && !visit(at, *is)) // 0xcc fills what lies between sections
            return;
        at += is ? is->length : 1;
    }
}

TextChange at_entry(u64 entry, std::span<const u8> code) {
    TextChange change{entry, static_cast<u32>(code.size()), {}};
    memcpy(change.bytes.data(), code.data(), code.size());
    return change;
}

constexpr u8 illegal_code[] = {0x0f, 0x0b};      // ud2
constexpr u8 endless_code[] = {0xeb, 0xfe};      // jmp to itself
constexpr u8 bad_pointer_code[][13] = {
    {0x48, 0x8b, 0x04, 0x25, 8, 0, 0, 0},        // mov rax, [8]
    {0x48, 0x89, 0x04, 0x25, 8, 0, 0, 0},        // mov [8], rax
    // mov rax, an address that is none; mov rax, [rax]
    {0x48, 0xb8, 0xef, 0xcd, 0xab, 0x89, 0x67, 0x45, 0x23, 0x01, 0x48, 0x8b, 0x00},
    // lea rax, [rip]; mov [rax], rax: its own text
    {0x48, 0x8d, 0x05, 0, 0, 0, 0, 0x48, 0x89, 0x00},
};

} // namespace

Result<TextChange> make_text_fault(TextFault fault, std::span<const u8> text, u64 entry,
                                   u64 random) {
    if (entry >= text.size() || text.size() - entry < 16)
        return Failure(Errno::noent);
    switch (fault) {
    case TextFault::illegal: return at_entry(entry, illegal_code);
    case TextFault::endless_loop: return at_entry(entry, endless_code);
    case TextFault::bad_pointer:
        return at_entry(entry, bad_pointer_code[random % std::size(bad_pointer_code)]);
    default: break;
    }
    u64 count = 0;
    for_each_instruction(text, [&](usize at, const Instruction& is) {
        count += suits(fault, is, text.data() + at);
        return true;
    });
    if (count == 0)
        return Failure(Errno::noent);
    u64 left = random % count;
    TextChange change;
    for_each_instruction(text, [&](usize at, const Instruction& is) {
        if (!suits(fault, is, text.data() + at) || left-- != 0)
            return true;
        change.offset = at;
        change.length = is.length;
        memcpy(change.bytes.data(), text.data() + at, is.length);
        change_instruction(fault, is, change, random >> 32);
        return false;
    });
    return change;
}

} // namespace arch
