// SPDX-License-Identifier: BSD-2-Clause
// A handler that was abandoned while it waited for the device. Its request was served by another
// one meanwhile, so the change set is gone when the wait ends.
#include <csetjmp>
#include <memory>

#include <gtest/gtest.h>

#include "core/file/change_set.h"
#include "tests/ext4/image_source.h"

namespace ext4_test {
namespace {

class AbandoningHost final : public core::file::VolumeHost {
public:
    void report(const char*, usize) override {}
    i64 now() override { return 0; }
    u32 random() override { return 0; }
    void* begin_wait() override { return this; }
    bool end_wait(void*) override {
        changes = nullptr;
        return false;
    }
    [[noreturn]] void abandon(void* wait) override {
        EXPECT_EQ(wait, this);
        std::longjmp(handlers_caller, 1);
    }

    std::unique_ptr<core::file::ChangeSet> changes;
    std::jmp_buf handlers_caller;
};

TEST(Abandoned, leavesItsChangeSetAlone) {
    ImageSource source(std::vector<u8>(64 * 1024));
    AbandoningHost host;
    core::file::VolumeState state(source, host);
    host.changes = std::make_unique<core::file::ChangeSet>(state);
    if (setjmp(host.handlers_caller) == 0) {
        (void)host.changes->view(5);
        FAIL() << "an abandoned handler goes on";
    }
    EXPECT_EQ(host.changes, nullptr);
    EXPECT_EQ(state.cache.find(5), nullptr); // what it read counts for nothing
}

} // namespace
} // namespace ext4_test
