// SPDX-License-Identifier: BSD-2-Clause
#include "linux/file/user_vector.h"

#include "base/allocate.h"

namespace linux {

UserVector::~UserVector() {
    if (parts_ != inline_parts_)
        ::operator delete(static_cast<void*>(parts_));
}

Result<> UserVector::read(core::UserIn<IoVector> source, u64 count) {
    constexpr u64 maximum = 1024; // UIO_MAXIOV
    if (count > maximum)
        return Failure(Errno::inval);
    if (count > inline_parts) {
        void* memory = ::operator new(count * sizeof(IoVector), base::fallible);
        if (!memory)
            return Failure(Errno::nomem);
        parts_ = static_cast<IoVector*>(memory);
    }
    TRY(source.read_array({parts_, count}));
    count_ = count;
    usize left = transfer_maximum;
    for (u64 i = 0; i < count; ++i) {
        IoVector& part = parts_[i];
        if (static_cast<i64>(part.length) < 0)
            return Failure(Errno::inval);
        if (part.length > core::user_end || part.base > core::user_end - part.length)
            return Failure(Errno::fault);
        if (part.length > left)
            part.length = left;
        left -= part.length;
    }
    return {};
}

} // namespace linux
