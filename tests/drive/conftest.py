# SPDX-License-Identifier: BSD-2-Clause
"""Lets the tests import their neighbours."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
