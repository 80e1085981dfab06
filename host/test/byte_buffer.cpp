// SPDX-License-Identifier: BSD-2-Clause
// linux::ByteBuffer's memory in a test: what was not reserved is poisoned, so that the address
// sanitizer notices the first byte too many.
#include <sanitizer/asan_interface.h>

#include <cstdlib>

#include "linux/initramfs/byte_source.h"

namespace linux {

ByteBuffer::~ByteBuffer() {
    ASAN_UNPOISON_MEMORY_REGION(data_, capacity_);
    std::free(data_);
}

Result<> ByteBuffer::reserve(usize more) {
    constexpr usize limit = usize{1} << 28;
    if (more > limit || size_ > limit - more)
        return Failure(Errno::fbig);
    if (more > capacity_ - size_) {
        const usize wanted = 2 * (size_ + more);
        ASAN_UNPOISON_MEMORY_REGION(data_, capacity_);
        void* grown = std::realloc(data_, wanted);
        if (!grown)
            return Failure(Errno::nomem);
        data_ = static_cast<u8*>(grown);
        capacity_ = wanted;
        ASAN_POISON_MEMORY_REGION(data_ + size_, capacity_ - size_);
    }
    ASAN_UNPOISON_MEMORY_REGION(data_ + size_, more);
    return {};
}

} // namespace linux
