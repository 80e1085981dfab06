// SPDX-License-Identifier: BSD-2-Clause
// A path as text in kernel memory, NUL-terminated, with readable bytes behind it so that walks may
// look at eight at a time. Short ones lie inside the object, on the caller's stack.
#pragma once

#include "core/vm/user_memory.h"

namespace linux {

class PathName {
public:
    static constexpr usize maximum = 4096; // with the NUL (PATH_MAX)

    PathName() = default;
    PathName(PathName&& other) noexcept;
    PathName& operator=(PathName&&) = delete;
    ~PathName() {
        if (text_ != inline_text_)
            release();
    }

    // Copies it from the program. Errors: fault, nametoolong, nomem, and noent for an empty one.
    Result<> read(core::UserString source);
    // The same, but an empty one is fine (AT_EMPTY_PATH).
    Result<> read_even_empty(core::UserString source);
    // From kernel memory. Errors: nametoolong, nomem.
    Result<> set(std::string_view text);
    static Result<PathName> from_kernel(std::string_view text);

    const char* text() const { return text_; }
    usize size() const { return size_; }
    bool empty() const { return size_ == 0; }
    std::string_view view() const { return {text_, size_}; }

private:
    static constexpr usize inline_size = 128;
    static constexpr usize padding = 16;
    Result<> read_long(core::UserString source);
    Result<> allocate();
    void release();

    char* text_ = inline_text_;
    usize size_ = 0;
    char inline_text_[inline_size + padding];
};

} // namespace linux
