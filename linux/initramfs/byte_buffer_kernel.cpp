// SPDX-License-Identifier: BSD-2-Clause
// The buffer's memory in the kernel: mappings of frames, which need not be contiguous.
#include "core/memory/kernel_map.h"
#include "linux/initramfs/byte_source.h"

namespace linux {

ByteBuffer::~ByteBuffer() {
    if (data_)
        core::KernelMapping::adopt(KernelVirt(data_), Bytes(capacity_));
}

Result<> ByteBuffer::reserve(usize more) {
    constexpr usize limit = usize{1} << 30, first = 1 << 20;
    if (more <= capacity_ - size_)
        return {};
    if (more > limit || size_ > limit - more)
        return Failure(Errno::fbig);
    usize wanted = capacity_ ? capacity_ : first;
    while (wanted < size_ + more)
        wanted *= 2;
    auto mapping =
        TRY(core::KernelMapping::allocate(Bytes(wanted), core::KernelProtection::read_write));
    u8* grown = mapping.as<u8>();
    mapping.forget();
    if (data_) {
        memcpy(grown, data_, size_);
        core::KernelMapping::adopt(KernelVirt(data_), Bytes(capacity_));
    }
    data_ = grown;
    capacity_ = wanted;
    return {};
}

} // namespace linux
