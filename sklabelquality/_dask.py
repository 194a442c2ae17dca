# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""Samples in dask arrays: what is learned is computed, what is per sample stays lazy.

A chunk of rows is a data set of its own in memory. What is computed for each sample is
a blockwise map over the chunks; what is learned from all of them is merged as a tree.
The scheduler is whatever the user of dask has chosen.
"""

from functools import cached_property, partial

import numpy as np

from sklabelquality._labels import encode_labels, read_labels
from sklabelquality._probabilities import check_matrix, float_dtype_of, refuse_masked
from sklabelquality._samples import Samples

# Number of results of chunks that are merged at a time.
FAN_IN = 8


def is_dask(value):
    """Whether a value is a dask array or data frame, without importing dask."""
    graph = getattr(value, "__dask_graph__", None)
    return callable(graph) and graph() is not None


class DaskSamples:
    """Label codes and probabilities, one or both of them in dask arrays.

    It has the steps of :class:`Samples`: `map` returns a dask array, `reduce` computes.
    Arguments of both go to the tasks as they are: as tasks of their own they would be
    scheduled after chunks that wait for them in memory.

    Parameters
    ----------
    codes : array of shape (n_samples,), or None
        The column of each label.

    pred_probs : array of shape (n_samples, n_classes)
        The probabilities.

    classes : sequence of length n_classes, default=None
        The label that each code stands for.

    order : list of int, default=None
        The columns in the order of the codes.

    name : str, default="pred_probs"
        What an error calls the probabilities.
    """

    def __init__(
        self, codes, pred_probs, *, classes=None, order=None, name="pred_probs"
    ):
        import dask.array as da

        if not is_dask(pred_probs):
            pred_probs = da.from_array(pred_probs, chunks=(*codes.chunks, -1))
        self.pred_probs = pred_probs.rechunk({1: -1})
        self._rows = self.pred_probs.chunks[0]
        if codes is not None:
            # They stay in memory between two steps, so they should be small.
            codes = codes.astype(np.min_scalar_type(pred_probs.shape[1]))
            codes = self.like_mapped(codes)
        self.codes = codes
        self._has_codes = False
        self.classes = classes
        self.order = order
        self.name = name
        self.n_classes = pred_probs.shape[1]
        self.dtype = float_dtype_of(pred_probs.dtype)

    def __len__(self):
        return len(self.pred_probs)

    def map(self, function, *args, dtype=None, every_class=False):
        """Compute a value, or one for every class, for each sample."""
        dtype = np.dtype(dtype or self.dtype)
        step = partial(Samples.map, dtype=dtype, every_class=every_class)
        return self._map_chunks(step, function, args, dtype, every_class)

    def reduce(self, function, *args, merge=sum):
        """Compute something from all samples, chunk by chunk, and merge as a tree."""
        self._keep_codes()
        parts = self._map_chunks(_reduce_chunk, function, args, object)
        return _compute_merged(parts, merge)

    @cached_property
    def label_counts(self):
        """The number of samples of each label; this reads no probabilities."""
        self._keep_codes()
        count = partial(_count_chunk, n_classes=self.n_classes)
        parts = self.codes.map_blocks(count, dtype=object, meta=np.empty(0, object))
        return _compute_merged(parts, sum)

    def like_mapped(self, values):
        """Return an array with an entry for each sample as `map` would return it."""
        import dask.array as da

        if is_dask(values):
            return values.rechunk((self._rows,))
        return da.from_array(values, chunks=(self._rows,))

    def _keep_codes(self):
        if not self._has_codes:
            self.codes = self.codes.persist()
            self._has_codes = True

    def _map_chunks(self, step, function, args, dtype, every_class=False):
        import dask.array as da

        read = partial(_samples_of_chunk, order=self.order, name=self.name)
        return da.blockwise(
            partial(_take_step, read, step, function, args),
            "ij" if every_class else "i",
            *(self.pred_probs, "ij"),
            *(first_rows(self._rows), "i"),
            *(self.codes, None if self.codes is None else "i"),
            concatenate=True,
            align_arrays=False,
            dtype=dtype,
            meta=np.empty((0,) * (1 + every_class), dtype=dtype),
        )


def _take_step(read, step, function, args, *chunk):
    return step(read(*chunk), function, *args)


def _samples_of_chunk(pred_probs, first_row, codes, *, order, name):
    first_row = int(first_row[0])
    refuse_masked(pred_probs, first_row=first_row)
    return Samples(
        None if codes is None else codes.astype(np.intp),
        np.asarray(pred_probs),
        order=order,
        name=name,
        first_row=first_row,
    )


def _reduce_chunk(samples, function, *args):
    return _as_part(Samples.reduce(samples, function, *args))


def _count_chunk(codes, n_classes):
    return _as_part(np.bincount(codes, minlength=n_classes))


def _as_part(result):
    """Return the result for a chunk, of any kind, as an array of one entry."""
    part = np.empty(1, dtype=object)
    part[0] = result
    return part


def _compute_merged(parts, merge):
    """Merge the results for all chunks, some at a time, and compute it."""
    import dask.array as da

    merge = partial(_merge_parts, merge=merge)
    merged = da.reduction(
        parts,
        chunk=_keep_part,
        combine=merge,
        aggregate=merge,
        split_every=FAN_IN,
        concatenate=False,
        dtype=object,
        meta=np.empty((), dtype=object),
    )
    return merged.compute()[0]


def _keep_part(part, axis, keepdims):
    return part


def _merge_parts(parts, axis, keepdims, merge):
    parts = [part[0] for part in parts] if isinstance(parts, list) else [parts[0]]
    return _as_part(parts[0] if len(parts) == 1 else merge(parts))


def first_rows(sizes):
    """Return the first row of each chunk, in a dask array of as many chunks."""
    import dask.array as da

    sizes = np.asarray(sizes, dtype=np.int64)
    return da.from_array(np.cumsum(sizes) - sizes, chunks=1)


# -- from what a user passed -----------------------------------------------------------


def check_dask_array(value, name):
    """Raise unless a dask collection is an array with chunks of known sizes."""
    import dask.array as da

    if not isinstance(value, da.Array):
        is_frame = hasattr(type(value), "to_dask_array")
        remedy = "to_dask_array(lengths=True)" if is_frame else "compute()"
        raise TypeError(
            f"{name} must be an array, but is a dask {type(value).__name__}; pass "
            f"{name}.{remedy}."
        )
    if name == "pred_probs":
        check_matrix(value)
    elif value.ndim != 1:
        raise ValueError(
            f"{name} must be one-dimensional, one class label per sample, but has "
            f"shape {value.shape}; pass {name}.ravel() if it is a single column."
        )
    if np.isnan(np.concatenate(value.chunks).astype(float)).any():
        raise ValueError(
            f"{name} must be a dask array with chunks of known sizes, but has the "
            f"shape {value.shape}; call {name}.compute_chunk_sizes() first, or pass "
            "lengths=True to to_dask_array."
        )
    return value


def encode_chunks(labels, pred_probs, classes):
    """Return the codes of labels as a dask array, in the chunks of pred_probs."""
    import dask.array as da

    if is_dask(pred_probs):
        labels = labels.rechunk((pred_probs.chunks[0],))
    return da.map_blocks(
        _encode_chunk,
        labels,
        first_rows(labels.chunks[0]),
        chunks=labels.chunks,
        classes=classes,
        dtype=np.intp,
        meta=np.empty(0, dtype=np.intp),
    )


def _encode_chunk(labels, first_row, classes):
    if len(labels) == 0:
        return np.empty(0, dtype=np.intp)
    first_row = int(first_row[0])
    labels = read_labels(labels, first_row=first_row)
    return encode_labels(labels, classes, first_row=first_row)
