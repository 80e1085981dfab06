# SPDX-License-Identifier: BSD-2-Clause
"""Pages made from declarations in the code. Each module has `pages()`: path → text."""
