// SPDX-License-Identifier: BSD-2-Clause
// From an open file to a memory image that is ready to run. Everything is built in an address space
// of its own before the old program is touched, so that a bad file is an error, never half a
// program.
#pragma once

#include "abi/linux/elf.h"
#include "linux/exec/arguments.h"
#include "linux/process/process.h"
#include "linux/vfs/open_file.h"

namespace linux {

// What exec collects on the way.
struct Loading {
    Ref<OpenFile> file;    // the program, or in the end the interpreter of a script
    std::string_view name; // what AT_EXECFN says
    ProgramArguments& arguments;
    Ref<Credentials> credentials; // of the new program
    bool secure = false;          // AT_SECURE
    bool randomize = true;
    u32 personality_flags = 0;
    u64 stack_limit = 0;
};

struct LoadedProgram {
    Ref<ProgramImage> image;
    u64 entry = 0; // first instruction
    u64 stack_pointer = 0;
};

// Errors: noexec (not a program, or a damaged one), libbad (its interpreter is), noent, acces,
// nomem, io.
Result<LoadedProgram> load_elf(Loading& loading);

// One #! line: the interpreter and its optional argument. Errors: noexec (no script, or a damaged
// line).
struct ScriptLine {
    char buffer[256];
    std::string_view interpreter;
    std::string_view argument; // empty: none
};
Result<> read_script_line(OpenFile& file, ScriptLine& line);

// Reads exactly `size` bytes at `offset`. Errors: noexec (the file is shorter), io.
Result<> read_exactly(OpenFile& file, u64 offset, void* target, usize size);
// While it lives, nobody can open the file for writing.
class WriteDenial {
public:
    // Errors: txtbsy (someone has it open for writing).
    static Result<WriteDenial> take(OpenFile& file);
    WriteDenial(WriteDenial&& other) noexcept : file_(std::move(other.file_)) {}
    WriteDenial& operator=(WriteDenial&& other) noexcept {
        std::swap(file_, other.file_);
        return *this;
    }
    ~WriteDenial();

private:
    explicit WriteDenial(OpenFile& file) : file_(RefOrNull<OpenFile>::share(&file)) {}
    RefOrNull<OpenFile> file_;
};

// Opens a program for execution: must be a regular file that may be executed. Relative to
// `directory`, or AT_FDCWD. Errors: as execveat(2).
struct OpenProgram {
    i32 directory;
    std::string_view path;
    u32 flags; // AT_EMPTY_PATH, AT_SYMLINK_NOFOLLOW
};
Result<Ref<OpenFile>> open_program(const OpenProgram& request);

// The processor's words of the auxiliary vector.
struct HardwareWords {
    u64 features, features2, signal_stack;
};
HardwareWords hardware_words();

} // namespace linux
