# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""The highest of many values, cell by cell, found while the values come in parts.

No more is kept than can still be among the highest, so that one pass over values that
are computed block by block is enough.
"""

import numpy as np

# Number of values to collect before those that are too low are dropped.
MAX_BUFFER = 2**15
# Number of ranges in which values are counted, to drop most of them before the rest is
# sorted, and the fewest ranges of a cell for which this is worth it.
N_RANGES, FEWEST_RANGES = 2**14, 2**3
# Number of ranges that are counted in a pass of its own.
N_RANGES_OF_PASS = 2**17


class Shortlist:
    """The highest values of each cell; of equal ones, those at the first positions.

    Parameters
    ----------
    n_wanted : ndarray of shape (n_cells,), dtype=intp
        How many values are wanted in each cell.

    cutoffs : ndarray of shape (n_cells,), default=None
        No lower value is among the wanted ones.

    Attributes
    ----------
    cutoffs : ndarray of shape (n_cells,)
        A lower value is not worth an offer.
    """

    def __init__(self, n_wanted, cutoffs=None):
        self.n_wanted = n_wanted
        self.cutoffs = np.where(
            n_wanted > 0, -np.inf if cutoffs is None else cutoffs, np.inf
        )
        self._parts = []
        self._n_offered = 0
        self._room = max(MAX_BUFFER, 2 * int(n_wanted.sum()))

    def offer(self, cells, values, positions):
        """Take the cell, value from -1 to 1, and position of some samples."""
        is_worth_it = values >= self.cutoffs[cells]
        part = cells[is_worth_it], values[is_worth_it], positions[is_worth_it]
        self._parts.append(part)
        self._n_offered += len(part[0])
        if self._n_offered > self._room:
            self.shorten()

    def shorten(self):
        """Drop what is not among the highest so far, and return the rest in arrays."""
        if not self._n_offered:
            none = np.empty(0, dtype=np.intp)
            return none, np.empty(0), none
        cells, values, positions = map(np.concatenate, zip(*self._parts, strict=True))
        if len(self.cutoffs) * FEWEST_RANGES <= N_RANGES:
            counts = count_in_ranges(cells, values, len(self.cutoffs), N_RANGES)
            kept = values >= cutoffs_of_counts(counts, self.n_wanted)[cells]
            cells, values, positions = cells[kept], values[kept], positions[kept]
        # One whole number for both, as sorting these is fast.
        n_steps = 2 ** (62 - len(self.cutoffs).bit_length())
        steps = ((values + 1) * (n_steps / 2)).astype(np.int64)
        keys = cells * n_steps + np.clip(steps, 0, n_steps - 1, out=steps)
        in_order = np.sort(keys)
        starts = np.searchsorted(in_order, np.arange(len(self.cutoffs) + 1) * n_steps)
        is_full = (np.diff(starts) >= self.n_wanted) & (self.n_wanted > 0)
        lowest = np.full(len(self.cutoffs), -1)
        lowest[is_full] = in_order[(starts[1:] - self.n_wanted)[is_full]]
        # A little less than the lowest value, which was rounded.
        cutoffs = (lowest[is_full] % n_steps) * (2 / n_steps) - 1
        self.cutoffs[is_full] = cutoffs - 2 * np.finfo(values.dtype).eps
        n_higher = starts[1:] - np.searchsorted(in_order, lowest, side="right")
        kept = keys > lowest[cells]
        tied = np.flatnonzero(keys == lowest[cells])
        kept[_highest(tied, cells, values, self.n_wanted - n_higher)] = True
        self._parts = [(cells[kept], values[kept], positions[kept])]
        self._n_offered = np.count_nonzero(kept)
        return self._parts[0]

    def positions(self):
        """Return the positions of the highest values in ascending order.

        A position that was offered for several cells may come several times.
        """
        return np.sort(self.shorten()[2])


def _highest(items, cells, values, n_wanted):
    """Return those of some items that are the highest of their cells, first ones first.

    The items come in the order of their positions.
    """
    items = items[np.lexsort((-values[items], cells[items]))]
    cells = cells[items]
    rank = np.arange(len(items)) - np.searchsorted(cells, cells)
    return items[rank < n_wanted[cells]]


def merge_shortlists(shortlists):
    """Return the shortlist of all that was offered to several ones."""
    merged = Shortlist(shortlists[0].n_wanted)
    for shortlist in shortlists:
        merged.offer(*shortlist.shorten())
    return merged


def count_in_ranges(cells, values, n_cells, n_ranges):
    """Count the values of each cell (row) by range (column), the highest range first.

    The cells share some ranges evenly, of values from -1 to 1.
    """
    n_ranges = max(n_ranges // max(n_cells, 1), 1)
    ranges = ((1 - values) * (n_ranges / 2)).astype(np.intp)
    # Rounded values may be a little lower than -1 or higher than 1.
    np.clip(ranges, 0, n_ranges - 1, out=ranges)
    ranges += cells * n_ranges
    counts = np.bincount(ranges, minlength=n_cells * n_ranges)
    return counts.reshape(n_cells, n_ranges)


def cutoffs_of_counts(counts, n_wanted):
    """Return the lower end of the range of the lowest value that is wanted, by cell."""
    n_ranges = counts.shape[1]
    n_higher_ranges = (counts.cumsum(axis=1) < n_wanted[:, np.newaxis]).sum(axis=1)
    is_open = n_higher_ranges >= n_ranges - 1
    # A little less, so that rounding errors do not decide.
    cutoffs = 1 - 2 * (n_higher_ranges + 1) / n_ranges - 1e-6
    return np.where(is_open, -np.inf, cutoffs)
