// SPDX-License-Identifier: BSD-2-Clause
#include "tests/ext4/instance.h"

#include <cstdlib>
#include <cstring>

extern "C" const component::Descriptor pith_component_ext4;

namespace ext4_test {

using component::VolumeServices;

// Stands between the component and the core: each call may be the last.
struct Knife {
    static Instance& of(void* home) {
        Instance& instance = *static_cast<Instance*>(home);
        step(instance);
        return instance;
    }
    static void step(Instance& instance) {
        if (instance.depth_ > 1 || ++instance.calls != instance.dies_at)
            return;
        instance.dies_at = 0;
        std::longjmp(instance.end_, 1);
    }

    // The service of the core that `member` names, behind a step.
    template <auto member>
    struct Guarded;
    template <typename Value, typename... Arguments,
              Value (*VolumeServices::*member)(void*, Arguments...)>
    struct Guarded<member> {
        static Value call(void* home, Arguments... arguments) {
            Instance& instance = of(home);
            if constexpr (std::is_same_v<decltype(member), decltype(&VolumeServices::publish)>) {
                const Value status = (instance.core_.*member)(instance.core_.home, arguments...);
                if (member == &VolumeServices::publish && status == static_cast<i32>(Errno::again))
                    ++instance.conflicts;
                return status;
            } else {
                return (instance.core_.*member)(instance.core_.home, arguments...);
            }
        }
    };
    template <auto... members>
    static void guard(VolumeServices& table) {
        ((table.*members = Guarded<members>::call), ...);
    }

    static i64 buffer_view(component::Env* env, u64, const component::Buffer*, u64 offset,
                           u8** view) {
        RequestBuffer& buffer = *static_cast<Instance*>(env)->buffer_;
        *view = buffer.bytes() + offset;
        return static_cast<i64>(buffer.length - offset);
    }
    static i64 request_services(component::Env* env, u64, const void** table) {
        *table = &static_cast<Instance*>(env)->lent_;
        return 0;
    }
};

Instance::Instance(core::file::VolumeState& state) : state_(state) {
    calls_of_env_.buffer_view = Knife::buffer_view;
    calls_of_env_.request_services = Knife::request_services;
    table_ = &calls_of_env_;
    arena_size_ = sizeof(ext4::Volume);
    arena_ = static_cast<u8*>(std::calloc(1, arena_size_));
}

Instance::~Instance() { std::free(arena_); }

void Instance::die() { std::memset(arena_, 0, arena_size_); }

// One handler's life; false if it died.
bool Instance::live(const component::Request& request, component::Answer& answer) {
    if (depth_ == 1 && setjmp(end_) != 0)
        return false;
    answer = pith_component_ext4.handlers.submit(*this, request);
    // Between the last call and the answer.
    Knife::step(*this);
    return true;
}

Result<u64> Instance::request(Operation operation, const FileSystem::Arguments& arguments,
                              RequestBuffer& buffer, core::file::ChangeSet::Shows shows) {
    using S = VolumeServices;
    core::file::ChangeSet changes(state_, shows);
    ++depth_;
    RequestBuffer* const outer = std::exchange(buffer_, &buffer);
    const VolumeServices outer_core = core_, outer_lent = lent_;
    component::Request request;
    request.operation = static_cast<u16>(operation);
    request.set_payload(arguments);
    component::Answer answer;
    for (;;) {
        core_ = changes.services();
        lent_ = core_;
        lent_.home = this;
        Knife::guard<&S::begin, &S::set_block_size, &S::device_blocks, &S::view, &S::mark_checked,
                     &S::edit, &S::edited, &S::release, &S::available, &S::promised, &S::publish,
                     &S::discard, &S::commit, &S::report, &S::damaged, &S::now, &S::random>(lent_);
        if (!live(request, answer)) {
            ++deaths;
            die();
            continue;
        }
        if (changes.wants_commit()) {
            ++full;
            TRY(commit());
        } else if (answer.status == static_cast<i32>(Errno::inprogress)) {
            ++pieces;
        } else {
            break;
        }
    }
    --depth_;
    buffer_ = outer;
    core_ = outer_core;
    lent_ = outer_lent;
    if (answer.status)
        return Failure(static_cast<Errno>(answer.status));
    return answer.value;
}

} // namespace ext4_test
