// SPDX-License-Identifier: BSD-2-Clause
// The power fails at random moments of a workload (POWER_CUTS of them, POWER_CUT_SEED): the volume
// mounts, nothing that was promised is missing, e2fsck finds nothing wrong; and e2fsck recovers the
// log as well as the component does.
#include <gtest/gtest.h>

#include <cstdlib>
#include <sstream>

#include "tests/power_cuts/machine_record.h"
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
template <typename Work>
std::string recovered_here(const Work& workload, const std::vector<u8>& image, usize at) {
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

template <typename Work>
std::string recovered_by_e2fsck(const Work& workload, const std::vector<u8>& image, usize at) {
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
template <typename Work>
std::string first_fault(const Work& workload, int states, std::mt19937& chance, bool with_e2fsck) {
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

// A few states as disks for a machine to recover, each with the event it was cut before in its
// name.
void keep_samples(const MachineRecord& machine, const std::string& folder, std::mt19937& chance) {
    constexpr int samples = 8;
    for (int i = 0; i < samples; ++i) {
        const usize at = chance() % (machine.record().events.size() + 1);
        ImageSource(CrashState(machine.record(), at, chance).take())
            .save(folder + "/" + std::to_string(at) + ".sample");
    }
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

// What a machine did to its disk (tests/power_cuts/run.py).
TEST(PowerCuts, OfAMachineLoseNothing) {
    const char* folder = std::getenv("POWER_CUT_MACHINE");
    if (!folder)
        GTEST_SKIP() << "no machine's record";
    const MachineRecord machine(std::string(folder) + "/base", std::string(folder) + "/log");
    std::printf("%zu writes and flushes, %llu operations\n", machine.record().events.size(),
                static_cast<unsigned long long>(machine.operations()));
    ASSERT_GE(machine.operations(), 100u);
    std::mt19937 chance(static_cast<u32>(number_from("POWER_CUT_SEED", 1)));
    const int states = number_from("POWER_CUT_MACHINE_STATES", 150);
    EXPECT_EQ(first_fault(machine, states, chance, true), "");
    keep_samples(machine, folder, chance);
}

// And what another machine made of some of the disks.
TEST(PowerCuts, OfAMachineAreRecoveredByOne) {
    const char* folder = std::getenv("POWER_CUT_MACHINE");
    const char* recovered = std::getenv("POWER_CUT_RECOVERED");
    if (!folder || !recovered)
        GTEST_SKIP() << "no machine's disks";
    const MachineRecord machine(std::string(folder) + "/base", std::string(folder) + "/log");
    std::istringstream words(recovered);
    for (usize at; words >> at;) {
        TestVolume volume(
            ImageSource::load(std::string(folder) + "/" + std::to_string(at) + ".sample"));
        EXPECT_EQ(check_image(volume.source), "");
        ASSERT_TRUE(volume.mount(mount_flag::read_only).has_value());
        EXPECT_EQ(machine.check(volume, at), "") << "event " << at;
    }
}

// The same test over a disk that ignores flushes must fail: it is worth something.
TEST(PowerCuts, NoticeFlushesThatAreDropped) {
    std::mt19937 chance(1);
    Workload workload(1);
    workload.run(operations, true);
    EXPECT_NE(first_fault(workload, 200, chance, false), "");
}

} // namespace power_cuts
