// SPDX-License-Identifier: BSD-2-Clause
// /proc/modules and /sys/module, as kmod's programs read them. An object that came at run time is a
// module that is loaded; one of the kernel image is a module that is built in, which is in
// /sys/module alone and has no state there (Documentation/ABI/testing/sysfs-module).
#include "core/component/manager.h"
#include "linux/proc/component_objects.h"
#include "linux/proc/tables.h"

namespace linux {

namespace {

using core::ComponentObject;

constexpr ProcEntry end_of_table{.name = nullptr, .mode = 0};

Result<> show_size(const ProcSubject& subject, base::FormatSink& sink) {
    base::format(sink, "{}\n", TRY(object_of(subject))->memory_size());
    return {};
}

Result<> show_initial_size(const ProcSubject&, base::FormatSink& sink) {
    sink.write("0\n");
    return {};
}

Result<> show_state(const ProcSubject&, base::FormatSink& sink) {
    sink.write("live\n");
    return {};
}

Result<> show_users(const ProcSubject& subject, base::FormatSink& sink) {
    base::format(sink, "{}\n", core::users_of(*TRY(object_of(subject))));
    return {};
}

constexpr ProcEntry loaded_entries[] = {
    object_fact("coresize", show_size),
    {.name = "holders", .mode = file_mode::directory | 0755, .is_current = object_is_current},
    object_fact("initsize", show_initial_size),
    object_fact("initstate", show_state),
    object_fact("refcnt", show_users),
    object_fact("version", show_object_version),
    end_of_table,
};
constexpr ProcEntry built_in_entries[] = {
    object_fact("version", show_object_version),
    end_of_table,
};

constexpr ProcEntry loaded_directory = object_directory_of(loaded_entries);
constexpr ProcEntry built_in_directory = object_directory_of(built_in_entries);

} // namespace

Result<RefOrNull<Inode>> find_module(ProcInode& directory, std::string_view name) {
    const auto found = core::find_component(name);
    if (!found)
        return RefOrNull<Inode>();
    return RefOrNull<Inode>(TRY(ProcInode::create_inode(
        directory.super_block(),
        (*found)->is_embedded() ? built_in_directory : loaded_directory,
        ProcSubject{.index = (*found)->number()})));
}

// Addresses are for nobody: kptr_restrict's answer.
Result<> show_modules(const ProcSubject&, base::FormatSink& sink) {
    for (u32 i = 0;; ++i) {
        const auto found = core::component_at(i);
        if (!found)
            return {};
        const ComponentObject& object = **found;
        if (!object.is_embedded())
            base::format(sink, "{} {} {} - Live 0x0000000000000000\n", object.name(),
                         object.memory_size(), core::users_of(object));
    }
}

} // namespace linux
