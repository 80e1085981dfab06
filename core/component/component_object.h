// SPDX-License-Identifier: BSD-2-Clause
// A component's object, kept in memory byte for byte as long as the kernel knows the component:
// what every home loads, at any time, the root disk's driver included.
#pragma once

#include "core/component/component_image.h"
#include "core/component/placement.h"

namespace core {

class ComponentObject : public RefCounted<ComponentObject> {
public:
    static constexpr usize size_limit = 4 << 20;

    // One that lies in the kernel image, with the placement its image file gives it. Errors:
    // noexec, nomem.
    static Result<Ref<ComponentObject>> embedded(std::string_view name, std::span<const u8> bytes,
                                                 Placement placement);
    // A copy of one that comes at run time; it tells its own name. Errors: noexec, nomem, fbig.
    static Result<Ref<ComponentObject>> copy_of(std::span<const u8> bytes);

    std::string_view name() const { return {name_, name_length_}; }
    u32 number() const { return number_; } // never given again
    std::span<const u8> bytes() const { return bytes_; }
    bool is_embedded() const { return copy_.size().value == 0; }
    Placement placement() const { return placement_; }
    const component::Descriptor& descriptor() const { return resident_->descriptor(); }
    // Code and constants as they lie in the kernel.
    u64 memory_size() const { return resident_->memory_size(); }
    // Where the image of that descriptor lies: handlers have the same offset in every home.
    u64 resident_address() const { return resident_->address(); }

    // The object loaded for a placement in the kernel: for `builtin` the one relocated at boot, for
    // `module` a load of its own that instances share. Errors: opnotsupp (`builtin` of what is not
    // in the kernel image), nomem, noexec.
    Result<Ref<ComponentImage>> image_for(Placement placement);
    bool is_same(std::span<const u8> bytes) const;
    // The version an instance ran before this one, kept as long: who looks at it holds no lock.
    ComponentObject* former() const { return former_.get(); }
    void set_former(Ref<ComponentObject> former) { former_ = std::move(former); }
    // Unloads the module's image if nobody uses it.
    void trim();

    ListLink link; // the manager's

private:
    friend class Ref<ComponentObject>;
    ComponentObject(std::span<const u8> bytes, KernelMapping copy, Placement placement)
        : bytes_(bytes), copy_(std::move(copy)), placement_(placement) {}
    void set_name(std::string_view name) { name_length_ = name.copy(name_, sizeof name_); }

    static std::atomic<u32> next_number_;
    const u32 number_ = next_number_.fetch_add(1, std::memory_order_relaxed);
    char name_[32] = {};
    usize name_length_ = 0;
    const std::span<const u8> bytes_;
    const KernelMapping copy_; // of an object that came at run time
    const Placement placement_;
    RefOrNull<ComponentObject> former_;
    RefOrNull<ComponentImage> resident_; // for the descriptor, and for `builtin`
    Lock<lock_class::component_object> lock_;
    RefOrNull<ComponentImage> module_; // guarded by lock_
};

} // namespace core
