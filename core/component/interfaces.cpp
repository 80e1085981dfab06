// SPDX-License-Identifier: BSD-2-Clause
// The interfaces the core has a side for.
#include "core/component/service_sink.h"

namespace core {
namespace {

constexpr usize capacity = 16;
// Filled at start, before the first instance; read-only afterwards.
constinit InterfaceBinding g_bindings[capacity];
constinit usize g_count = 0;

} // namespace

Result<> register_interface(const InterfaceBinding& binding) {
    if (g_count == capacity)
        return Failure(Errno::nospc);
    g_bindings[g_count++] = binding;
    return {};
}

const InterfaceBinding* find_interface(component::InterfaceId interface) {
    for (usize i = 0; i < g_count; ++i) {
        if (g_bindings[i].interface == interface)
            return &g_bindings[i];
    }
    return nullptr;
}

} // namespace core
