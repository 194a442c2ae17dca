# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""What holds for all tests: the seed, one thread for each process, no deadlines.

A test that draws random numbers must pass with any seed. Run the tests with another one
by ``SKLABELQUALITY_SEED=7 python -m pytest``.
"""

import os

import pytest
from hypothesis import settings

os.environ.setdefault("MPLBACKEND", "agg")
# Tests run in parallel processes; threads within them would only fight for the cores.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

pytest.register_assert_rewrite("problems")
# A busy machine must not fail a test, and two runs must try the same examples.
settings.register_profile("sklabelquality", deadline=None, derandomize=True)
settings.load_profile("sklabelquality")


@pytest.fixture
def global_random_seed():
    return int(os.environ.get("SKLABELQUALITY_SEED", "0"))
