// SPDX-License-Identifier: BSD-2-Clause
#include "core/component/component_image.h"

#include "core/component/entropy.h"
#include "core/observe/log.h"

namespace core {

Result<Ref<ComponentImage>> ComponentImage::load(std::string_view name,
                                                 std::span<const u8> bytes) {
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
        TRY(Ref<ComponentImage>::create(name, bytes, std::move(mapping)));
    image->text_size_ = plan->text_size();
    auto descriptor = plan->place({memory, plan->size()}, address, random_word());
    if (!descriptor) {
        LOG_ERROR("component {}: {}", name, ObjectPlan::reason());
        return Failure(descriptor.error());
    }
    TRY(image->mapping_.protect(Bytes(0), Bytes(plan->text_size()),
                                KernelProtection::read_execute));
    if (plan->data_size() != 0)
        TRY(image->mapping_.protect(Bytes(plan->text_size()), Bytes(plan->data_size()),
                                    KernelProtection::read_only));
    TRY(image->check_descriptor(*descriptor));
    return image;
}

Result<> ComponentImage::check_descriptor(u64 address) {
    const auto& d = *reinterpret_cast<const component::Descriptor*>(address);
    const bool sound = d.magic == component::descriptor_magic &&
                       d.size == sizeof(component::Descriptor) &&
                       d.env_abi == component::env_abi && d.name && d.arena_bytes != 0 &&
                       d.counter_count <= 16 && d.handlers.start && d.handlers.submit;
    if (!sound) {
        LOG_ERROR("component {}: made for another kernel", name_);
        return Failure(Errno::noexec);
    }
    descriptor_ = &d;
    return {};
}

} // namespace core
