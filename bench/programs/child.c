// SPDX-License-Identifier: BSD-2-Clause
// The small static program that fork_exec_exit_wait starts.
int main(void) {
    return 0;
}
