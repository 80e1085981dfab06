// SPDX-License-Identifier: BSD-2-Clause
// A QEMU plugin that counts how often each instruction of the guest runs, between the two marks of
// bench/programs/bench.h or from power-on (argument `whole=on`). With QEMU's -singlestep a block is
// one instruction and the counts are exact. Writes `ADDRESS COUNT` lines, in hexadecimal and
// decimal, to the file of the argument `out=FILE` when the machine ends.
//
// Debian's QEMU comes without qemu-plugin.h; what is used of it is declared here (QEMU's manual,
// "QEMU TCG Plugins", version 1 of the API). One processor only.
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t plugin_id;
struct info;
struct block;
struct instruction;
enum { no_registers = 0, add_u64 = 0, version_1 = 1 };

extern void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id, void (*)(plugin_id, struct block*));
extern void qemu_plugin_register_vcpu_tb_exec_inline(struct block*, int operation, void* target,
                                                     uint64_t value);
extern void qemu_plugin_register_vcpu_insn_exec_cb(struct instruction*,
                                                   void (*)(unsigned cpu, void*), int registers,
                                                   void* argument);
extern void qemu_plugin_register_atexit_cb(plugin_id, void (*)(plugin_id, void*), void* argument);
extern size_t qemu_plugin_tb_n_insns(const struct block*);
extern uint64_t qemu_plugin_tb_vaddr(const struct block*);
extern struct instruction* qemu_plugin_tb_get_insn(const struct block*, size_t index);
extern const void* qemu_plugin_insn_data(const struct instruction*);
extern size_t qemu_plugin_insn_size(const struct instruction*);

__attribute__((visibility("default"))) int qemu_plugin_version = version_1;

// How often a block began: in all, when the window opened, and within windows.
struct counted {
    uint64_t address, size; // of the block, in instructions
    uint64_t runs, before, within;
};

enum { table_size = 1 << 20 };
static struct counted* table[table_size];
static bool whole;
static const char* out = "profile.txt";

// NOPs with an address nobody computes: the marks (bench.h writes the same bytes).
static const uint8_t open_mark[] = {0x0f, 0x1f, 0x80, 'o', 'p', 'e', 'n'};
static const uint8_t shut_mark[] = {0x0f, 0x1f, 0x80, 's', 'h', 'u', 't'};

static struct counted* find(uint64_t address, uint64_t size) {
    size_t at = (address * 0x9e3779b97f4a7c15u ^ size) % table_size;
    for (; table[at]; at = (at + 1) % table_size)
        if (table[at]->address == address && table[at]->size == size)
            return table[at];
    table[at] = calloc(1, sizeof **table);
    if (!table[at])
        abort();
    table[at]->address = address;
    table[at]->size = size;
    return table[at];
}

static void open_window(unsigned cpu, void* unused) {
    (void)cpu, (void)unused;
    for (size_t i = 0; i < table_size; i++)
        if (table[i])
            table[i]->before = table[i]->runs;
}

static void shut_window(unsigned cpu, void* unused) {
    (void)cpu, (void)unused;
    for (size_t i = 0; i < table_size; i++)
        if (table[i])
            table[i]->within += table[i]->runs - table[i]->before;
}

static bool is(const struct instruction* instruction, const uint8_t* mark) {
    return qemu_plugin_insn_size(instruction) == sizeof open_mark &&
           memcmp(qemu_plugin_insn_data(instruction), mark, sizeof open_mark) == 0;
}

static void translated(plugin_id id, struct block* block) {
    (void)id;
    size_t size = qemu_plugin_tb_n_insns(block);
    for (size_t i = 0; i < size; i++) {
        struct instruction* instruction = qemu_plugin_tb_get_insn(block, i);
        if (is(instruction, open_mark))
            qemu_plugin_register_vcpu_insn_exec_cb(instruction, open_window, no_registers, NULL);
        else if (is(instruction, shut_mark))
            qemu_plugin_register_vcpu_insn_exec_cb(instruction, shut_window, no_registers, NULL);
    }
    struct counted* counted = find(qemu_plugin_tb_vaddr(block), size);
    qemu_plugin_register_vcpu_tb_exec_inline(block, add_u64, &counted->runs, 1);
}

static void write_counts(plugin_id id, void* unused) {
    (void)id, (void)unused;
    FILE* file = fopen(out, "w");
    if (!file)
        abort();
    for (size_t i = 0; i < table_size; i++) {
        uint64_t runs = !table[i] ? 0 : whole ? table[i]->runs : table[i]->within;
        if (runs)
            fprintf(file, "%llx %llu\n", (unsigned long long)table[i]->address,
                    (unsigned long long)(runs * table[i]->size));
    }
    fclose(file);
}

__attribute__((visibility("default"))) int
qemu_plugin_install(plugin_id id, const struct info* info, int count, char** arguments) {
    (void)info;
    for (int i = 0; i < count; i++) {
        if (strncmp(arguments[i], "out=", 4) == 0)
            out = strdup(arguments[i] + 4);
        else if (strcmp(arguments[i], "whole=on") == 0)
            whole = true;
        else
            return -1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_atexit_cb(id, write_counts, NULL);
    return 0;
}
