# SPDX-License-Identifier: BSD-2-Clause
"""Writes build.ninja. What is compiled is found by looking into the folders; nothing is listed by
hand."""

import hashlib
import pathlib
import shutil

from .errors import PithError

KERNEL_FOLDERS = ["base", "arch/x86_64", "core", "linux", "native"]
BOOT_FOLDER = "boot/x86_64"
# Programs that run on Pith, and the folders each is made of.
PROGRAMS = {"pithctl": ["user/runtime", "user/pithctl"]} | {
    f"example_{name}": ["user/runtime", "user/libpith", f"user/examples/{name}"]
    for name in ("echo", "ring", "capability")}
# For programs of others: a static library.
LIBRARY = "user/libpith"
# The program of server processes, which lies in the kernel image: its folder and what it shares.
SERVER_HOST = ["host/user"]
SERVER_HOST_SUPPORT = ["core/component/object_loader.cpp", "base/sha256.cpp",
                       "user/runtime/library_support.cpp"]
# Components that misbehave: loaded by tests only.
TEST_COMPONENTS = [f"tests/placements/{name}" for name in (
    "faulty_disk", "swap_disk_1", "swap_disk_2", "swap_disk_2_bad", "swap_disk_2_crash")]
PROGRAM_SUPPORT = ["base/format.cpp", "base/memory_functions.cpp"]

WARNINGS = "-Wall -Wextra -Wno-unused-parameter -Werror"
# Freestanding C++23 without anything that needs a run time or touches a program's vector registers.
LANGUAGE = (
    "-std=c++23 -fno-exceptions -fno-rtti -fno-threadsafe-statics "
    "-fno-asynchronous-unwind-tables -fno-strict-aliasing -fvisibility=hidden -fno-common "
    "-mno-red-zone -mno-sse -mno-mmx -ffunction-sections -fdata-sections -g"
)
# The stack guard is a word of the CPU's block (arch/api/cpu.h, CpuBlock::stack_guard).
STACK_GUARD = (
    "-fstack-protector-strong -mstack-protector-guard=tls -mstack-protector-guard-reg=gs "
    "-mstack-protector-guard-offset=40"
)
KIND_FLAGS = {
    "release": "-O2 -fomit-frame-pointer",
    "debug": "-O1 -fno-omit-frame-pointer -DPITH_DEBUG -DPITH_TRACE_ERRORS",
}
# Checks of a debug kernel: undefined behaviour stops it, every access asks core/debug/shadow.cpp.
# All of the latter by calls, so that code may run before there is a shadow. The offset is that of
# arch/api/shadow.h.
SANITIZERS = {
    "clang": "-DPITH_UBSAN -fsanitize=undefined -fno-sanitize=vptr,function "
             "-fno-sanitize-recover=undefined -DPITH_KASAN -fsanitize=kernel-address "
             "-mllvm -asan-mapping-offset=0xdfffe00000000000 -mllvm -asan-stack=1 "
             "-mllvm -asan-globals=1 -mllvm -asan-instrumentation-with-call-threshold=0 "
             "-mllvm -asan-max-inline-poisoning-size=0 "
             "-mllvm -asan-kernel-mem-intrinsic-prefix=1",
    "gcc": "",
}
# The standard headers, parsed once for each set of flags (clang only, so that g++ still finds an
# include that is missing).
PRECOMPILED = "base/standard_library.h"
# What implements the checks, touches what others may not, or is too early for them.
UNCHECKED = {
    "core/debug/ubsan.cpp", "core/debug/shadow.cpp", "core/debug/heap_record.cpp",
    "core/debug/memory_report.cpp", "core/memory/heap.cpp", "base/memory_functions.cpp",
    "arch/x86_64/shadow.cpp", "arch/x86_64/backtrace.cpp",
}
# Both know what memcpy, memcmp and strlen do (base/memory_functions.cpp), so that they count
# literals themselves. In a freestanding program clang knows nothing; it may call no others.
COMPILERS = {
    "clang": {
        "cxx": "clang++-19",
        "flags": "-fno-builtin-bcmp -stdlib=libc++ -Wthread-safety "
        "-Wno-unused-command-line-argument "
        "-D_LIBCPP_HARDENING_MODE=_LIBCPP_HARDENING_MODE_FAST",
    },
    "gcc": {
        "cxx": "g++",
        "flags": "-ffreestanding -fbuiltin -mno-80387 -Wno-stringop-overflow -Wno-attributes "
        "-Wno-missing-field-initializers",
    },
}

RULES = """
rule cxx
  command = $cxx $flags -MMD -MF $out.d -c $in -o $out
  depfile = $out.d
  deps = gcc
  description = C++ $in
rule pch
  command = $clang $flags -x c++-header -Xclang -fno-pch-timestamp -fpch-instantiate-templates $
      $in -o $out && echo $sum > $out.sum
  description = PCH $out
rule link
  command = ld.lld-19 $ldflags $in -o $out
  description = LINK $out
rule strip
  command = llvm-objcopy-19 --strip-all $in $out
  description = STRIP $out
rule component
  command = python3 $root/tools/pith/module_information.py $folder $out.modinfo && $
      llvm-objcopy-19 --strip-debug --add-section .modinfo=$out.modinfo $in $out
  description = STRIP $out
rule archive
  command = rm -f $out && llvm-ar-19 rcs $out $in
  description = ARCHIVE $out
rule binary
  command = llvm-objcopy-19 -O binary $in $out
  description = BINARY $out
rule lz4
  command = python3 $root/tools/pith/boot_image.py lz4 $in $out
  description = LZ4 $out
rule bzimage
  command = python3 $root/tools/pith/boot_image.py bzimage $setup $in $elf $out
  description = IMAGE $out
rule embed
  command = python3 $root/tools/pith/embed.py $out $objects
  description = EMBED $out
"""


def write(root: pathlib.Path, directory: pathlib.Path, kind: str, compiler: str) -> None:
    """Writes directory/build.ninja, leaving it alone when nothing changed."""
    text = Generator(root, directory, kind, compiler).generate()
    target = directory / "build.ninja"
    if not target.exists() or target.read_text() != text:
        target.write_text(text)


def kernel_tests(root: pathlib.Path, folder: str) -> list[pathlib.Path]:
    """The folder's tests that run inside a debug kernel."""
    return sorted((root / folder).rglob("*_kernel_test.cpp"))


def sources(root: pathlib.Path, folder: str) -> list[pathlib.Path]:
    """The folder's C++ and assembly files, without its tests."""
    found = [*(root / folder).rglob("*.cpp"), *(root / folder).rglob("*.S")]
    return sorted(path for path in found
                  if not path.name.endswith("_test.cpp")
                  and "host" not in path.relative_to(root / folder).parts
                  and not path.name.endswith("_fuzz.cpp") and "vdso" not in path.parts)


# Linked into every component, since it may name nothing outside itself.
COMPONENT_SUPPORT = ("base/memory_functions.cpp", "base/format.cpp", "base/compiler_support.cpp",
                     "components/library_support.cpp")


PLACEMENTS = ("builtin", "module", "server")


def image_components(root: pathlib.Path) -> list[tuple[str, str]]:
    """Folder and placement of each component in the ordinary image."""
    file = root / "images/default.def"
    lines = [line.split() for line in file.read_text().splitlines() if not line.startswith("#")]
    pairs = [(words[0], words[1]) for words in lines if words]
    for folder, placement in pairs:
        if placement not in PLACEMENTS:
            raise PithError(f"{file}: {folder}: there is no placement {placement}")
    return pairs


def component_folders(root: pathlib.Path) -> list[str]:
    """Folders of the components in the ordinary image."""
    return [folder for folder, _ in image_components(root)]


class Generator:
    """Collects the statements of one build.ninja."""

    def __init__(self, root: pathlib.Path, directory: pathlib.Path, kind: str, compiler: str):
        self.root, self.directory, self.kind = root, directory, kind
        self.compiler = COMPILERS[compiler]
        self.precompiled: dict[str, str] = {}
        self.sanitizers = SANITIZERS[compiler] if kind == "debug" else ""
        self.lines: list[str] = []

    def generate(self) -> str:
        # Equal sources in another work tree, or built before, are not compiled again.
        cached = (f"CCACHE_BASEDIR={self.root} CCACHE_NOHASHDIR=1 CCACHE_DEPEND=1 "
                  "CCACHE_PCH_EXTSUM=1 CCACHE_SLOPPINESS=pch_defines,time_macros ccache "
                  if shutil.which("ccache") else "")
        self.lines = [f"root = {self.root}", f"cxx = {cached}{self.compiler['cxx']}",
                      f"clang = {COMPILERS['clang']['cxx']}", RULES]
        components = {self.component(folder): placement
                      for folder, placement in image_components(self.root)}
        self.kernel(components)
        self.loader("pith.elf", "kernel.stripped", compressed=False)
        self.loader("loader.elf", "kernel.lz4", compressed=True)
        self.bzimage()
        programs = [self.program(name, folders) for name, folders in PROGRAMS.items()]
        programs.append(self.library(LIBRARY))
        tests = [self.component(folder, "test_components") for folder in TEST_COMPONENTS]
        self.lines.append("default kernel.elf pith.elf vmlinuz " + " ".join([*programs, *tests]))
        return "\n".join(self.lines) + "\n"

    def statement(self, outputs: str, rule: str, inputs: list, implicit: list = (),
                  **variables) -> None:
        line = f"build {outputs}: {rule} " + " ".join(map(str, inputs))
        if implicit:
            line += " | " + " ".join(map(str, implicit))
        self.lines.append(line)
        self.lines += [f"  {name} = {value}" for name, value in variables.items()]

    def flags(self, *extra: str) -> str:
        include = f"-iquote {self.root} -iquote {self.root}/arch/x86_64"
        return " ".join([LANGUAGE, WARNINGS, self.compiler["flags"], include, *extra])

    def compile(self, source: pathlib.Path, prefix: str, flags: str, implicit: list = ()) -> str:
        relative = source.relative_to(self.root)
        target = f"{prefix}/{relative}.o"
        if source.name == "memory_functions.cpp":
            flags += " -fno-builtin"
        elif source.suffix == ".cpp" and self.compiler is COMPILERS["clang"]:
            header = self.precompile(flags)
            flags, implicit = f"{flags} -include-pch {header}", [*implicit, header]
        self.statement(target, "cxx", [source], implicit, flags=flags)
        return target

    def precompile(self, flags: str) -> str:
        """The standard headers as parsed with these flags."""
        if flags not in self.precompiled:
            key = hashlib.sha256((flags.replace(str(self.root), "")).encode()).hexdigest()[:16]
            text = (self.root / PRECOMPILED).read_bytes()
            target = self.precompiled[flags] = f"precompiled/{key}.pch"
            self.statement(target, "pch", [self.root / PRECOMPILED], flags=flags,
                           sum=key + hashlib.sha256(text).hexdigest())
        return self.precompiled[flags]

    def kernel(self, components: dict[str, str]) -> None:
        flags = self.flags("-fPIE", STACK_GUARD, KIND_FLAGS[self.kind])
        listed = [source for folder in KERNEL_FOLDERS for source in sources(self.root, folder)]
        if self.kind == "debug":
            listed += [source for folder in KERNEL_FOLDERS
                       for source in kernel_tests(self.root, folder)]
        objects = [self.compile(source, "kernel", self.checked(flags, source))
                   for source in listed]
        host = self.program("server_host", SERVER_HOST, SERVER_HOST_SUPPORT)
        words = " ".join(f"{file}:{placement}" for file, placement in components.items())
        self.statement("embedded.S", "embed", [], [host, *components], objects=f"{host} {words}")
        self.statement("embedded.o", "cxx", ["embedded.S"], [host, *components], flags="",
                       cxx=self.compiler["cxx"])
        script = self.root / "arch/x86_64/kernel.ld"
        self.statement("kernel.elf", "link", [*objects, "embedded.o"], [script],
                       ldflags=f"-pie --no-dynamic-linker -z pack-relative-relocs -z noexecstack "
                               f"-z norelro --gc-sections --build-id=sha1 -T {script}")
        self.statement("kernel.stripped", "strip", ["kernel.elf"])

    def checked(self, flags: str, source: pathlib.Path) -> str:
        """The flags of a kernel source with the checks it is built with."""
        if str(source.relative_to(self.root)) in UNCHECKED:
            # Quick, and callable before there is a stack guard.
            return (f"{flags} {self.sanitizers} -fno-sanitize=all -O2 -fno-stack-protector"
                    if self.sanitizers else flags)
        return f"{flags} {self.sanitizers}" if source.suffix == ".cpp" else flags

    def component(self, folder: str, into: str = "components") -> str:
        name = pathlib.Path(folder).name
        # No stack guard in per-CPU memory: a component's guard is its own hidden word.
        flags = self.flags("-fPIC -mcmodel=small -fno-stack-protector", KIND_FLAGS["release"],
                           "-DPITH_COMPONENT", "-fno-ident")
        support = [self.root / path for path in COMPONENT_SUPPORT]
        objects = [self.compile(source, f"{into}/{name}.parts", flags)
                   for source in [*sources(self.root, folder), *support]]
        # What is embedded and loaded carries no debug information; what gdb reads lies beside it.
        whole, target = f"{into}/{name}.parts/{name}.debug.o", f"{into}/{name}.o"
        script = self.root / "tools/component/component.ld"
        self.statement(whole, "link", objects, [script] if script.exists() else [],
                       ldflags="-r " + (f"-T {script}" if script.exists() else ""))
        definition = self.root / folder / "component.def"
        self.statement(target, "component", [whole],
                       [self.root / "tools/pith/module_information.py",
                        *([definition] if definition.exists() else [])], folder=self.root / folder)
        return target

    def library(self, folder: str) -> str:
        """A static library that names nothing outside itself, for any C compiler's programs."""
        name = pathlib.Path(folder).name
        flags = self.flags("-fPIC -mcmodel=small -fno-stack-protector", KIND_FLAGS["release"])
        objects = [self.compile(source, f"user/{name}.parts", flags)
                   for source in sources(self.root, folder)]
        target = f"user/{name}.a"
        self.statement(target, "archive", objects)
        return target

    def program(self, name: str, folders: list[str], shared: list[str] = ()) -> str:
        """A static program without a C library (user/runtime/README.md)."""
        flags = self.flags("-fno-pic -mcmodel=small -fno-stack-protector", KIND_FLAGS["release"])
        listed = [source for folder in folders for source in sources(self.root, folder)]
        support = [self.root / source for source in [*PROGRAM_SUPPORT, *shared]]
        objects = [self.compile(source, f"user/{name}.parts", flags)
                   for source in [*listed, *support]]
        whole, target = f"user/{name}.parts/{name}.debug", f"user/{name}"
        self.statement(whole, "link", objects, ldflags="-static --gc-sections -z noexecstack "
                                                       "-z separate-code")
        self.statement(target, "strip", [whole])
        return target

    def loader(self, target: str, payload: str, compressed: bool) -> None:
        flags = self.flags("-fno-pic -mcmodel=small -fno-stack-protector -O2")
        prefix = "loader"
        folder = self.root / BOOT_FOLDER
        listed = [source for source in sources(self.root, BOOT_FOLDER)
                  if source.name not in ("payload.S", "setup.S")]
        if compressed:
            self.statement("kernel.lz4", "lz4", ["kernel.stripped"])
        if not compressed:
            self.loader_objects = [self.compile(source, prefix, flags) for source in
                                   [*listed, self.root / "base/memory_functions.cpp"]]
        size = "$$(stat -c %s kernel.stripped)" if compressed else "0"
        blob = f"{prefix}/{target}.payload.o"
        # Not through ccache, which does not see the file that .incbin reads.
        self.statement(blob, "cxx", [folder / "payload.S"], [payload], cxx=self.compiler["cxx"],
                       flags=f"-DPAYLOAD_FILE='\"{payload}\"' -DPAYLOAD_UNPACKED_SIZE={size}")
        script = folder / "loader.ld"
        self.statement(target, "link", [*self.loader_objects, blob], [script],
                       ldflags=f"-T {script} -z max-page-size=4096 -z noexecstack")

    def bzimage(self) -> None:
        self.statement("loader.bin", "binary", ["loader.elf"])
        setup = self.root / BOOT_FOLDER / "setup.S"
        self.statement("vmlinuz", "bzimage", ["loader.bin"], [setup, "loader.elf"], setup=setup,
                       elf="loader.elf")
