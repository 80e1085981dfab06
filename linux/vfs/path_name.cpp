// SPDX-License-Identifier: BSD-2-Clause
#include "linux/vfs/path_name.h"

#include "base/allocate.h"

namespace linux {

PathName::PathName(PathName&& other) noexcept : size_(other.size_) {
    if (other.text_ != other.inline_text_)
        text_ = std::exchange(other.text_, other.inline_text_);
    else
        __builtin_memcpy(inline_text_, other.inline_text_, size_ + 1);
}

Result<PathName> PathName::from_kernel(std::string_view text) {
    PathName name;
    TRY(name.set(text));
    return name;
}

Result<> PathName::allocate() {
    void* memory = ::operator new(maximum + padding, base::fallible);
    if (!memory)
        return Failure(Errno::nomem);
    text_ = static_cast<char*>(memory);
    return {};
}

void PathName::release() { ::operator delete(static_cast<void*>(text_)); }

Result<> PathName::read_even_empty(core::UserString source) {
    const Result<std::string_view> text = source.read({inline_text_, inline_size});
    if (text) [[likely]] {
        size_ = text->size();
        return {};
    }
    if (text.error() != Errno::nametoolong)
        return Failure(text.error());
    return read_long(source);
}

Result<> PathName::read_long(core::UserString source) {
    TRY(allocate());
    size_ = TRY(source.read({text_, maximum})).size();
    return {};
}

Result<> PathName::read(core::UserString source) {
    TRY(read_even_empty(source));
    return size_ == 0 ? Result<>(Failure(Errno::noent)) : Result<>();
}

Result<> PathName::set(std::string_view text) {
    if (text.size() >= maximum)
        return Failure(Errno::nametoolong);
    if (text.size() >= inline_size)
        TRY(allocate());
    __builtin_memcpy(text_, text.data(), text.size());
    text_[text.size()] = '\0';
    size_ = text.size();
    return {};
}

} // namespace linux
