// SPDX-License-Identifier: BSD-2-Clause
// Process 1 of tests/placements/run.py.
#include "guest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <termios.h>
#include <unistd.h>

// same|kill|move|restart PLACEMENTS INSTANCES COUNT MOST; lists by commas
int main(int count, char **words) {
    prepare();
    struct scene scene = {0};
    const char *scenario = count == 6 ? words[1] : "";
    if (count == 6) {
        scene.placement_count = split(words[2], scene.placements, most_placements);
        scene.instance_count = split(words[3], scene.instances, most_instances);
    }
    if (strcmp(scenario, "same") == 0)
        compare_homes(&scene);
    else if (strcmp(scenario, "kill") == 0)
        kill_under_load(&scene, strtoul(words[4], NULL, 10));
    else if (strcmp(scenario, "move") == 0)
        move_under_load(&scene, strtoul(words[4], NULL, 10), strtoul(words[5], NULL, 10));
    else if (strcmp(scenario, "restart") == 0)
        measure_restarts(&scene);
    else
        result(0, "unknown scenario");
    printf("%d passed, %d failed\n", passed, failed);
    fflush(stdout);
    sync();
    tcdrain(1);
    reboot(RB_POWER_OFF);
    for (;;)
        pause();
}
