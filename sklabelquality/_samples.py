# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""The samples of a data set: label codes and probabilities, read in blocks of rows.

All that is computed from labels and pred_probs consists of two steps:

1. `map` computes something for each sample: a score, a decision.
2. `reduce` learns something from the data set as a whole: counts, thresholds.

:class:`Samples` reads pred_probs in blocks of rows that stay in the cache, and checks
each block when it is first read: the checks need no pass of their own, and there is no
second matrix. Any class with the same two steps can replace it.
"""

import copy
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property

import numpy as np
from joblib import effective_n_jobs

from sklabelquality._probabilities import (
    RANGE_TOLERANCE,
    ROW_SUM_TOLERANCE,
    float_dtype_of,
    raise_for_row_sum,
    raise_for_value,
)

# Blocks have about this many probabilities, which fit into the cache.
BLOCK_SIZE = 2**16
# Blocks of threads are larger, since threads wait for each other between two steps.
BLOCK_SIZE_OF_THREAD = 4 * BLOCK_SIZE
# With fewer probabilities each, threads take longer to start than they save.
SIZE_OF_THREAD = 2**21
# With up to this many classes, each class is a row of a block in memory.
FEW_CLASSES = 32
# BLAS rounds products alike in whole tiles of this many columns.
ROUND = 64
# In place of label codes: every class of every sample.
EVERY_CLASS = None


class Block:
    """The probabilities of some samples.

    Parameters
    ----------
    rows : ndarray of shape (n_samples_of_block, n_classes)
        The probabilities, at most one but for rounding errors of their sums. They must
        not be changed.

    first_row : int, default=0
        The row of the first of these samples in the whole data set.

    own : ndarray of shape (n_samples_of_block,), default=None
        The probabilities of the given labels, if they are known already.

    sums_to_one : bool, default=False
        Whether it is known that each row sums to one, up to rounding errors.

    Attributes
    ----------
    by_class : ndarray of shape (n_classes, n_samples_of_block)
        The same probabilities in a layout that is fast to compute across classes.
    """

    def __init__(self, rows, first_row=0, own=None, sums_to_one=False):
        self.rows = rows
        self.first_row = first_row
        self.own = own
        self.sums_to_one = sums_to_one
        self.n_classes = rows.shape[1]

    def __len__(self):
        return len(self.rows)

    @cached_property
    def by_class(self):
        return self._transposed()

    def _transposed(self):
        if self.n_classes <= FEW_CLASSES:
            return np.ascontiguousarray(self.rows.T)
        return np.ascontiguousarray(self.rows).T

    def part(self, samples):
        """Return a block of some of these samples."""
        if self.n_classes <= FEW_CLASSES:
            return Block(self.by_class.take(samples, axis=1).T)
        return Block(self.rows.take(samples, axis=0))

    def of(self, codes):
        """Return the probability of one class, or of every class, of each sample."""
        if codes is EVERY_CLASS:
            return np.minimum(self.by_class, 1)
        P = self.rows.T if self.rows.flags.c_contiguous else self.by_class
        own = _flat(P).take(_flat_positions(P, codes), mode="clip")
        return np.minimum(own, 1, out=own)

    def of_given(self, codes):
        """Return the probability of each given label, or of every class."""
        return self.of(codes) if self.own is None else self.own

    def highest_besides(self, codes):
        """Return the probability of the most probable other class."""
        P = self._transposed()
        if np.may_share_memory(P, self.rows):
            P = P.copy(order="K")
        highest = _highest_besides(P, codes)
        return np.minimum(highest, 1, out=highest)

    @cached_property
    def highest(self):
        """The probability of the most probable class of each sample."""
        if self.n_classes > FEW_CLASSES:  # the place is found faster than the value
            return self.of(self.most_probable)
        return np.minimum(self.by_class.max(axis=0), 1)

    @cached_property
    def most_probable(self):
        """The first of the most probable classes of each sample."""
        P = self.by_class
        if self.n_classes > FEW_CLASSES:
            return P.argmax(axis=0)
        # Several times faster than argmax across rows.
        weights = np.arange(self.n_classes, 0, -1, dtype=np.uint8)[:, np.newaxis]
        is_highest = (self.highest <= P).view(np.uint8)
        return self.n_classes - (is_highest * weights).max(axis=0).astype(np.intp)

    def entropy(self):
        """Return the entropy of the probabilities of each sample in nats."""
        # The logarithm of zero is never computed, and zero times another one is zero.
        logs = np.maximum(self.rows, np.finfo(self.rows.dtype).tiny)
        np.log(logs, out=logs)
        return 0 - np.einsum("ij,ij->i", self.rows, logs)

    def row_sums(self):
        """Return what the probabilities of each sample sum to, 1 but for rounding."""
        return 1.0 if self.sums_to_one else row_sums(self.rows)


class ShiftedBlock:
    """The probabilities of some samples, a number added to each class, renormalised.

    A class that is not in use gets zero. What is asked for is computed, no more.

    Parameters
    ----------
    block : Block
        The probabilities.

    shift : ndarray of shape (n_classes,)
        What is added to each class.

    is_used : ndarray of shape (n_classes,), dtype=bool
        Whether a class is in use.
    """

    def __init__(self, block, shift, is_used):
        if not is_used.all():
            block = Block(block.rows * is_used, block.first_row)
        self._block = block
        self._shift = shift
        self._totals = block.row_sums() + shift.sum()

    def of_given(self, codes):
        """Return the probability of each given label, or of every class."""
        if codes is EVERY_CLASS:
            return self._normalized(self._by_class())
        return self._normalized(self._block.of_given(codes) + self._shift.take(codes))

    def highest_besides(self, codes):
        """Return the probability of the most probable other class."""
        highest = _highest_besides(self._by_class(), codes)
        # A single class has no other one.
        return self._normalized(np.maximum(highest, 0, out=highest))

    def _by_class(self):
        rows = self._block.rows
        if self._block.n_classes <= FEW_CLASSES:  # transposed on the way
            shifted = np.empty(rows.shape[::-1], dtype=rows.dtype)
            return np.add(rows.T, self._shift[:, np.newaxis], out=shifted)
        return (np.ascontiguousarray(rows) + self._shift).T

    def _normalized(self, values):
        # All the probability may be on classes that no label uses.
        if np.min(self._totals) > 0:
            values /= self._totals
            return values
        return np.divide(values, self._totals, out=values, where=self._totals > 0)


def _highest_besides(P, codes):
    """Return the highest other entry of each column of a matrix, which is changed."""
    if codes is not EVERY_CLASS:
        _flat(P)[_flat_positions(P, codes)] = -np.inf
        return _highest(P)
    top = P.argmax(axis=0)
    positions = _flat_positions(P, top)
    highest = _flat(P).take(positions)
    _flat(P)[positions] = -np.inf
    is_top = np.arange(len(P))[:, np.newaxis] == top
    return np.where(is_top, _highest(P), highest)


def _highest(P):
    """Return the highest entry of each column of a matrix."""
    if P.flags.c_contiguous:
        return P.max(axis=0)
    # Where columns are contiguous, to find the place is faster than to find the value.
    return _flat(P).take(_flat_positions(P, P.argmax(axis=0)))


def product(A, X):
    """Return a product of matrices, equal columns for equal columns of X."""
    n_columns = X.shape[1]
    if n_columns % ROUND == 0:
        return A @ X
    padded = np.zeros((len(X), n_columns + ROUND - n_columns % ROUND))
    padded[:, :n_columns] = X
    return (A @ padded)[:, :n_columns]


def row_sums(rows):
    """Return the sums of rows, equal ones for equal rows.

    What may be a rounding error counts as one.
    """
    sums = np.einsum("ij->i", rows)
    sums[np.abs(sums - 1) <= rounding_error(rows.shape[1], rows.dtype)] = 1
    return sums


def rounding_error(n_classes, dtype):
    """Return how far from one the sum of a row may be by rounding errors."""
    return 4 * n_classes * np.finfo(dtype).eps


def most_probable_class(codes, block):
    """Return the first of the most probable classes of each sample."""
    return block.most_probable


def given_probability(codes, block):
    """Return the probability of each given label."""
    return block.of_given(codes)


def slices(n_samples, *, at_least=BLOCK_SIZE):
    """Yield slices of a vector that is worked on in parts."""
    length = max(at_least, BLOCK_SIZE)
    for start in range(0, n_samples, length):
        yield slice(start, start + length)


def nonzero(P):
    """Return classes and samples of the entries of a block that are not zero."""
    positions = np.flatnonzero(_flat(P))
    n_classes, n_samples = P.shape
    if P.flags.c_contiguous:
        return np.divmod(positions, n_samples)
    return np.divmod(positions, n_classes)[::-1]


def _flat(P):
    """Return a view of a matrix in one dimension."""
    return (P if P.flags.c_contiguous else P.T).reshape(-1)


def _flat_positions(P, codes):
    """Return where in the flat matrix the entry of each column's code is."""
    n_classes, n_samples = P.shape
    if P.flags.c_contiguous:
        return codes * n_samples + np.arange(n_samples)
    return codes + np.arange(0, n_classes * n_samples, n_classes)


class Samples:
    """Label codes and probabilities in NumPy arrays.

    Parameters
    ----------
    codes : ndarray of shape (n_samples,), dtype=intp, or None
        The column of each label.

    pred_probs : ndarray of shape (n_samples, n_classes)
        The probabilities, of any real dtype and memory order.

    classes : sequence of length n_classes, default=None
        The label that each code stands for.

    order : list of int, default=None
        The columns in the order of the codes.

    is_checked : bool, default=False
        Whether it is known that these are probabilities.

    n_jobs : int, default=None
        The number of threads.

    name : str, default="pred_probs"
        What an error calls the probabilities.

    first_row : int, default=None
        The row of the first sample, where these samples are a part of a data set.

    """

    def __init__(
        self,
        codes,
        pred_probs,
        *,
        classes=None,
        order=None,
        is_checked=False,
        n_jobs=None,
        name="pred_probs",
        first_row=None,
    ):
        self.codes = codes
        self.pred_probs = pred_probs
        self.classes = classes
        self.order = order
        self.n_jobs = n_jobs
        self.name = name
        self.first_row = first_row
        self.dtype = float_dtype_of(pred_probs.dtype)
        self.n_classes = pred_probs.shape[1]
        self._start, self._stop = 0, len(pred_probs)
        self._block_size = BLOCK_SIZE
        self._ones = np.ones(self.n_classes, dtype=self.dtype)
        self._rounding_error = rounding_error(self.n_classes, self.dtype)
        self._is_checked = is_checked
        self._has_to_clip = False
        # Whether all rows that were checked do, which nothing says of others.
        self._sums_to_one = not is_checked

    def __len__(self):
        return self._stop - self._start

    def map(self, function, *args, dtype=None, every_class=False):
        """Compute a value, or one for every class, for each sample.

        `function` gets the codes and the :class:`Block` of some samples, and `args`.
        """
        shape = (len(self), self.n_classes) if every_class else len(self)
        values = np.empty(shape, dtype=dtype or self.dtype)

        def fill(part):
            of_part = values[part._start - self._start : part._stop - self._start]
            for rows, codes, block in part._blocks():
                of_part[rows] = function(codes, block, *args).T

        self._in_parts(fill)
        return values

    def reduce(self, function, *args, merge=sum):
        """Compute something from the samples as a whole.

        `function` gets a part of these samples and `args`; `merge` gets the list of
        the results for all parts.
        """
        results = self._in_parts(lambda part: function(part, *args))
        return results[0] if len(results) == 1 else merge(results)

    @cached_property
    def own(self):
        """The probabilities of the given labels."""
        return self.map(given_probability)

    @cached_property
    def label_counts(self):
        """The number of samples of each label."""
        return np.bincount(self.codes, minlength=self.n_classes)

    def like_mapped(self, values):
        """Return an array with an entry for each sample as `map` would return it."""
        return values

    def matrix(self):
        """Return the checked probabilities as a matrix, the one passed if possible."""
        if not self._is_checked:
            self._in_parts(lambda part: deque(part._blocks(), maxlen=0))
        matrix = self.pred_probs.astype(self.dtype, copy=False)
        if self.order is not None:
            matrix = matrix[:, self.order]
        return np.clip(matrix, 0, 1) if self._has_to_clip else matrix

    def blocks(self):
        """Yield codes and the :class:`Block` of all samples, one after the other."""
        for _, codes, block in self._blocks():
            yield codes, block

    def every(self, step):
        """Return every step-th of the samples, counted from the whole data set's.

        They are not checked: what is wrong is told when all samples are read.
        """
        rows = slice(-((self.first_row or 0) + self._start) % step, len(self), step)
        sample = Samples(
            self.codes[rows],
            self.pred_probs[self._start : self._stop][rows],
            order=self.order,
            is_checked=True,
        )
        sample._has_to_clip = self._has_to_clip
        return sample

    def _in_parts(self, function):
        """Call a function with all samples, or with the part of each thread."""
        n_worth_it = len(self) * self.n_classes // SIZE_OF_THREAD
        n_threads = min(effective_n_jobs(self.n_jobs), n_worth_it)
        if n_threads <= 1:
            results = [function(self)]
        else:
            edges = np.linspace(self._start, self._stop, n_threads + 1).astype(int)
            parts = list(map(self._part, edges[:-1], edges[1:]))
            with ThreadPoolExecutor(n_threads) as threads:
                results = list(threads.map(function, parts))
            self._has_to_clip |= any(part._has_to_clip for part in parts)
            self._sums_to_one &= all(part._sums_to_one for part in parts)
        self._is_checked = True
        return results

    def _part(self, start, stop):
        part = copy.copy(self)
        vars(part).pop("label_counts", None)
        rows = slice(start - self._start, stop - self._start)
        if "own" in vars(self):
            part.own = self.own[rows]
        part._start, part._stop, part.n_jobs = start, stop, 1
        part._block_size = BLOCK_SIZE_OF_THREAD
        if self.codes is not None:
            part.codes = self.codes[rows]
        return part

    def _blocks(self):
        """Yield rows, codes and the :class:`Block` of all samples, one by one."""
        n_rows = max(1, self._block_size // self.n_classes)
        n_rows = n_rows - n_rows % ROUND if n_rows > ROUND else n_rows
        # A single row that is left over joins the block before it: its sum would be
        # rounded in another way, and equal rows must get equal scores.
        last = self._stop - (len(self) > 1)
        starts = [*range(self._start, last, n_rows), self._stop]
        for rows in map(slice, starts[:-1], starts[1:]):
            values = self.pred_probs[rows].astype(self.dtype, copy=False)
            if not self._is_checked or self._has_to_clip:
                values = self._checked(values)
            if self.order is not None:
                values = values.take(self.order, axis=1)
            codes, own = EVERY_CLASS, None
            here = slice(rows.start - self._start, rows.stop - self._start)
            if self.codes is not None:
                codes, own = self.codes[here], vars(self).get("own")
            yield (
                here,
                codes,
                Block(
                    values,
                    (self.first_row or 0) + rows.start,
                    None if own is None else own[here],
                    self._is_checked and self._sums_to_one,
                ),
            )

    def _checked(self, values):
        """Return probabilities, clipped where they have to be, or raise."""
        low = values.min()
        # A product with ones is the fastest sum of short rows. BLAS may raise flags
        # for what is in unused lanes.
        with np.errstate(all="ignore"):
            deviations = values @ self._ones
            deviations -= 1
            deviation = np.abs(deviations, out=deviations).max()
        self._sums_to_one &= bool(deviation <= self._rounding_error)
        if low >= 0 and deviation <= self._rounding_error:  # no entry is above one
            return values
        high = values.max()
        # Written so that NaN, which min and max hand on, fails the test.
        if not (low >= -RANGE_TOLERANCE and high <= 1 + RANGE_TOLERANCE):
            raise_for_value(self.pred_probs, self.name, self.first_row)
        # Rounding errors of sums in single precision must not decide.
        if deviation > ROW_SUM_TOLERANCE / 2 and self.dtype != np.float64:
            deviation = np.abs(values.sum(axis=1, dtype=np.float64) - 1).max()
        if deviation > ROW_SUM_TOLERANCE:
            raise_for_row_sum(self.pred_probs, self.name, self.first_row)
        if low < 0 or high > 1:
            self._has_to_clip, self._sums_to_one = True, False
            return np.clip(values, 0, 1)
        return values
