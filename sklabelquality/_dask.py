# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""Samples in dask arrays: the same steps, chunk by chunk, when their results are asked
for.

A chunk of rows is a data set of its own in memory. What is computed for each sample is
a blockwise map over the chunks, what is computed for all of them is merged as a tree.
The scheduler is whatever the user of dask has chosen.
"""

import numpy as np

from sklabelquality._samples import Samples
from sklabelquality._validation import (
    as_matrix,
    check_labels,
    check_matrix,
    check_same_length,
    encode_labels,
    float_dtype_of,
    integers_as_codes,
    refuse_masked,
)

# So many results for chunks are merged at a time.
FAN_IN = 8


def is_dask(value):
    """Whether a value is a dask array or data frame, without importing dask."""
    graph = getattr(value, "__dask_graph__", None)
    return callable(graph) and graph() is not None


class DaskSamples:
    """Label codes and probabilities in dask arrays.

    It has the steps of :class:`Samples`: `map` returns a dask array, `reduce` and
    `call` return delayed values, which the other steps take.

    Parameters
    ----------
    codes : dask array of shape (n_samples,), or None
        The column of each label, in chunks of the same rows as `pred_probs`.

    pred_probs : dask array of shape (n_samples, n_classes)
        The probabilities, in chunks of rows.

    name : str, default="pred_probs"
        What an error calls the probabilities.
    """

    is_in_parts = True

    def __init__(self, codes, pred_probs, *, name="pred_probs"):
        self.codes = codes
        self.pred_probs = pred_probs
        self.name = name
        self.shape = pred_probs.shape
        self.n_classes = self.shape[1]
        self.dtype = float_dtype_of(pred_probs.dtype)
        self._first_rows = first_rows(pred_probs)

    def __len__(self):
        return self.shape[0]

    def map(self, function, *args, dtype=None, every_class=False):
        """Compute a value, or one for every class, for each sample."""
        import dask.array as da

        dtype = dtype or self.dtype
        literals = [function, self.name, every_class, dtype, *args]
        return da.blockwise(
            _map_chunk,
            "ij" if every_class else "i",
            *(self._read_for(function, args), "ij"),
            *(self._first_rows, "i"),
            *(self.codes, None if self.codes is None else "i"),
            *(item for literal in literals for item in (literal, None)),
            concatenate=True,
            align_arrays=False,
            dtype=dtype,
            meta=np.empty((0,) * (1 + every_class), dtype=dtype),
        )

    def reduce(self, function, *args, merge=None):
        """Compute something from all samples, chunk by chunk, and merge as a tree."""
        arrays = self._read_for(function, args), self._first_rows, self.codes
        return _reduce(arrays, _reduce_chunk, function, self.name, *args, merge=merge)

    def count_labels(self):
        """Count the samples of each label; this reads no probabilities."""
        return _reduce([self.codes], np.bincount, None, self.n_classes)

    def _read_for(self, function, args):
        """Return pred_probs that are read for one step, when all else is at hand."""
        from dask.base import is_dask_collection, tokenize
        from dask.graph_manipulation import checkpoint

        needed = [self._first_rows, self.codes, *args]
        needed = checkpoint(*filter(is_dask_collection, needed))
        seed = tokenize(self.pred_probs, needed.key, function, *args)
        return read_again(self.pred_probs, seed, needed)

    def call(self, function, *args):
        """Compute something from what the other steps computed."""
        from dask import delayed

        return delayed(function, pure=True)(*args)

    def output(self, value, shape, dtype):
        """Return what a user gets for a result of `reduce` or `call`: a dask array."""
        import dask.array as da

        return da.from_delayed(value, shape, dtype)

    def compute(self, value):
        """Compute a result, or several in a container, at once."""
        import dask

        return dask.compute(value)[0]


def _map_chunk(pred_probs, first_row, codes, function, name, every_class, dtype, *args):
    samples = _samples_of_chunk(pred_probs, first_row, codes, name)
    return samples.map(function, *args, dtype=dtype, every_class=every_class)


def _reduce_chunk(pred_probs, first_row, codes, function, name, *args):
    return function(_samples_of_chunk(pred_probs, first_row, codes, name), *args)


def _samples_of_chunk(pred_probs, first_row, codes, name):
    refuse_masked(pred_probs, first_row=int(first_row[0]))
    pred_probs = np.asarray(pred_probs)
    if codes is not None:
        codes = codes.astype(np.intp)
    return Samples(codes, pred_probs, name=name, first_row=int(first_row[0]))


def _reduce(arrays, function, *args, merge=None):
    """Call a function with the chunks of arrays and with `args`, and merge as a tree.

    Merged are lists of results, None by adding them up.
    """
    from dask._task_spec import List, Task, TaskRef
    from dask.base import is_dask_collection, tokenize
    from dask.core import flatten
    from dask.delayed import Delayed
    from dask.highlevelgraph import HighLevelGraph

    merge = merge or sum_up
    token = tokenize(*arrays, function, *args, merge)
    name = f"reduce-{token}"
    delayed_args = [arg for arg in args if is_dask_collection(arg)]
    args = [TaskRef(arg.key) if is_dask_collection(arg) else arg for arg in args]
    chunks = zip(*(flatten(array.__dask_keys__()) for array in arrays), strict=True)
    graph = {}
    parts = []
    for chunk in chunks:
        key = (name, 0, len(parts))
        graph[key] = Task(key, function, *map(TaskRef, chunk), *args)
        parts.append(key)
    level = 0
    while len(parts) > 1:
        level += 1
        groups = [parts[i : i + FAN_IN] for i in range(0, len(parts), FAN_IN)]
        parts = [(name, level, i) for i in range(len(groups))]
        for key, group in zip(parts, groups, strict=True):
            graph[key] = Task(key, merge, List(*map(TaskRef, group)))
    dependencies = [*arrays, *delayed_args]
    layers = HighLevelGraph.from_collections(name, graph, dependencies=dependencies)
    return Delayed(parts[0], layers, layer=name)


def sum_up(parts):
    """Add up a list of numbers, arrays or sparse arrays."""
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


def read_again(array, seed, needed):
    """Return the same dask array under other names, to be read once `needed` is there.

    If steps shared the chunks that are read, all of these would stay in memory until
    the last of the steps. If chunks were read before what else the step needs is there,
    they would stay until then.
    """
    import dask.array as da
    from dask._task_spec import Alias, DataNode, Task, TaskRef, convert_legacy_graph
    from dask.base import clone_key
    from dask.core import flatten
    from dask.highlevelgraph import HighLevelGraph

    old_graph = dict(array.__dask_graph__())
    graph = convert_legacy_graph(old_graph)
    # What a cluster keeps is no task, and has no place in the converted graph.
    in_memory = old_graph.keys() - {
        name for name, task in graph.items() if not isinstance(task, DataNode)
    }
    outputs = list(flatten(array.__dask_keys__()))
    if in_memory.issuperset(outputs):
        return array
    new_names = {name: clone_key(name, seed) for name in graph.keys() - in_memory}
    new_graph = {name: old_graph[name] for name in in_memory}
    for name, new_name in new_names.items():
        task = graph[name]
        new_task = task.substitute(new_names, key=new_name)
        if task.dependencies <= in_memory:
            new_task = Task(new_name, _first_of, new_task, TaskRef(needed.key))
        new_graph[new_name] = new_task
    for name in in_memory.intersection(outputs):
        new_name = clone_key(name, seed)
        new_graph[new_name] = Alias(new_name, name)
    name = clone_key(array.name, seed)
    return da.Array(
        HighLevelGraph.from_collections(name, new_graph, dependencies=[needed]),
        name,
        array.chunks,
        meta=array._meta,
    )


def _first_of(value, _):
    return value


# -- from what a user passed -----------------------------------------------------------


def as_dask_matrix(pred_probs, labels=None):
    """Return pred_probs as a dask array in chunks of rows, or raise."""
    import dask.array as da

    _check_is_array(pred_probs, "pred_probs")
    _check_is_array(labels, "labels")
    if not is_dask(pred_probs):
        chunks = _known_chunks(labels, "labels")[0], -1
        pred_probs = as_matrix(pred_probs)
        check_same_length(labels, pred_probs)
        return da.from_array(pred_probs, chunks=chunks)
    check_matrix(pred_probs)
    _known_chunks(pred_probs, "pred_probs")
    return pred_probs.rechunk({1: -1})


def as_dask_codes(labels, pred_probs, classes):
    """Return the codes of labels as a dask array in the chunks of pred_probs."""
    import dask.array as da

    _check_is_array(labels, "labels")
    if not is_dask(labels):
        labels = da.from_array(labels, chunks=-1)
    if labels.ndim != 1:
        raise ValueError(
            "labels must be one-dimensional, one class label per sample, but has "
            f"shape {labels.shape}; pass labels.ravel() if it is a single column."
        )
    _known_chunks(labels, "labels")
    check_same_length(labels, pred_probs)
    labels = labels.rechunk((pred_probs.chunks[0],))
    # They stay in memory as long as steps are to come, so they had better be small.
    dtype = np.min_scalar_type(pred_probs.shape[1])
    return da.blockwise(
        _encode_chunk,
        "i",
        *(labels, "i"),
        *(first_rows(pred_probs), "i"),
        *(classes, None),
        *(pred_probs.shape[1], None),
        *(dtype, None),
        align_arrays=False,
        dtype=dtype,
        meta=np.empty(0, dtype=dtype),
    )


def _encode_chunk(labels, first_row, classes, n_classes, dtype):
    first_row = int(first_row[0])
    if len(labels) == 0:
        return np.empty(0, dtype=dtype)
    labels = check_labels(labels, first_row=first_row)
    if classes is not None:
        return encode_labels(labels, classes, first_row=first_row).astype(dtype)
    if labels.dtype.kind in "biuf":
        return integers_as_codes(labels, n_classes, first_row).astype(dtype)
    raise ValueError(
        "labels in a dask array must be integers when classes is not given, but are "
        f"such as {labels[:1].tolist()[0]!r}; pass classes=, the labels that the "
        "columns of pred_probs stand for, such as the classifier's classes_."
    )


def first_rows(array):
    """Return the first row of each chunk, in a dask array of as many chunks."""
    import dask.array as da

    sizes = np.asarray(array.chunks[0], dtype=np.int64)
    return da.from_array(np.cumsum(sizes) - sizes, chunks=1)


def _check_is_array(value, name):
    import dask.array as da

    if is_dask(value) and not isinstance(value, da.Array):
        is_frame = hasattr(type(value), "to_dask_array")
        remedy = "to_dask_array(lengths=True)" if is_frame else "compute()"
        raise TypeError(
            f"{name} must be an array, but is a dask {type(value).__name__}; pass "
            f"{name}.{remedy}."
        )


def _known_chunks(array, name):
    """Return the chunks of a dask array, or raise if their sizes are not known."""
    if np.isnan(np.concatenate(array.chunks).astype(float)).any():
        raise ValueError(
            f"{name} must be a dask array with chunks of known sizes, but has the "
            f"shape {array.shape}; call {name}.compute_chunk_sizes() first, or pass "
            "lengths=True to to_dask_array."
        )
    return array.chunks
