// SPDX-License-Identifier: BSD-2-Clause
#include "core/object/object.h"

namespace core {

void Object::operator delete(Object* object, std::destroying_delete_t) {
    const bool has_readers = object->has_readers_.load(std::memory_order_relaxed);
    Retired* const retired = &object->retired_;
    object->~Object();
    if (!has_readers) {
        ::operator delete(static_cast<void*>(object));
        return;
    }
    retire(*new (retired) Retired(), [](Retired& gone) {
        ::operator delete(reinterpret_cast<u8*>(&gone + 1) - sizeof(Object));
    });
}

} // namespace core
