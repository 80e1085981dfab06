// SPDX-License-Identifier: BSD-2-Clause
// What the compiler calls where a debug build finds undefined behaviour
// (-fsanitize=undefined -fno-sanitize-recover). The first words of each call's data are the place
// in the source (compiler-rt, ubsan_handlers.h); the rest is said only where it helps.
#ifdef PITH_UBSAN

#include "base/format.h"
#include "core/observe/panic.h"

namespace {

struct Place {
    const char* file;
    u32 line;
    u32 column;
};

struct TypeMismatch {
    Place place;
    const void* type;
    u8 alignment_log2;
    u8 access;
};

[[noreturn]] void report(const Place& place, std::string_view what) {
    core::panic(base::Text<220>("UBSAN: {} at {}:{}:{}", what, std::string_view(place.file),
                                place.line, place.column)
                    .view());
}

} // namespace

#define PITH_UBSAN_HANDLER(name, what)                                                             \
    [[noreturn]] void __ubsan_handle_##name(const Place* place) { report(*place, what); }

extern "C" {

PITH_UBSAN_HANDLER(add_overflow_abort, "signed overflow in an addition")
PITH_UBSAN_HANDLER(sub_overflow_abort, "signed overflow in a subtraction")
PITH_UBSAN_HANDLER(mul_overflow_abort, "signed overflow in a multiplication")
PITH_UBSAN_HANDLER(negate_overflow_abort, "signed overflow in a negation")
PITH_UBSAN_HANDLER(divrem_overflow_abort, "division by zero or overflow in a division")
PITH_UBSAN_HANDLER(shift_out_of_bounds_abort, "shift out of range")
PITH_UBSAN_HANDLER(out_of_bounds_abort, "index out of an array's bounds")
PITH_UBSAN_HANDLER(builtin_unreachable, "unreachable code was reached")
PITH_UBSAN_HANDLER(missing_return, "end of a function without its return")
PITH_UBSAN_HANDLER(vla_bound_not_positive_abort, "array of no positive size")
PITH_UBSAN_HANDLER(float_cast_overflow_abort, "floating-point value out of range")
PITH_UBSAN_HANDLER(load_invalid_value_abort, "load of a value its type does not have")
PITH_UBSAN_HANDLER(pointer_overflow_abort, "pointer arithmetic that wraps")
PITH_UBSAN_HANDLER(alignment_assumption_abort, "assumed alignment that is not there")
PITH_UBSAN_HANDLER(nonnull_arg_abort, "null argument that must not be null")
PITH_UBSAN_HANDLER(invalid_builtin_abort, "undefined argument of a builtin")
PITH_UBSAN_HANDLER(nullability_arg_abort, "null argument that must not be null")

[[noreturn]] void __ubsan_handle_nonnull_return_v1_abort(const void*, const Place* place) {
    report(*place, "null returned where it must not be null");
}
[[noreturn]] void __ubsan_handle_type_mismatch_v1_abort(const TypeMismatch* data, u64 address) {
    const u64 alignment = u64{1} << data->alignment_log2;
    report(data->place, address == 0                       ? "use of a null pointer"
                        : (address & (alignment - 1)) != 0 ? "misaligned pointer"
                                                           : "object too small for its type");
}

} // extern "C"

#endif
