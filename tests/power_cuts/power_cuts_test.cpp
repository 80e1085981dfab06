// SPDX-License-Identifier: BSD-2-Clause
// The power fails at random moments of a workload (POWER_CUTS of them, POWER_CUT_SEED): the volume
// mounts, nothing that was promised is missing, e2fsck finds nothing wrong; and e2fsck recovers the
// log as well as the component does.
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/power_cuts/workload.h"

namespace power_cuts {

using namespace ext4_test;

namespace {

int number_from(const char* variable, int otherwise) {
    const char* text = std::getenv(variable);
    return text ? std::atoi(text) : otherwise;
}

constexpr int operations = 250;

// Empty, or what is wrong.
std::string recovered_here(const Workload& workload, const std::vector<u8>& image, usize at) {
    TestVolume volume(image);
    volume.host.quiet = true;
    if (const Result<> mounted = volume.mount(); !mounted)
        return "does not mount: " + std::string(base::errno_name(mounted.error())) + ": " +
               (volume.host.messages.empty() ? "" : volume.host.messages.back());
    std::string wrong = workload.check(volume, at);
    if (!wrong.empty())
        return wrong;
    if (!volume.unmount())
        return "does not unmount";
    return check_image(volume.source);
}

std::string recovered_by_e2fsck(const Workload& workload, const std::vector<u8>& image, usize at) {
    const std::string path = scratch_path("cut.img");
    ImageSource(image).save(path);
    std::string output;
    const int status = shell("/sbin/e2fsck -fy " + path, &output);
    TestVolume volume(ImageSource::load(path));
    std::remove(path.c_str());
    volume.host.quiet = true;
    if (status > 1)
        return "e2fsck gives up: " + output;
    if (!volume.mount(mount_flag::read_only))
        return "e2fsck leaves what does not mount: " + output;
    std::string wrong = workload.check(volume, at);
    return wrong.empty() ? "" : wrong + " after " + output;
}

// The first thing that is wrong in so many states.
std::string first_fault(const Workload& workload, int states, std::mt19937& chance,
                        bool with_e2fsck) {
    const usize events = workload.record().events.size();
    for (int i = 0; i < states; ++i) {
        const usize at = chance() % (events + 1);
        const std::vector<u8> image = CrashState(workload.record(), at, chance).take();
        std::string wrong = recovered_here(workload, image, at);
        if (wrong.empty() && with_e2fsck && i % 4 == 0)
            wrong = recovered_by_e2fsck(workload, image, at);
        if (!wrong.empty())
            return "state " + std::to_string(i) + ", before event " + std::to_string(at) + " of " +
                   std::to_string(events) + ": " + wrong;
    }
    return "";
}

} // namespace

TEST(PowerCuts, LoseNothingThatWasPromised) {
    const int states = number_from("POWER_CUTS", 60);
    const u32 seed = static_cast<u32>(number_from("POWER_CUT_SEED", 1));
    // Another workload now and then.
    constexpr int per_workload = 150;
    for (int done = 0, round = 0; done < states; done += per_workload, ++round) {
        std::mt19937 chance(seed + static_cast<u32>(round));
        Workload workload(seed + static_cast<u32>(round));
        workload.run(operations, false);
        ASSERT_GT(workload.commits, 20u);
        ASSERT_EQ(first_fault(workload, std::min(per_workload, states - done), chance, true), "")
            << "seed " << seed + static_cast<u32>(round);
    }
    std::printf("%d states\n", states);
}

// The same test over a disk that ignores flushes must fail: it is worth something.
TEST(PowerCuts, NoticeFlushesThatAreDropped) {
    std::mt19937 chance(1);
    Workload workload(1);
    workload.run(operations, true);
    EXPECT_NE(first_fault(workload, 200, chance, false), "");
}

} // namespace power_cuts
