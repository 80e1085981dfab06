// SPDX-License-Identifier: BSD-2-Clause
// The loader of component objects: checks one, lays it out, relocates it. The same code serves
// every home; where the memory comes from and how it is protected is the caller's business.
//
//     auto plan = TRY(ObjectPlan::create(bytes));          // rejects what a component may not hold
//     ... memory of plan.text_size() and, right behind, plan.data_size() ...
//     auto* descriptor = TRY(plan.place(memory, address, guard)); // then text to RX, the rest to
//     RO
#pragma once

#include <span>

#include "abi/component/component.h"
#include "base/result.h"
#include "core/component/object_format.h"

namespace core {

class ObjectPlan {
public:
    // Errors: noexec (not an object, or it holds what the rules forbid; `reason()` of the last
    // failure says what), nomem. `bytes` must outlive the plan and be aligned to 8.
    static Result<ObjectPlan> create(std::span<const u8> bytes);
    ObjectPlan(ObjectPlan&& other) noexcept;
    ObjectPlan& operator=(ObjectPlan&&) = delete;
    ~ObjectPlan();

    // Whole pages: code, then constants.
    u64 text_size() const { return text_size_; }
    u64 data_size() const { return data_size_; }
    u64 size() const { return text_size_ + data_size_; }

    // Copies and relocates into `memory` (of size()) for use at `address`. Answers where the
    // descriptor will be. Errors: noexec (a relocation out of range, no descriptor).
    Result<u64> place(std::span<u8> memory, u64 address, u64 stack_guard) const;

    static const char* reason();

private:
    ObjectPlan() = default;
    Result<> check_header();
    Result<> lay_out();
    Result<> check_symbols();
    Result<> relocate(const elf::Section& table, std::span<u8> memory, u64 address) const;
    Result<> apply(const elf::Relocation& relocation, std::span<u8> target, u64 place,
                   u64 value) const;
    Result<u64> symbol_address(const elf::Symbol& symbol, u64 address) const;
    std::span<const elf::Section> sections() const;
    std::span<const elf::Symbol> symbols() const;
    const char* symbol_name(const elf::Symbol& symbol) const;
    bool is_named(const elf::Symbol& symbol, std::string_view name) const; // not an empty one
    const elf::Symbol* find_symbol(std::string_view name) const;
    bool in_file(u64 offset, u64 size) const {
        return offset <= bytes_.size() && size <= bytes_.size() - offset;
    }

    static constexpr u32 not_loaded = ~u32{0};

    std::span<const u8> bytes_;
    u32* offsets_ = nullptr; // by section: where it lies in memory, or not_loaded
    u32 symbol_table_ = 0;
    const elf::Symbol* descriptor_ = nullptr; // its symbol, in the bytes
    u64 text_size_ = 0;
    u64 data_size_ = 0;
};

} // namespace core
