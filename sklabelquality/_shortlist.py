# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""The highest of many values, cell by cell, found while they come in parts.

No more is kept than can still be among the highest, so that one pass over values that
are computed block by block is enough.
"""

import numpy as np

# Number of values to collect before those that are too low are dropped.
MAX_BUFFER = 2**15


class Shortlist:
    """The highest values of each cell; of equal ones, those that came first.

    Parameters
    ----------
    n_wanted : ndarray of shape (n_cells,), dtype=intp
        The number of values that are wanted in each cell.

    cutoffs : ndarray of shape (n_cells,), default=None
        Lower values are not worth an offer. If they are too high, the list is short.

    Attributes
    ----------
    cutoffs : ndarray of shape (n_cells,)
        Only a higher value is worth an offer.

    is_short : bool
        Whether fewer values than wanted were left at the last :meth:`shorten`.
    """

    def __init__(self, n_wanted, cutoffs=None):
        self.n_wanted = n_wanted
        self.cutoffs = np.full(len(n_wanted), -np.inf)
        if cutoffs is not None:
            self.cutoffs = np.nextafter(cutoffs, -np.inf)
        self.cutoffs[n_wanted == 0] = np.inf
        self.is_short = False
        self._is_shortened = False
        self._offers = []
        self._n_offered = 0
        self._room = max(MAX_BUFFER, 2 * int(n_wanted.sum()))

    def offer(self, cells, values, positions):
        """Take the cell, value and position of some samples."""
        is_worth_it = np.flatnonzero(values > self.cutoffs.take(cells))
        offer = [array.take(is_worth_it) for array in (cells, values, positions)]
        self._offers.append(offer)
        self._n_offered += len(is_worth_it)
        self._is_shortened = False
        if self._n_offered > self._room:
            self.shorten()

    def shorten(self):
        """Drop what is not among the highest, and return the rest."""
        if not self._offers:
            return np.empty(0, dtype=np.intp), np.empty(0), np.empty(0, dtype=np.intp)
        if self._is_shortened:
            return self._offers[0]
        cells, values, positions = map(np.concatenate, zip(*self._offers, strict=True))
        lowest = nth_highest(cells, values, self.n_wanted)
        self.is_short = bool((lowest[self.n_wanted > 0] == -np.inf).any())
        is_kept = values > lowest[cells]
        n_missing = self.n_wanted - np.bincount(
            cells[is_kept], minlength=len(self.n_wanted)
        )
        ties = np.flatnonzero(values == lowest[cells])
        ties = ties[np.argsort(cells[ties], kind="stable")]
        n_before = np.arange(len(ties)) - np.searchsorted(cells[ties], cells[ties])
        is_kept[ties[n_before < n_missing[cells[ties]]]] = True
        self.cutoffs = np.maximum(self.cutoffs, lowest)
        self._offers = [(cells[is_kept], values[is_kept], positions[is_kept])]
        self._n_offered = len(self._offers[0][0])
        self._is_shortened = True
        return self._offers[0]


def nth_highest(cells, values, n):
    """Return the n-th highest value of each cell, -inf where there are fewer."""
    counts = np.bincount(cells, minlength=len(n))
    ends = np.cumsum(counts)
    nth = np.full(len(n), -np.inf)
    crowded = np.flatnonzero((counts >= n) & (n > 0))
    if len(cells) < 64 * len(crowded):
        order = np.lexsort((values, cells))
        nth[crowded] = values[order[ends[crowded] - n[crowded]]]
        return nth
    # Small integers are sorted in linear time, and to select is faster than to sort.
    by_cell = np.argsort(cells.astype(np.min_scalar_type(len(n))), kind="stable")
    for cell in crowded:
        of_cell = values[by_cell[ends[cell] - counts[cell] : ends[cell]]]
        rank = len(of_cell) - n[cell]
        nth[cell] = np.partition(of_cell, rank)[rank]
    return nth


def merge_shortlists(shortlists):
    """Return the shortlist of all that was offered to several ones, in their order."""
    merged = Shortlist(shortlists[0].n_wanted)
    for shortlist in shortlists:
        merged.offer(*shortlist.shorten())
    return merged


def cutoffs_of_sample(cells, values, n_wanted, share):
    """Return cutoffs that are low enough with a high probability, from a sample."""
    expected = n_wanted * share
    n_of_sample = np.ceil(expected + 3 * np.sqrt(expected) + 3).astype(np.intp)
    return nth_highest(cells, values, np.where(n_wanted > 0, n_of_sample, 0))
