// SPDX-License-Identifier: BSD-2-Clause
// A component's object, loaded into the kernel: its code and constants in place. The pages of the
// code are executable while a home uses them, and plain constants otherwise.
#pragma once

#include <string_view>

#include "base/ref.h"
#include "base/sha256.h"
#include "core/component/object_loader.h"
#include "core/gate/containment.h"
#include "core/memory/kernel_map.h"
#include "core/sync/lock.h"

namespace core {

class ComponentImage : public RefCounted<ComponentImage> {
public:
    // Checks, relocates and protects. Name and bytes stay where they are. Errors: noexec (the log
    // says why), nomem.
    static Result<Ref<ComponentImage>> load(std::string_view name, std::span<const u8> bytes);
    ~ComponentImage();

    const component::Descriptor& descriptor() const { return *descriptor_; }
    // Its code may run from the first use to the last. Process context. Errors: nomem.
    Result<> begin_use();
    void end_use();

    std::span<const u8> text() const { return {mapping_.as<u8>(), static_cast<usize>(text_size_)}; }
    // Other bytes in the code, which is in use but not running. Errors: inval, nomem.
    Result<> overwrite(u64 offset, std::span<const u8> bytes);

    u64 address() const { return mapping_.address().value; }
    u64 text_size() const { return text_size_; }
    u64 memory_size() const { return mapping_.size().value; }
    // Of the bytes it was loaded from, and of the code as it lies there: position independent, so
    // the same in every placement.
    base::Sha256Digest object_hash() const { return base::sha256(bytes_); }
    base::Sha256Digest text_hash() const {
        return base::sha256(text());
    }

private:
    friend class Ref<ComponentImage>;
    ComponentImage(std::string_view name, std::span<const u8> bytes, KernelMapping mapping,
                   u64 text_size);
    Result<> check_descriptor(u64 address, std::string_view name);

    const std::span<const u8> bytes_;
    KernelMapping mapping_;
    const u64 text_size_;
    const component::Descriptor* descriptor_ = nullptr;
    Lock<lock_class::component_code> lock_;
    u32 users_ = 0; // guarded by lock_
    ContainedCode contained_;
};

} // namespace core
