# SPDX-License-Identifier: BSD-2-Clause
"""An initramfs in every form Linux takes: each compression, several archives, and damage."""

import hashlib
import pathlib
import random
import subprocess

import pytest
from machines import KERNEL
from serial_console import Archive, boot, busybox_archive

PACKERS = {
    "plain": ["cat"],
    "gzip": ["gzip", "-9c"],
    "xz": ["xz", "--check=crc32", "-c"],
    "xz-threads": ["xz", "--check=crc32", "-T2", "--block-size=1MiB", "-c"],
    "zstd": ["zstd", "-19", "-qc"],
    "zstd-stream": ["zstd", "-1", "-qc"],
    "lz4": ["lz4", "-lqc"],
}
if KERNEL == "pith":  # more than Linux takes
    PACKERS |= {"lz4-modern": ["lz4", "-9qc"], "xz-crc64": ["xz", "-c"]}
ONLY_PITH = pytest.mark.skipif(KERNEL != "pith", reason="says it in its own words")
CHECK = "md5sum -c /sums >/dev/null && test $(wc -l < /sums) = {} && echo ALL WHOLE"


def _pack(data: bytes, packer: str) -> bytes:
    return subprocess.run(PACKERS[packer], input=data, stdout=subprocess.PIPE, check=True).stdout


def _contents() -> dict[str, bytes]:
    """Files of every padding, small and large, that pack well or not at all."""
    chance = random.Random(3)
    sizes = [0, 1, 2, 3, 4, 5, 4095, 4096, 4097, 100_000, 700_000]
    return {f"data/{index}": chance.randbytes(size) if index % 2 else
            bytes(chance.choice(b"abcd \n") for _ in range(size))
            for index, size in enumerate(sizes)}


def _sums(files: dict[str, bytes]) -> bytes:
    return "".join(f"{hashlib.md5(data).hexdigest()}  /{name}\n"
                   for name, data in files.items()).encode()


@pytest.fixture(scope="module", name="plain")
def fixture_plain() -> bytes:
    """An archive whose /init says whether all of it is there."""
    files = _contents()
    archive = busybox_archive(CHECK.format(len(files)))
    for name, data in files.items():
        archive.file(name, data)
    archive.file("sums", _sums(files))
    return archive.finish()


def _boot(image: bytes, folder: pathlib.Path) -> str:
    file = folder / "initramfs"
    file.write_bytes(image)
    return boot(file)


@pytest.mark.parametrize("packer", PACKERS)
def test_each_compression(packer: str, plain: bytes, tmp_path: pathlib.Path) -> None:
    """Every byte of every file is there."""
    text = _boot(_pack(plain, packer), tmp_path)
    assert "ALL WHOLE" in text, text[-4000:]


@pytest.mark.parametrize("packer", ["plain", "gzip", "zstd"])
def test_microcode_first(packer: str, plain: bytes, tmp_path: pathlib.Path) -> None:
    """A plain archive, as microcode for the processor comes, and the real one behind it."""
    early = Archive()
    early.file("kernel/x86/microcode/GenuineIntel.bin", bytes(range(256)) * 40)
    first = early.finish()
    first += bytes(-len(first) % 512)
    text = _boot(first + _pack(plain, packer), tmp_path)
    assert "ALL WHOLE" in text, text[-4000:]


def test_archives_of_all_kinds_in_a_row(tmp_path: pathlib.Path) -> None:
    """Later archives add to the earlier ones and replace what they name again."""
    files = _contents()
    image = _pack(busybox_archive(CHECK.format(len(files))).finish(), "xz")
    wrong = Archive()
    for name in files:
        wrong.file(name, b"to be replaced by something shorter or longer")
    wrong.file("sums", b"")
    image += bytes(-len(image) % 4) + wrong.finish()
    for (name, data), packer in zip(files.items(), [*PACKERS, *PACKERS]):
        part = Archive()
        part.file(name, data)
        image += _pack(part.finish(), packer)
        image += bytes(-len(image) % 4)
    last = Archive()
    last.file("sums", _sums(files))
    text = _boot(image + _pack(last.finish(), "zstd"), tmp_path)
    assert "ALL WHOLE" in text, text[-4000:]


def test_links_and_nodes(tmp_path: pathlib.Path) -> None:
    """What cpio(1) packs: many hard links, links that replace files, nodes, modes and times."""
    tree = tmp_path / "tree"
    tree.mkdir()
    for number in range(100):  # each with three names
        (tree / f"file{number}").write_text(f"content {number}\n")
        (tree / f"second{number}").hardlink_to(tree / f"file{number}")
        (tree / f"third{number}").hardlink_to(tree / f"file{number}")
    (tree / "link").symlink_to("file7")
    (tree / "bin").mkdir(mode=0o700)
    packed = subprocess.run("find . | sort -R --random-source=/dev/zero | cpio --quiet -o -H newc",
                            shell=True, cwd=tree, stdout=subprocess.PIPE, check=True).stdout
    init = """
bad=0
for i in $(seq 0 99); do
    for name in file second third; do
        test "$(cat /$name$i)" = "content $i" || bad=1
    done
    test $(stat -c %h /file$i) = 3 && test /file$i -ef /third$i || bad=1
done
test "$(cat /link)" = "content 7" && test $(stat -c %a /bin) = 700 || bad=1
test $bad = 0 && echo ALL WHOLE
"""
    text = _boot(busybox_archive(init).finish() + packed, tmp_path)
    assert "ALL WHOLE" in text, text[-4000:]


@ONLY_PITH
@pytest.mark.parametrize("packer,reason", [
    ("gzip", "gzip data at byte 0: "), ("xz", "xz data at byte 0: "),
    ("zstd", "zstd data at byte 0: "), ("lz4-modern", "lz4 data at byte 0: "),
    ("plain", "initramfs: archive ")])
def test_damage_is_said(packer: str, reason: str, plain: bytes, tmp_path: pathlib.Path) -> None:
    """A damaged archive is named as such, even where all files happen to be whole."""
    image = bytearray(_pack(plain, packer))
    # The plain one: a header's digit, behind which nothing can be found.
    place = plain.index(b"070701", 100) + 20 if packer == "plain" else len(image) // 3
    image[place] ^= 0x80
    text = _boot(bytes(image), tmp_path)
    assert reason in text, text[-4000:]


@ONLY_PITH
@pytest.mark.parametrize("packer", ["plain", "gzip", "xz", "zstd", "lz4"])
def test_an_archive_cut_short_is_said(packer: str, plain: bytes, tmp_path: pathlib.Path) -> None:
    """As a download that broke off leaves it."""
    image = _pack(plain, packer)
    text = _boot(image[:len(image) // 2], tmp_path)
    assert "initramfs:" in text and "cut short" in text, text[-4000:]


@ONLY_PITH
@pytest.mark.parametrize("command,reason", [
    (["bzip2", "-c"], "packed with bzip2"), (["xz", "--format=lzma", "-c"], "packed with lzma"),
    (["xz", "--x86", "--lzma2", "-c"], "x86 filter"), (["tr", "0", "9"], "neither a cpio archive")])
def test_what_is_not_had_is_named(command: list[str], reason: str, tmp_path: pathlib.Path) -> None:
    """Refused, by name."""
    image = subprocess.run(command, input=Archive().finish() * 100, stdout=subprocess.PIPE,
                           check=True).stdout
    text = _boot(image, tmp_path)
    assert reason in text, text[-4000:]
