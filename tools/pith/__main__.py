# SPDX-License-Identifier: BSD-2-Clause
"""Starts the command line; run as a file, so that no installation is needed."""

import pathlib
import sys

if sys.version_info < (3, 11):
    sys.exit("pith: Python 3.11 or later is needed (Debian 12 has it)")

sys.path[0] = str(pathlib.Path(__file__).resolve().parents[1])

from pith.cli import main  # noqa: E402  (the path has to be set first)

sys.exit(main())
