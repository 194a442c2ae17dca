# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""Seeds: any test that draws random numbers must pass with any of them.

Run with another one by ``SKLABELQUALITY_SEED=7 python -m pytest``.
"""

import os

import pytest

os.environ.setdefault("MPLBACKEND", "agg")
# Tests run in parallel processes; threads within them would only fight for the cores.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


@pytest.fixture
def global_random_seed():
    return int(os.environ.get("SKLABELQUALITY_SEED", "0"))
