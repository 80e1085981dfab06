// SPDX-License-Identifier: BSD-2-Clause
// The kernel's own mappings outside the map of all memory: device windows, stacks, component text,
// blocks that need not be contiguous. Each is surrounded by unmapped guard pages. Process context.
#pragma once

#include <span>

#include "base/address.h"
#include "base/result.h"
#include "base/units.h"
#include "core/memory/page.h"

namespace core {

enum class KernelProtection : u8 { read_only, read_write, read_execute };
enum class CacheMode : u8 { write_back, uncached, write_combining };

// A range of kernel addresses; unmapped (and its frames, if it owns them, freed) by the destructor.
class KernelMapping {
public:
    constexpr KernelMapping() = default;
    // Registers or memory of a device. Errors: nomem, inval (overlaps RAM).
    static Result<KernelMapping> map_device(PhysAddr address, Bytes size, CacheMode mode);
    // Fresh zeroed frames, contiguous in kernel addresses only. Errors: nomem.
    static Result<KernelMapping> allocate(Bytes size, KernelProtection protection);

    KernelMapping(KernelMapping&& other) noexcept
        : address_(std::exchange(other.address_, KernelVirt())),
          size_(std::exchange(other.size_, Bytes())), owns_frames_(other.owns_frames_) {}
    KernelMapping& operator=(KernelMapping&& other) noexcept {
        std::swap(address_, other.address_);
        std::swap(size_, other.size_);
        std::swap(owns_frames_, other.owns_frames_);
        return *this;
    }
    ~KernelMapping();

    KernelVirt address() const { return address_; }
    Bytes size() const { return size_; }
    template <typename T = u8>
    T* as() const {
        return address_.as<T>();
    }
    // Gives up ownership; adopt() takes it back by what allocate() gave.
    void forget() { address_ = KernelVirt(); }
    static KernelMapping adopt(KernelVirt address, Bytes size) {
        KernelMapping mapping;
        mapping.address_ = address;
        mapping.size_ = size;
        mapping.owns_frames_ = true;
        return mapping;
    }
    // Changes the rights of a part (offset and size in bytes, page aligned).
    Result<> protect(Bytes offset, Bytes size, KernelProtection protection);

private:
    KernelVirt address_;
    Bytes size_;
    bool owns_frames_ = false;
};

// First CPU, once, after the frame allocator.
void start_kernel_map();

// Whether start..start+size-1 lies in the map of all memory.
bool is_mapped_memory(PhysAddr start, u64 size);
// A physical range that is RAM, through the map of all memory.
u8* physical_view(PhysAddr address);
// The frames of a range of RAM are never used for anything else again, whoever lets go of them: a
// device that nobody could stop may write there for ever.
void retain_memory(PhysAddr start, u64 size);
// The physical address behind a kernel address (the image, the map of all memory or a mapping).
PhysAddr physical_of(KernelVirt address);
// The kernel's own text, writable through the map of all memory (patching at boot only).
u8* kernel_text_view(KernelVirt address);

} // namespace core
