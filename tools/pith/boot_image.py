# SPDX-License-Identifier: BSD-2-Clause
"""Makes the bzImage: compresses the kernel, assembles the 16-bit part with the right sizes, joins
them."""

import pathlib
import subprocess
import sys
import tempfile

SECTOR = 512


def run(*command: str) -> None:
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)


def compress(source: pathlib.Path, target: pathlib.Path) -> None:
    """One LZ4 block without frame, which is what the loader unpacks.

    The lz4 tool writes frames of at most 4 MiB independent blocks; a "legacy" frame has 8 MiB
    blocks: magic, then size and block. The kernel is smaller than one block.
    """
    if source.stat().st_size > 8 << 20:
        sys.exit(f"{source}: larger than one 8 MiB LZ4 block")
    framed = subprocess.run(["lz4", "-l", "-9", "-c", "-q", str(source)], check=True,
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE).stdout
    size = int.from_bytes(framed[4:8], "little")
    if framed[:4] != b"\x02\x21\x4c\x18" or len(framed) != 8 + size:
        sys.exit("lz4 wrote a frame of an unexpected form")
    target.write_bytes(framed[8:])


def loaded_size(elf: pathlib.Path) -> int:
    """Bytes from the loader's start to the end of its .bss."""
    text = subprocess.run(["llvm-nm-19", str(elf)], check=True, stdout=subprocess.PIPE,
                          text=True).stdout
    symbols = {line.split()[2]: int(line.split()[0], 16) for line in text.splitlines()}
    return symbols["loader_end"] - symbols["loader_begin"]


def assemble_setup(source: pathlib.Path, sectors: int, paragraphs: int, init_size: int) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        obj, out = f"{folder}/setup.o", f"{folder}/setup.bin"
        run("clang-19", "-m32", "-c", f"-Wa,--defsym,SETUP_SECTORS={sectors}",
            f"-Wa,--defsym,SYSTEM_PARAGRAPHS={paragraphs}", f"-Wa,--defsym,INIT_SIZE={init_size}",
            str(source), "-o", obj)
        run("llvm-objcopy-19", "-O", "binary", "-j", ".setup", obj, out)
        return pathlib.Path(out).read_bytes()


def make_bzimage(setup: pathlib.Path, system: pathlib.Path, elf: pathlib.Path,
                 target: pathlib.Path) -> None:
    body = system.read_bytes()
    body += bytes(-len(body) % 16)
    init_size = loaded_size(elf)
    sectors = 4  # the least that every loader handles
    head = assemble_setup(setup, sectors, len(body) // 16, init_size)
    if len(head) > (sectors + 1) * SECTOR:
        sys.exit("the 16-bit part outgrew its sectors")
    target.write_bytes(head.ljust((sectors + 1) * SECTOR, b"\0") + body)


def main() -> None:
    verb, *paths = sys.argv[1], *map(pathlib.Path, sys.argv[2:])
    if verb == "lz4":
        compress(*paths)
    elif verb == "bzimage":
        make_bzimage(*paths)
    else:
        sys.exit(f"unknown verb {verb}")


if __name__ == "__main__":
    main()
