// SPDX-License-Identifier: BSD-2-Clause
#include "linux/signal/x86_64/vector_frame.h"

#include "abi/linux/signal.h"
#include "arch/api/thread_context.h"
#include "arch/api/vector_state.h"
#include "base/memory_functions.h"
#include "core/task/thread.h"
#include "core/vm/user_memory.h"

namespace linux {

namespace {

constexpr u32 first_mark = 0x4650'5853, last_mark = 0x4650'5845; // FP_XSTATE_MAGIC1, 2
constexpr usize legacy_size = 512;
constexpr usize header_offset = 512, header_size = 64;
constexpr usize marks_offset = 464; // in the legacy area, bytes the CPU leaves alone
constexpr usize mxcsr_offset = 24, mxcsr_mask_offset = 28;
constexpr u32 default_mxcsr_mask = 0xffbf;
constexpr u64 legacy_components = 3; // x87 and SSE

struct Marks {
    u32 first;
    u32 extended_size; // image and closing mark
    u64 components;
    u32 image_size;
    u32 padding[7];
};
static_assert(sizeof(Marks) == 48);

bool has_xsave() { return arch::vector_state_size() > legacy_size; }

u8* image_of_current() {
    return static_cast<u8*>(core::Thread::current().context.vector_state);
}

template <typename T>
T field(const u8* image, usize offset) {
    T value;
    memcpy(&value, image + offset, sizeof(T));
    return value;
}
template <typename T>
void set_field(u8* image, usize offset, T value) {
    memcpy(image + offset, &value, sizeof(T));
}

// Whether XRSTOR would take the image; unknown components are dropped, not refused.
Result<> check_image(u8* image, usize size) {
    const u32 reported = field<u32>(image_of_current(), mxcsr_mask_offset);
    const u32 mask = reported != 0 ? reported : default_mxcsr_mask;
    if ((field<u32>(image, mxcsr_offset) & ~mask) != 0)
        return Failure(Errno::inval);
    if (size <= legacy_size)
        return {};
    for (usize i = 8; i < header_size; i += 8) // XCOMP_BV and reserved words
        if (field<u64>(image, header_offset + i) != 0)
            return Failure(Errno::inval);
    const u64 components = field<u64>(image, header_offset);
    set_field(image, header_offset, components & arch::vector_state_components());
    return {};
}

// Puts a checked image into the registers; nothing may switch the thread away in between.
void load_image(const u8* image, usize size) {
    core::Thread& thread = core::Thread::current();
    arch::disable_preemption();
    memcpy(image_of_current(), image, size);
    arch::load_user_state(thread.context);
    arch::enable_preemption();
}

// Room for an image on the stack, or on the heap for the large ones.
class ImageBuffer {
public:
    static constexpr usize inline_size = 1088;
    explicit ImageBuffer(usize size)
        : bytes_(size <= inline_size ? inline_ : new (base::fallible) u8[size]) {}
    ~ImageBuffer() {
        if (bytes_ != inline_)
            delete[] bytes_;
    }
    ImageBuffer(const ImageBuffer&) = delete;
    ImageBuffer& operator=(const ImageBuffer&) = delete;
    u8* get() const { return bytes_; }

private:
    alignas(64) u8 inline_[inline_size];
    u8* bytes_;
};

// The marks and, behind them, the header.
struct MarksAndHeader {
    Marks marks;
    u64 header[header_size / 8] = {};
};
static_assert(marks_offset + sizeof(Marks) == header_offset);

bool is_whole(u64 source) {
    Marks marks;
    const usize size = arch::vector_state_size();
    if (!core::copy_from_user(&marks, UserVirt(source + marks_offset), sizeof(marks)) ||
        marks.first != first_mark || marks.image_size != size ||
        marks.extended_size != size + sizeof(last_mark))
        return false;
    u32 last = 0;
    return core::copy_from_user(&last, UserVirt(source + size), sizeof(last)) && last == last_mark;
}

} // namespace

usize vector_frame_size() {
    return arch::vector_state_size() + (has_xsave() ? sizeof(last_mark) : 0);
}

Result<> write_vector_frame(u64 target) {
    const usize size = arch::vector_state_size();
    if (!has_xsave()) {
        arch::save_user_state(core::Thread::current().context);
        return core::copy_to_user(UserVirt(target), image_of_current(), size);
    }
    // The CPU neither reads nor writes the marks' bytes, and of the header only the first word.
    const u64 components = arch::vector_state_components();
    const MarksAndHeader fields = {{first_mark, static_cast<u32>(size + sizeof(last_mark)),
                                    components, static_cast<u32>(size), {}}};
    TRY(core::copy_to_user(UserVirt(target + marks_offset), &fields, sizeof(fields)));
    if (target > core::user_end - size || arch::arch_save_vectors_to_user(target, components) != 0)
        return Failure(Errno::fault);
    return core::copy_to_user(UserVirt(target + size), &last_mark, sizeof(last_mark));
}

Result<> read_vector_frame(u64 source) {
    if (source == 0) {
        arch::reset_vector_state(core::Thread::current().context);
        return {};
    }
    const usize size = arch::vector_state_size();
    if (source > core::user_end - size)
        return Failure(Errno::fault);
    const bool whole = has_xsave() && is_whole(source);
    // What the CPU refuses, and what only sigreturn takes, goes the long way.
    if (whole && source % 64 == 0 &&
        arch::arch_load_vectors_from_user(source, arch::vector_state_components()) == 0)
        return {};
    ImageBuffer buffer(size);
    if (!buffer.get())
        return Failure(Errno::nomem);
    u8* image = buffer.get();
    TRY(core::copy_from_user(image, UserVirt(source), legacy_size));
    if (has_xsave()) {
        if (whole) {
            TRY(core::copy_from_user(image + legacy_size, UserVirt(source + legacy_size),
                                     size - legacy_size));
        } else { // only x87 and SSE: the rest as a program starts
            memset(image + legacy_size, 0, size - legacy_size);
            set_field(image, header_offset, legacy_components);
        }
    }
    TRY(check_image(image, size));
    load_image(image, size);
    return {};
}

i32 floating_point_code(bool simd) {
    arch::save_user_state(core::Thread::current().context);
    const u8* image = image_of_current();
    u32 raised;
    if (simd) {
        const u32 mxcsr = field<u32>(image, mxcsr_offset);
        raised = ~(mxcsr >> 7) & mxcsr;
    } else {
        raised = field<u16>(image, 2) & ~field<u16>(image, 0);
    }
    if (raised & 0x01)
        return signal_code::fpe_invalid;
    if (raised & 0x04)
        return signal_code::fpe_divide;
    if (raised & 0x08)
        return signal_code::fpe_overflow;
    if (raised & 0x12)
        return signal_code::fpe_underflow;
    if (raised & 0x20)
        return signal_code::fpe_inexact;
    return 0;
}

} // namespace linux
