// SPDX-License-Identifier: BSD-2-Clause
// The files of /sys/pith, read: names of instances and objects, and the facts about each.
#pragma once

#include "user/pithctl/pithctl.h"

namespace pithctl {

inline constexpr std::string_view instances = "/sys/pith/components", objects = "/sys/pith/objects";

using Name = base::Text<48>;

// One file's text, without the newline at its end.
class Fact {
public:
    // Errors: as open(2) and read(2); an instance that ended meanwhile is noent or nodev.
    static Result<Fact> read(std::string_view folder, std::string_view name, std::string_view file);
    std::string_view text() const { return {text_, length_}; }
    // The number in the line "name number"; 0 if there is none.
    u64 number(std::string_view name) const;
    // The word behind `name` on its line; empty if there is none.
    std::string_view word(std::string_view name) const;

private:
    char text_[1000];
    usize length_ = 0;
};
// Errors: as open(2) and write(2).
Result<> write_fact(std::string_view name, std::string_view file, std::string_view text);

// Names in a folder, in its order. Errors: as open(2) and getdents64(2); noent: this kernel has no
// components.
class Names {
public:
    static constexpr usize capacity = 128;
    Result<> read(std::string_view folder);
    usize count() const { return count_; }
    std::string_view operator[](usize index) const { return names_[index].view(); }

private:
    struct Stored {
        char bytes[40];
        u8 length;
        std::string_view view() const { return {bytes, length}; }
    };
    Stored names_[capacity];
    usize count_ = 0;
};

} // namespace pithctl
