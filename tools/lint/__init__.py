# SPDX-License-Identifier: BSD-2-Clause
"""The house rules that a program can check; `./pith lint` runs them."""
