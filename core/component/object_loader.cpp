// SPDX-License-Identifier: BSD-2-Clause
#include "core/component/object_loader.h"

#include <utility>

#include "base/allocate.h"
#include "base/bits.h"
#include "base/memory_functions.h"
#include "base/units.h"

namespace core {
namespace {

constinit const char* g_reason = "";

Failure refuse(const char* reason) {
    g_reason = reason;
    return Failure(Errno::noexec);
}

constexpr u64 size_limit = u64{16} << 20;

} // namespace

const char* ObjectPlan::reason() { return g_reason; }

ObjectPlan::ObjectPlan(ObjectPlan&& other) noexcept
    : bytes_(other.bytes_), offsets_(std::exchange(other.offsets_, nullptr)),
      symbol_table_(other.symbol_table_), descriptor_(other.descriptor_),
      text_size_(other.text_size_), data_size_(other.data_size_) {}

ObjectPlan::~ObjectPlan() { delete[] offsets_; }

Result<ObjectPlan> ObjectPlan::create(std::span<const u8> bytes) {
    ObjectPlan plan;
    plan.bytes_ = bytes;
    TRY(plan.check_header());
    plan.offsets_ = new (base::fallible) u32[plan.sections().size()];
    if (!plan.offsets_)
        return Failure(Errno::nomem);
    TRY(plan.lay_out());
    TRY(plan.check_symbols());
    return plan;
}

std::span<const elf::Section> ObjectPlan::sections() const {
    const auto& header = *reinterpret_cast<const elf::Header*>(bytes_.data());
    return {reinterpret_cast<const elf::Section*>(bytes_.data() + header.section_offset),
            header.section_count};
}

std::span<const elf::Symbol> ObjectPlan::symbols() const {
    const elf::Section& table = sections()[symbol_table_];
    return {reinterpret_cast<const elf::Symbol*>(bytes_.data() + table.offset),
            table.size / sizeof(elf::Symbol)};
}

Result<> ObjectPlan::check_header() {
    if (bytes_.size() < sizeof(elf::Header) || bytes_.size() > size_limit ||
        reinterpret_cast<u64>(bytes_.data()) % 8 != 0)
        return refuse("not an object");
    const auto& header = *reinterpret_cast<const elf::Header*>(bytes_.data());
    constexpr u8 expected[7] = {0x7f, 'E', 'L', 'F', 2, 1, 1};
    if (memcmp(header.ident, expected, sizeof expected) != 0 ||
        header.type != elf::type_relocatable || header.machine != elf::machine_x86_64)
        return refuse("not a relocatable object for this machine");
    if (header.section_entry_size != sizeof(elf::Section) || header.section_offset % 8 != 0 ||
        header.section_count < 2 ||
        !in_file(header.section_offset, u64{header.section_count} * sizeof(elf::Section)))
        return refuse("damaged section table");
    for (usize i = 0; i < sections().size(); ++i) {
        const elf::Section& section = sections()[i];
        if (section.type == elf::section_zeroed)
            continue;
        if (!in_file(section.offset, section.size))
            return refuse("a section leaves the file");
        const bool table =
            section.type == elf::section_symbols || section.type == elf::section_relocations;
        if (table && (section.offset % 8 != 0 || section.link >= sections().size() ||
                      section.size % 24 != 0))
            return refuse("a damaged table");
        if (section.type == elf::section_symbols)
            symbol_table_ = static_cast<u32>(i);
    }
    if (symbol_table_ == 0)
        return refuse("no symbols");
    return {};
}

// Code first, then everything that is only read. Writable data exists only as constants that hold
// addresses (.data.rel.ro), which are read-only once relocated.
Result<> ObjectPlan::lay_out() {
    const elf::Section& names = sections()[sections()[symbol_table_].link];
    const auto& header = *reinterpret_cast<const elf::Header*>(bytes_.data());
    if (header.name_section >= sections().size())
        return refuse("no section names");
    const elf::Section& section_names = sections()[header.name_section];
    if (names.size == 0 || bytes_[names.offset + names.size - 1] != 0 || section_names.size == 0 ||
        bytes_[section_names.offset + section_names.size - 1] != 0)
        return refuse("unterminated names");
    u64 at = 0;
    for (bool code : {true, false}) {
        for (usize i = 0; i < sections().size(); ++i) {
            const elf::Section& section = sections()[i];
            const bool executes = (section.flags & elf::flag_execute) != 0;
            if (!(section.flags & elf::flag_allocate) || section.size == 0) {
                offsets_[i] = not_loaded;
                continue;
            }
            if (executes != code)
                continue;
            if (section.name >= section_names.size)
                return refuse("a section without a name");
            const std::string_view name(reinterpret_cast<const char*>(bytes_.data()) +
                                        section_names.offset + section.name);
            if (section.flags & elf::flag_tls)
                return refuse("thread-local data");
            if (section.type == elf::section_zeroed)
                return refuse("writable data (.bss)");
            if ((section.flags & elf::flag_write) && !name.starts_with(".data.rel.ro"))
                return refuse("writable data");
            if (section.alignment > page_size ||
                (section.alignment & (section.alignment - 1)) != 0)
                return refuse("alignment beyond a page");
            at = base::align_up<u64>(at, section.alignment ? section.alignment : 1);
            offsets_[i] = static_cast<u32>(at);
            at += section.size;
            if (at > size_limit)
                return refuse("too large");
        }
        at = base::align_up<u64>(at, page_size);
        (code ? text_size_ : data_size_) = code ? at : at - text_size_;
    }
    return {};
}

const char* ObjectPlan::symbol_name(const elf::Symbol& symbol) const {
    const elf::Section& names = sections()[sections()[symbol_table_].link];
    if (symbol.name >= names.size)
        return "";
    return reinterpret_cast<const char*>(bytes_.data()) + names.offset + symbol.name;
}

// Without the name's length, which takes longer to find than that it is another name.
bool ObjectPlan::is_named(const elf::Symbol& symbol, std::string_view name) const {
    const char* own = symbol_name(symbol);
    for (char wanted : name) {
        if (*own++ != wanted)
            return false; // at its end at the latest
    }
    return *own == 0;
}

const elf::Symbol* ObjectPlan::find_symbol(std::string_view name) const {
    for (const elf::Symbol& symbol : symbols()) {
        if (symbol.section != elf::index_undefined && is_named(symbol, name))
            return &symbol;
    }
    return nullptr;
}

Result<> ObjectPlan::check_symbols() {
    for (const elf::Symbol& symbol : symbols().subspan(symbols().empty() ? 0 : 1)) {
        if (symbol.section == elf::index_undefined && *symbol_name(symbol) != 0)
            return refuse("an undefined symbol");
        if (symbol.section == elf::index_common)
            return refuse("writable data (common)");
    }
    descriptor_ = find_symbol("pith_component");
    if (!descriptor_ || descriptor_->section >= sections().size() ||
        offsets_[descriptor_->section] == not_loaded ||
        descriptor_->value + sizeof(component::Descriptor) > sections()[descriptor_->section].size)
        return refuse("no descriptor");
    return {};
}

Result<u64> ObjectPlan::symbol_address(const elf::Symbol& symbol, u64 address) const {
    if (symbol.section == elf::index_absolute)
        return symbol.value;
    if (symbol.section >= sections().size() || offsets_[symbol.section] == not_loaded ||
        symbol.value > sections()[symbol.section].size)
        return refuse("a relocation to what is not loaded");
    return address + offsets_[symbol.section] + symbol.value;
}

Result<> ObjectPlan::apply(const elf::Relocation& relocation, std::span<u8> target, u64 place,
                           u64 value) const {
    const auto store = [&](const void* word, usize size) -> Result<> {
        if (relocation.offset > target.size() || size > target.size() - relocation.offset)
            return refuse("a relocation outside its section");
        memcpy(target.data() + relocation.offset, word, size);
        return {};
    };
    const u64 relative = value - place;
    switch (relocation.type()) {
    case elf::relocation_64: return store(&value, 8);
    case elf::relocation_pc64: return store(&relative, 8);
    case elf::relocation_pc32:
    case elf::relocation_plt32: {
        const i32 word = static_cast<i32>(relative);
        if (static_cast<u64>(static_cast<i64>(word)) != relative)
            return refuse("a relocation out of range");
        return store(&word, 4);
    }
    default: return refuse("a kind of relocation that is not position independent");
    }
}

Result<> ObjectPlan::relocate(const elf::Section& table, std::span<u8> memory, u64 address) const {
    if (table.info >= sections().size() || offsets_[table.info] == not_loaded)
        return {}; // of debugging data
    const u64 base = offsets_[table.info];
    const std::span<u8> target = memory.subspan(base, sections()[table.info].size);
    const std::span<const elf::Relocation> entries(
        reinterpret_cast<const elf::Relocation*>(bytes_.data() + table.offset),
        table.size / sizeof(elf::Relocation));
    for (const elf::Relocation& relocation : entries) {
        if (relocation.type() == 0)
            continue;
        if (relocation.symbol() >= symbols().size())
            return refuse("a relocation without a symbol");
        const u64 value = TRY(symbol_address(symbols()[relocation.symbol()], address)) +
                          static_cast<u64>(relocation.addend);
        TRY(apply(relocation, target, address + base + relocation.offset, value));
    }
    return {};
}

Result<u64> ObjectPlan::place(std::span<u8> memory, u64 address, u64 stack_guard) const {
    VERIFY(memory.size() == size());
    // What lies between the code sections traps.
    memset(memory.data(), 0xcc, text_size_);
    memset(memory.data() + text_size_, 0, data_size_);
    for (usize i = 0; i < sections().size(); ++i) {
        const elf::Section& section = sections()[i];
        if (offsets_[i] != not_loaded)
            memcpy(memory.data() + offsets_[i], bytes_.data() + section.offset, section.size);
    }
    for (const elf::Section& section : sections()) {
        if (section.type == elf::section_relocations)
            TRY(relocate(section, memory, address));
    }
    if (const elf::Symbol* guard = find_symbol("__stack_chk_guard")) {
        const u64 at = TRY(symbol_address(*guard, 0));
        if (at < text_size_ || at > size() - sizeof stack_guard)
            return refuse("the stack guard lies in the code");
        memcpy(memory.data() + at, &stack_guard, sizeof stack_guard);
    }
    return symbol_address(*descriptor_, address);
}

} // namespace core
