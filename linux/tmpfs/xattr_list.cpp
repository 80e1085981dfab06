// SPDX-License-Identifier: BSD-2-Clause
#include "linux/tmpfs/xattr_list.h"

#include "abi/linux/file.h"
#include "base/allocate.h"

namespace linux {

XattrList::~XattrList() {
    while (Item* item = first_) {
        first_ = item->next;
        ::operator delete(static_cast<void*>(item));
    }
}

XattrList::Item** XattrList::find(std::string_view name) {
    Item** place = &first_;
    while (*place && (*place)->name() != name)
        place = &(*place)->next;
    return place;
}

Result<usize> XattrList::get(std::string_view name, std::span<u8> value) const {
    const Item* item = *const_cast<XattrList*>(this)->find(name);
    if (!item)
        return Failure(Errno::nodata);
    if (value.empty())
        return usize{item->value_length};
    if (value.size() < item->value_length)
        return Failure(Errno::range);
    __builtin_memcpy(value.data(), item->data + item->name_length, item->value_length);
    return usize{item->value_length};
}

Result<> XattrList::set(std::string_view name, std::span<const u8> value, u32 flags) {
    Item** place = find(name);
    if (*place && (flags & xattr_flag::create))
        return Failure(Errno::exist);
    if (!*place && (flags & xattr_flag::replace))
        return Failure(Errno::nodata);
    void* memory = ::operator new(sizeof(Item) + name.size() + value.size(), base::fallible);
    if (!memory)
        return Failure(Errno::nomem);
    auto* item = new (memory) Item;
    item->name_length = static_cast<u32>(name.size());
    item->value_length = static_cast<u32>(value.size());
    __builtin_memcpy(item->data, name.data(), name.size());
    if (!value.empty())
        __builtin_memcpy(item->data + name.size(), value.data(), value.size());
    Item* old = *place;
    item->next = old ? old->next : nullptr;
    *place = item;
    if (old)
        ::operator delete(static_cast<void*>(old));
    return {};
}

Result<> XattrList::remove(std::string_view name) {
    Item** place = find(name);
    Item* item = *place;
    if (!item)
        return Failure(Errno::nodata);
    *place = item->next;
    ::operator delete(static_cast<void*>(item));
    return {};
}

Result<usize> XattrList::list(std::span<char> names, bool even_trusted) const {
    usize length = 0;
    for (const Item* item = first_; item; item = item->next) {
        if (!even_trusted && item->name().starts_with("trusted."))
            continue;
        const usize needed = item->name_length + 1;
        if (!names.empty()) {
            if (names.size() - length < needed)
                return Failure(Errno::range);
            __builtin_memcpy(names.data() + length, item->data, item->name_length);
            names[length + item->name_length] = '\0';
        }
        length += needed;
    }
    return length;
}

} // namespace linux
