// SPDX-License-Identifier: BSD-2-Clause
// A component's object, loaded into the kernel: its bytes as they came, its code and constants in
// place.
#pragma once

#include <string_view>

#include "base/ref.h"
#include "base/sha256.h"
#include "core/component/object_loader.h"
#include "core/memory/kernel_map.h"

namespace core {

class ComponentImage : public RefCounted<ComponentImage> {
public:
    // Checks, relocates and protects. `bytes` stay where they are (the kernel image, a kept
    // module). Errors: noexec, nomem.
    static Result<Ref<ComponentImage>> load(std::string_view name, std::span<const u8> bytes);

    std::string_view name() const { return name_; }
    const component::Descriptor& descriptor() const { return *descriptor_; }
    bool is_code(u64 address) const {
        return address - mapping_.address().value < text_size_;
    }
    // Of the object's bytes; the same in every placement.
    base::Sha256Digest hash() const { return base::sha256(bytes_); }
    u64 memory_size() const { return mapping_.size().value; }

    ListLink link; // the manager's

private:
    friend class Ref<ComponentImage>;
    ComponentImage(std::string_view name, std::span<const u8> bytes, KernelMapping mapping)
        : name_(name), bytes_(bytes), mapping_(std::move(mapping)) {}
    Result<> check_descriptor(u64 address);

    const std::string_view name_; // in the kernel image
    const std::span<const u8> bytes_;
    KernelMapping mapping_;
    u64 text_size_ = 0;
    const component::Descriptor* descriptor_ = nullptr;
};

} // namespace core
