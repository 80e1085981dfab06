// SPDX-License-Identifier: BSD-2-Clause
// What a program of the project's own looks like: it defines run_program and writes to an Output.
#pragma once

#include <span>
#include <string_view>

#include "base/format.h"
#include "user/runtime/system_call.h"

namespace runtime {

// The program, given its arguments without its name. Answers its status.
i32 run_program(std::span<const char* const> arguments);

// A descriptor to format to; what is written goes out at the latest when it is destroyed.
class Output final : public base::FormatSink {
public:
    explicit Output(i32 descriptor) : file_(File::adopt(descriptor)) {}
    Output(const Output&) = delete;
    Output& operator=(const Output&) = delete;
    ~Output() { flush(); }

    void write(std::string_view text) override {
        for (const char c : text) {
            if (used_ == sizeof buffer_)
                flush();
            buffer_[used_++] = c;
        }
    }
    void flush() {
        (void)file_.write({buffer_, used_});
        used_ = 0;
    }
    template <typename... Arguments>
    void print(std::string_view pattern, const Arguments&... arguments) {
        base::format(*this, pattern, arguments...);
    }

private:
    File file_;
    usize used_ = 0;
    char buffer_[2048];
};

} // namespace runtime
