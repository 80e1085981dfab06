// SPDX-License-Identifier: BSD-2-Clause
#include "core/component/component_object.h"

#include "base/memory_functions.h"
#include "core/observe/log.h"

namespace core {

std::atomic<u32> ComponentObject::next_number_{1};

Result<Ref<ComponentObject>>
ComponentObject::embedded(std::string_view name, std::span<const u8> bytes, Placement placement) {
    Ref<ComponentObject> object =
        TRY(Ref<ComponentObject>::create(bytes, KernelMapping(), placement));
    object->set_name(name);
    object->resident_ = TRY(ComponentImage::load(object->name(), bytes));
    return object;
}

Result<Ref<ComponentObject>> ComponentObject::copy_of(std::span<const u8> bytes) {
    if (bytes.empty())
        return Failure(Errno::noexec);
    if (bytes.size() > size_limit)
        return Failure(Errno::fbig);
    const Bytes whole = base::bytes_of(base::pages_covering(Bytes(bytes.size())));
    KernelMapping copy = TRY(KernelMapping::allocate(whole, KernelProtection::read_write));
    memcpy(copy.as<u8>(), bytes.data(), bytes.size());
    const std::span<const u8> kept(copy.as<u8>(), bytes.size());
    TRY(copy.protect(Bytes(0), whole, KernelProtection::read_only));
    Ref<ComponentObject> object =
        TRY(Ref<ComponentObject>::create(kept, std::move(copy), Placement::module));
    object->set_name("(new component)");
    object->resident_ = TRY(ComponentImage::load(object->name(), kept));
    const std::string_view name = object->descriptor().name;
    if (name.empty() || name.size() > sizeof object->name_ - 4) // room for an instance's number
        return Failure(Errno::noexec);
    object->set_name(name);
    return object;
}

Result<Ref<ComponentImage>> ComponentObject::image_for(Placement placement) {
    if (placement == Placement::builtin)
        return is_embedded() ? Result<Ref<ComponentImage>>(resident_.to_ref())
                             : Failure(Errno::opnotsupp);
    VERIFY(placement == Placement::module);
    if (!is_embedded())
        return resident_.to_ref();
    LockGuard guard(lock_);
    if (!module_)
        module_ = TRY(ComponentImage::load(name(), bytes_));
    return module_.to_ref();
}

bool ComponentObject::is_same(std::span<const u8> bytes) const {
    return bytes.size() == bytes_.size() && memcmp(bytes.data(), bytes_.data(), bytes.size()) == 0;
}

void ComponentObject::trim() {
    RefOrNull<ComponentImage> unused;
    LockGuard guard(lock_);
    // New references are made under the lock alone.
    if (module_ && module_->reference_count() == 1)
        unused = std::move(module_);
}

} // namespace core
