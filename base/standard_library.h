// SPDX-License-Identifier: BSD-2-Clause
//
// The standard headers that much of the kernel uses. Nobody includes this file: the build parses it
// once for each set of flags and hands the result to the compiler, which halves a build's time. A
// source names what it uses all the same; g++ builds without this and finds what is missing.

#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <iterator>
#include <limits>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
