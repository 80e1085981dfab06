// SPDX-License-Identifier: BSD-2-Clause
// A small formatter: format(sink, "cpu {} at {:#x}", n, address). Fields: {} {:x} {:#x} {:016x}
// {:04X} {:d} {:5} {:<8} {:c}. Never allocates, never fails: a field without argument prints as
// "{?}". Any context.
#pragma once

#include <concepts>
#include <span>
#include <string_view>
#include <type_traits>

#include "base/address.h"
#include "base/errno.h"
#include "base/types.h"
#include "base/units.h"

namespace base {

// Where characters go.
class FormatSink {
public:
    virtual void write(std::string_view text) = 0;

protected:
    ~FormatSink() = default;
};

struct FormatArgument {
    enum class Kind : u8 { signed_integer, unsigned_integer, character, boolean, text, pointer };
    Kind kind;
    u64 bits;
    usize length = 0;

    template <typename T>
    static constexpr FormatArgument of(const T& value) {
        if constexpr (std::same_as<T, bool>)
            return {Kind::boolean, value};
        else if constexpr (std::same_as<T, char>)
            return {Kind::character, static_cast<u8>(value)};
        else if constexpr (std::same_as<T, Errno>)
            return text(errno_name(value));
        else if constexpr (std::signed_integral<T>)
            return {Kind::signed_integer, static_cast<u64>(static_cast<i64>(value))};
        else if constexpr (std::unsigned_integral<T>)
            return {Kind::unsigned_integer, value};
        else if constexpr (std::is_enum_v<T>)
            return of(static_cast<std::underlying_type_t<T>>(value));
        else if constexpr (std::convertible_to<T, std::string_view>)
            return text(std::string_view(value));
        else if constexpr (std::is_pointer_v<T>)
            return {Kind::pointer, reinterpret_cast<u64>(value)};
        else
            return {Kind::unsigned_integer, value.value}; // Address<> and Quantity<>
    }

private:
    static FormatArgument text(std::string_view value) {
        return {Kind::text, reinterpret_cast<u64>(value.data()), value.size()};
    }
};

void format_arguments(FormatSink& sink, std::string_view pattern,
                      std::span<const FormatArgument> arguments);

template <typename... Arguments>
void format(FormatSink& sink, std::string_view pattern, const Arguments&... arguments) {
    const FormatArgument list[sizeof...(Arguments) + 1] = {FormatArgument::of(arguments)...,
                                                           FormatArgument::of(0)};
    format_arguments(sink, pattern, {list, sizeof...(Arguments)});
}

// Writes into a caller's buffer and drops what does not fit; remembers how long it would have been.
class BufferSink final : public FormatSink {
public:
    explicit BufferSink(std::span<char> buffer) : buffer_(buffer) {}

    void write(std::string_view text) override {
        for (char c : text) {
            if (wanted_ < buffer_.size())
                buffer_[wanted_] = c;
            ++wanted_;
        }
    }
    std::string_view text() const {
        return {buffer_.data(), wanted_ < buffer_.size() ? wanted_ : buffer_.size()};
    }
    // The length the text would have had in a buffer large enough.
    usize wanted() const { return wanted_; }
    bool truncated() const { return wanted_ > buffer_.size(); }

private:
    std::span<char> buffer_;
    usize wanted_ = 0;
};

// The text of a pattern in a buffer of its own: Text<64>("virtio{}", n).view().
template <usize Capacity>
class Text {
public:
    template <typename... Arguments>
    explicit Text(std::string_view pattern, const Arguments&... arguments) {
        BufferSink sink({buffer_, Capacity});
        format(sink, pattern, arguments...);
        length_ = sink.text().size();
    }
    std::string_view view() const { return {buffer_, length_}; }

private:
    char buffer_[Capacity];
    usize length_;
};

} // namespace base
