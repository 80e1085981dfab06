#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Builds and runs the fuzz targets: every *_fuzz.cpp of the tree, by libFuzzer, sanitized.

usage: host/test/fuzz.py [--only NAME] [--seconds N] [-- LIBFUZZER OPTION...]

A target says near its head what it links, and may say how its first inputs are made: commands that
turn what they read into one.

    // links: base/format.cpp host/test/base_port.cpp
    // seeds: gzip -9c | zstd -c

Inputs that found something new are kept in build/fuzz/NAME/corpus; one that breaks the target in
build/fuzz/NAME. The last line is `N passed, N failed`, counted in targets.
"""
import argparse
import pathlib
import random
import re
import subprocess
import sys

from build import HEAD_LINES, ROOT, expanded

FLAGS = ("-std=c++23 -O2 -g -Wall -Wextra -fno-exceptions -fno-rtti -DPITH_HOST_TEST -DPITH_DEBUG"
         " -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all"
         " -fno-sanitize=vptr,function -fno-omit-frame-pointer").split()
GRACE_SECONDS = 60


def head(file: pathlib.Path, word: str) -> str:
    """What the lines `// word: ...` at the top of a file say."""
    lines = file.read_text(encoding="utf-8").splitlines()[:HEAD_LINES]
    return " ".join(match[1] for line in lines if (match := re.match(rf"// {word}: (.*)", line)))


def samples() -> list[bytes]:
    """What the seeds' commands read: nothing, little, words, runs, noise."""
    chance = random.Random(1)
    words = b" ".join(chance.choice([b"the", b"quick", b"brown", b"fox"]) for _ in range(400))
    skewed = bytes(min(chance.randrange(200), chance.randrange(200)) for _ in range(3000))
    return [b"", b"a", words, bytes(5000), chance.randbytes(600), skewed,
            words + skewed + bytes(700) + words]


def make_seeds(file: pathlib.Path, corpus: pathlib.Path) -> None:
    """Writes the target's first inputs."""
    commands = [part.split() for part in head(file, "seeds").split("|") if part.strip()]
    for number, command in enumerate(commands):
        for index, sample in enumerate(samples()):
            made = subprocess.run(command, input=sample, stdout=subprocess.PIPE, check=True).stdout
            (corpus / f"seed-{number}-{index}").write_bytes(made)


def run_target(file: pathlib.Path, options: argparse.Namespace) -> bool:
    """Builds and runs one target; what it said is printed when it failed."""
    name = target_name(file)
    out = ROOT / "build" / "fuzz" / name
    corpus = out / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    links = head(file, "links").split()
    sources = [str(file.relative_to(ROOT)), *expanded(links, ("_test", "_fuzz"))]
    program = out / "target"
    subprocess.run(["clang++-19", *FLAGS, f"-I{ROOT}", f"-I{ROOT}/host/test", *sources,
                    "-o", str(program)], cwd=ROOT, check=True)
    make_seeds(file, corpus)
    command = [str(program), str(corpus), f"-max_total_time={options.seconds}", "-timeout=10",
               f"-artifact_prefix={out}/", "-max_len=20000", "-print_final_stats=1",
               *options.libfuzzer]
    try:
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, errors="replace", timeout=options.seconds + GRACE_SECONDS,
                              check=False)
        status, text = done.returncode, done.stdout
    except subprocess.TimeoutExpired as late:
        status, text = 1, f"hangs\n{(late.stdout or b'').decode(errors='replace')}"
    runs = re.search(r"number_of_executed_units: (\d+)", text)
    print(f"{name}: {'passed' if status == 0 else 'FAILED'},"
          f" {runs[1] if runs else '?'} inputs", flush=True)
    if status != 0:
        print("\n".join(text.splitlines()[-60:]))
    return status == 0


def target_name(file: pathlib.Path) -> str:
    """A target's name, from its path."""
    return str(file.relative_to(ROOT)).removesuffix("_fuzz.cpp").replace("/", ".")


def main() -> int:
    """Runs all targets, or one."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", help="one target")
    parser.add_argument("--seconds", type=int, default=20, help="for each target (20)")
    parser.add_argument("libfuzzer", nargs="*", help="options of libFuzzer, after --")
    options = parser.parse_args()
    targets = [file for file in sorted(ROOT.glob("[a-z]*/**/*_fuzz.cpp"))
               if not str(file.relative_to(ROOT)).startswith("build/")
               and options.only in (None, target_name(file))]
    results = [run_target(file, options) for file in targets]
    print(f"{results.count(True)} passed, {results.count(False)} failed")
    return 0 if results and all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
