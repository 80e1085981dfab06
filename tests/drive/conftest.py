# SPDX-License-Identifier: BSD-2-Clause
"""Lets the tests import their neighbours, and what ./pith is made of."""

import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "tools")]
