// SPDX-License-Identifier: BSD-2-Clause
#include "core/init/task.h"

#include <string_view>

#include "base/panic.h"
#include "core/observe/log.h"
#include "core/observe/panic.h"

extern "C" {
extern const core::InitTask init_tasks_start[];
extern const core::InitTask init_tasks_end[];
}

namespace core {
namespace {

constexpr unsigned maximum_tasks = 64;

struct Progress {
    bool done[maximum_tasks]{};

    bool is_given(std::string_view name) const {
        for (const InitTask* task = init_tasks_start; task != init_tasks_end; ++task) {
            if (name == task->gives)
                return done[task - init_tasks_start];
        }
        panic(base::Text<96>("start-up: nobody gives \"{}\"", name).view());
    }

    bool is_ready(const InitTask& task) const {
        std::string_view left = task.needs;
        while (!left.empty()) {
            const usize space = left.find(' ');
            const std::string_view name = left.substr(0, space);
            left = space == std::string_view::npos ? std::string_view() : left.substr(space + 1);
            if (!name.empty() && !is_given(name))
                return false;
        }
        return true;
    }
};

} // namespace

void run_init_tasks() {
    const usize count = static_cast<usize>(init_tasks_end - init_tasks_start);
    VERIFY(count <= maximum_tasks);
    Progress progress;
    for (usize ran = 0; ran < count; ++ran) {
        const InitTask* next = nullptr;
        for (const InitTask* task = init_tasks_start; task != init_tasks_end && !next; ++task) {
            if (!progress.done[task - init_tasks_start] && progress.is_ready(*task))
                next = task;
        }
        if (!next)
            panic("start-up: the needs of the tasks left form a circle");
        LOG_DEBUG("start-up: {}", next->gives);
        next->run();
        progress.done[next - init_tasks_start] = true;
    }
}

} // namespace core
