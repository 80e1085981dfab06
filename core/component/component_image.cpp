// SPDX-License-Identifier: BSD-2-Clause
#include "core/component/component_image.h"

#include "base/memory_functions.h"
#include "core/component/entropy.h"
#include "core/observe/log.h"

namespace core {

ComponentImage::ComponentImage(std::string_view name, std::span<const u8> bytes,
                               KernelMapping mapping, u64 text_size)
    : bytes_(bytes), mapping_(std::move(mapping)), text_size_(text_size) {
    contained_.name = name;
    contained_.start = address();
    contained_.text_size = text_size_;
    contained_.size = memory_size();
}

ComponentImage::~ComponentImage() { VERIFY(users_ == 0); }

Result<Ref<ComponentImage>> ComponentImage::load(std::string_view name, std::span<const u8> bytes) {
    auto plan = ObjectPlan::create(bytes);
    if (!plan) {
        LOG_ERROR("component {}: {}", name, ObjectPlan::reason());
        return Failure(plan.error());
    }
    KernelMapping mapping =
        TRY(KernelMapping::allocate(Bytes(plan->size()), KernelProtection::read_write));
    u8* memory = mapping.as<u8>();
    const u64 address = mapping.address().value;
    Ref<ComponentImage> image =
        TRY(Ref<ComponentImage>::create(name, bytes, std::move(mapping), plan->text_size()));
    auto descriptor = plan->place({memory, plan->size()}, address, random_word());
    if (!descriptor) {
        LOG_ERROR("component {}: {}", name, ObjectPlan::reason());
        return Failure(descriptor.error());
    }
    TRY(image->mapping_.protect(Bytes(0), Bytes(plan->size()), KernelProtection::read_only));
    TRY(image->check_descriptor(*descriptor, name));
    return image;
}

Result<> ComponentImage::check_descriptor(u64 address, std::string_view name) {
    const auto& d = *reinterpret_cast<const component::Descriptor*>(address);
    const bool sound = d.magic == component::descriptor_magic &&
                       d.size == sizeof(component::Descriptor) && d.env_abi == component::env_abi &&
                       d.name && d.arena_bytes != 0 && d.counter_count <= 16 && d.handlers.start &&
                       d.handlers.submit;
    if (!sound) {
        LOG_ERROR("component {}: made for another kernel", name);
        return Failure(Errno::noexec);
    }
    descriptor_ = &d;
    return {};
}

Result<> ComponentImage::begin_use() {
    LockGuard guard(lock_);
    if (users_ == 0) {
        TRY(mapping_.protect(Bytes(0), Bytes(text_size_), KernelProtection::read_execute));
        add_contained_code(contained_);
    }
    ++users_;
    return {};
}

void ComponentImage::end_use() {
    LockGuard guard(lock_);
    VERIFY(users_ != 0);
    if (--users_ != 0)
        return;
    remove_contained_code(contained_);
    MUST(mapping_.protect(Bytes(0), Bytes(text_size_), KernelProtection::read_only),
         "the pages are mapped");
}

Result<> ComponentImage::overwrite(u64 offset, std::span<const u8> bytes) {
    LockGuard guard(lock_);
    if (users_ != 1 || offset > text_size_ || bytes.size() > text_size_ - offset)
        return Failure(Errno::inval);
    TRY(mapping_.protect(Bytes(0), Bytes(text_size_), KernelProtection::read_write));
    memcpy(mapping_.as<u8>() + offset, bytes.data(), bytes.size());
    return mapping_.protect(Bytes(0), Bytes(text_size_), KernelProtection::read_execute);
}

} // namespace core
