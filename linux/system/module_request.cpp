// SPDX-License-Identifier: BSD-2-Clause
#include "linux/system/module_request.h"

#include <atomic>

#include "base/format.h"
#include "core/sync/guarded.h"
#include "linux/process/kernel_process.h"

namespace linux {

namespace {

constexpr usize name_capacity = 56; // MODULE_NAME_LEN
constexpr u32 most_at_once = 50;    // a modprobe may ask for modules itself

struct ProgramPath {
    char text[modprobe_capacity] = "/sbin/modprobe";
};
constinit core::Guarded<ProgramPath, core::lock_class::file_context> g_path;
constinit std::atomic<u32> g_requests{0};

// A place among those that may be asked for at once.
class RequestPlace {
public:
    static Result<RequestPlace> take() {
        if (g_requests.fetch_add(1, std::memory_order_relaxed) < most_at_once)
            return RequestPlace();
        g_requests.fetch_sub(1, std::memory_order_relaxed);
        return Failure(Errno::again);
    }
    RequestPlace(RequestPlace&& other) noexcept : taken_(std::exchange(other.taken_, false)) {}
    ~RequestPlace() {
        if (taken_)
            g_requests.fetch_sub(1, std::memory_order_relaxed);
    }

private:
    RequestPlace() = default;
    bool taken_ = true;
};

} // namespace

Result<> request_module(std::string_view prefix, std::string_view name) {
    char wanted[name_capacity] = {};
    if (prefix.size() + name.size() >= name_capacity)
        return Failure(Errno::nametoolong);
    base::BufferSink sink(wanted);
    base::format(sink, "{}{}", prefix, name);
    char path[modprobe_capacity] = {};
    if (modprobe_path(path).empty())
        return Failure(Errno::noent);
    const RequestPlace place = TRY(RequestPlace::take());
    const char* const arguments[] = {path, "-q", "--", wanted, nullptr};
    static constexpr const char* environment[] = {
        "HOME=/", "TERM=linux", "PATH=/sbin:/usr/sbin:/bin:/usr/bin", nullptr};
    TRY(run_helper(path, arguments, environment));
    return {};
}

std::string_view modprobe_path(std::span<char, modprobe_capacity> buffer) {
    const auto path = g_path.lock();
    __builtin_memcpy(buffer.data(), path->text, modprobe_capacity);
    return buffer.data();
}

Result<> set_modprobe_path(std::string_view path) {
    if (path.size() >= modprobe_capacity)
        return Failure(Errno::inval);
    auto kept = g_path.lock();
    __builtin_memset(kept->text, 0, modprobe_capacity);
    __builtin_memcpy(kept->text, path.data(), path.size());
    return {};
}

} // namespace linux
