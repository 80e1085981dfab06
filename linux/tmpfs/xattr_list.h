// SPDX-License-Identifier: BSD-2-Clause
// Extended attributes in memory: a short list. The owner's lock guards it.
#pragma once

#include <span>
#include <string_view>

#include "base/result.h"

namespace linux {

class XattrList {
public:
    XattrList() = default;
    XattrList(const XattrList&) = delete;
    XattrList& operator=(const XattrList&) = delete;
    ~XattrList();

    // As Inode's operations of these names.
    Result<usize> get(std::string_view name, std::span<u8> value) const;
    Result<> set(std::string_view name, std::span<const u8> value, u32 flags);
    Result<> remove(std::string_view name);
    // `even_trusted`: with the names only CAP_SYS_ADMIN may see.
    Result<usize> list(std::span<char> names, bool even_trusted) const;
    bool empty() const { return first_ == nullptr; }

private:
    struct Item {
        Item* next;
        u32 name_length;
        u32 value_length;
        char data[1]; // name, then value

        std::string_view name() const { return {data, name_length}; }
    };
    Item** find(std::string_view name);

    Item* first_ = nullptr;
};

} // namespace linux
