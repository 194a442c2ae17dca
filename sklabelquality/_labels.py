# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""Labels and classes: from whatever names a class to label codes.

1. :func:`read_labels` finds the distinct labels, if these are strings or other objects,
   in one pass over the samples, and checks them. Numbers and dates stay as they are.
2. :func:`encode_labels` and its siblings turn the distinct labels, or the numbers, into
   codes.

Nothing is guessed: where labels do not tell the order of the classes, the error asks
for ``classes``.
"""

import datetime
import numbers
import unicodedata
import warnings
from collections import defaultdict

import numpy as np
from scipy import sparse
from sklearn.exceptions import DataConversionWarning

from sklabelquality._errors import brief, of_rows

# Numbers that are this close together are looked up in a table, others are searched.
MAX_TABLE = 2**20


# -- labels ----------------------------------------------------------------------------


class Labels:
    """Labels by value and position.

    Parameters
    ----------
    values : ndarray
        The distinct labels, or all labels where `positions` is None.

    positions : ndarray of shape (n_samples,), default=None
        The position in `values` of each label.
    """

    def __init__(self, values, positions=None):
        self.values = values
        self.positions = positions

    def __len__(self):
        return len(self.values if self.positions is None else self.positions)

    def take(self, of_values):
        """Return what belongs to each label, from what belongs to each value."""
        return of_values if self.positions is None else of_values[self.positions]

    def to_array(self):
        return self.take(self.values)


def check_labels(labels, *, name="labels", first_row=0):
    """Return labels as a one-dimensional array without missing values.

    Numbers, booleans and dates that came as objects get their natural dtype, so that
    ``[True, 2.0]`` and a nullable integer column are as good as an integer array.
    Errors count positions from `first_row`.
    """
    return read_labels(labels, name=name, first_row=first_row).to_array()


def read_labels(labels, *, name="labels", first_row=0):
    """Return checked labels by value and position, see :func:`check_labels`."""
    read = _read_pandas(labels) or _read_polars(labels)
    if read is None:
        array = _as_label_array(labels, name, first_row)
        read = (
            _read_objects(array, name) if array.dtype.kind in "OUS" else Labels(array)
        )
    values = read.values
    if read.positions is not None:
        is_missing = np.fromiter(map(is_missing_value, values), dtype=bool)
        _check_none_missing(read.take(is_missing), name, first_row)
        read = Labels(_with_natural_dtype(values, name), read.positions)
    elif values.dtype.kind == "f":
        _check_none_missing(np.isnan(values), name, first_row)
    elif values.dtype.kind in "mM":
        _check_none_missing(np.isnat(values), name, first_row)
    elif values.dtype.kind == "c":
        raise ValueError(
            f"Complex data not supported: {name} must name classes, but holds complex "
            f"numbers such as {values[0]} at position 0; pass integers or strings."
        )
    if read.values.dtype.kind == "f":
        _check_integral(read, name, first_row)
    return read


def _read_pandas(labels):
    """Return pandas' own codes of labels, None for numbers and anything else."""
    dtype = getattr(labels, "dtype", None)
    if not type(labels).__module__.startswith("pandas") or len(labels) == 0:
        return None
    if hasattr(dtype, "categories"):
        labels = getattr(labels, "cat", labels)
        return _in_use(np.asarray(labels.categories, dtype=object), labels.codes)
    if not hasattr(labels, "factorize") or (
        dtype.kind in "biufcmM"
        and not (hasattr(dtype, "tz") or hasattr(dtype, "na_value"))
    ):
        return None
    try:
        positions, values = labels.factorize()
    except TypeError:  # not hashable, as _read_objects will say
        return None
    return _in_use(np.asarray(values, dtype=object), positions)


def _read_polars(labels):
    """Return polars' own codes of strings, None for anything else."""
    if not type(labels).__module__.startswith("polars") or len(labels) == 0:
        return None
    import polars as pl

    if not isinstance(labels, pl.Series) or labels.dtype not in (
        pl.String,
        pl.Categorical,
        pl.Enum,
    ):
        return None
    if labels.dtype == pl.String:
        labels = labels.cast(pl.Categorical)
    codes = labels.to_physical().cast(pl.Int64).fill_null(-1).to_numpy()
    values = np.empty(codes.max() + 1, dtype=object)
    used, first = np.unique(codes, return_index=True)
    first = first[used >= 0]
    values[used[used >= 0]] = labels.gather(first).to_list()
    return _in_use(values, codes)


def _in_use(values, codes):
    """Return labels by the values that codes use, and None for negative codes."""
    codes = np.asarray(codes, dtype=np.intp)
    if codes.min() < 0:
        values = np.append(values, [None])
        codes = np.where(codes < 0, len(values) - 1, codes)
    is_used = np.bincount(codes, minlength=len(values)) > 0
    if is_used.all():
        return Labels(values, codes)
    return Labels(values[is_used], (np.cumsum(is_used) - 1)[codes])


def _as_label_array(labels, name, first_row):
    """Return labels as a 1-D array, whatever container they came in."""
    each = "column of pred_probs" if name == "classes" else "sample"
    if sparse.issparse(labels):
        is_one_hot = labels.ndim == 2 and min(labels.shape) > 1
        remedy = "argmax(axis=1)" if is_one_hot else "toarray().ravel()"
        raise TypeError(
            f"{name} must be a dense array, but is a sparse {type(labels).__name__}; "
            f"pass {name}.{remedy}."
        )
    if isinstance(labels, np.ma.MaskedArray) and np.ma.is_masked(labels):
        _check_none_missing(np.ma.getmaskarray(labels), name, first_row)
    try:
        # NumPy would turn None, NaN and numbers next to strings into strings.
        is_text = isinstance(labels, list) and isinstance((labels or [0])[0], str)
        array = np.asarray(labels, dtype=object if is_text else None)
        # It would turn large integers into floats that cannot tell them apart.
        if array.dtype.kind in "USTf" and not hasattr(labels, "dtype"):
            array = np.asarray(labels, dtype=object)
    except ValueError:
        raise ValueError(
            f"{name} must be one-dimensional, one class label per {each}, but its "
            f"entries differ in length; multilabel {name} are not supported."
        ) from None
    if array.dtype.kind == "T":
        array = array.astype(object)
    if array.ndim == 0:
        raise TypeError(
            f"{name} must be an array-like of one class label per {each}, but is "
            f"{brief(labels)} of type {type(labels).__name__}; pass a list or an "
            "array."
        )
    if array.ndim == 2 and array.shape[1] == 1:
        warnings.warn(
            f"A column-vector {name} was passed when a 1d array was expected. Please "
            f"change the shape of {name} to (n_samples,), for example using ravel().",
            DataConversionWarning,
            stacklevel=2,
        )
        array = array.ravel()
    if array.ndim != 1:
        raise ValueError(
            f"{name} must be one-dimensional, one class label per {each}, but has "
            f"shape {array.shape}; for one-hot {name} pass their argmax(axis=1), "
            "multilabel targets are not supported."
        )
    if array.size == 0:
        raise ValueError(
            f"{name} must have at least one sample, but is empty; pass the labels of "
            "the samples to score."
        )
    return array


def _read_objects(labels, name):
    """Find the distinct objects; the loop over the samples runs in C."""
    position_of = defaultdict()
    position_of.default_factory = position_of.__len__
    positions = np.empty(len(labels), dtype=np.intp)
    try:
        # As lists that stay in the cache.
        for start in range(0, len(labels), 2**12):
            part = labels[start : start + 2**12].tolist()
            found = map(position_of.__getitem__, part)
            positions[start : start + 2**12] = np.fromiter(found, np.intp, len(part))
    except TypeError:
        raise ValueError(
            f"{name} must be one-dimensional, one class label per sample, but holds "
            f"{brief(labels[0])} at position 0; pass strings or numbers."
        ) from None
    return Labels(as_label_array(list(position_of), dtype=labels.dtype), positions)


def _with_natural_dtype(values, name):
    """Give distinct objects that are booleans, numbers or dates their own dtype."""
    objects = values.tolist()
    if all(isinstance(value, bool | np.bool_) for value in objects):
        return values.astype(bool)
    if all(isinstance(value, numbers.Real | np.bool_) for value in objects):
        natural = np.asarray(objects)
        if natural.dtype.kind == "O" or len(set(natural.tolist())) < len(objects):
            raise ValueError(
                f"{name} must be numbers that one NumPy dtype can tell apart, but "
                f"range from {min(objects)} to {max(objects)}; pass them as strings."
            )
        return natural
    for kind, dtype in ((datetime.datetime, "M8"), (datetime.timedelta, "m8")):
        if all(isinstance(value, kind) for value in objects) and not any(
            getattr(value, "tzinfo", None) for value in objects
        ):  # pandas' own have nanoseconds, which asm8 keeps
            return np.array([getattr(v, "asm8", v) for v in objects], dtype=dtype)
    return values


def is_missing_value(value):
    """Tell None, NaN, NaT and pandas.NA from values, without importing pandas."""
    if value is None:
        return True
    try:
        return bool(value != value)
    except (TypeError, ValueError):  # the truth of NA != NA is not defined
        return True


def _check_none_missing(is_missing, name, first_row):
    if is_missing.any():
        raise ValueError(
            f"{name} must not contain missing values (NaN, None, NA or masked), but "
            f"{np.count_nonzero(is_missing)} of {is_missing.size} are missing, the "
            f"first at position {int(is_missing.argmax()) + first_row}; drop these "
            "samples or label them."
        )


def _check_integral(labels, name, first_row):
    values = labels.values
    with np.errstate(invalid="ignore"):
        is_wrong = ~(np.isfinite(values) & (values == np.floor(values)))
    if is_wrong.any():
        first = int(labels.take(is_wrong).argmax())
        raise ValueError(
            f"{name} must be class labels, but has continuous values such as "
            f"{labels.to_array()[first]} at position {first + first_row}; bin the "
            "values into classes or pass the classes as integers or strings."
        )


# -- codes -----------------------------------------------------------------------------


def encode_columns(labels, n_classes, classes=None):
    """Return the column of each label, and the classes of the columns."""
    if classes is not None:
        return encode_labels(labels, classes), classes
    dtype = labels.values.dtype
    if dtype.kind in "biuf":
        codes = encode_labels(labels, range(n_classes))
        return codes, unnamed_classes(dtype, n_classes)
    classes, codes = factorize_labels(labels)
    if len(classes) != n_classes:
        raise ValueError(
            "labels must use each class at least once when they are not integers and "
            f"classes is not given, but has {len(classes)} distinct values for the "
            f"{n_classes} columns of pred_probs; pass classes=, the labels that the "
            "columns stand for, such as the classifier's classes_."
        )
    return codes, as_list(classes)


def unnamed_classes(dtype, n_classes):
    """Return what the columns stand for where the user did not say."""
    return [False, True] if dtype.kind == "b" and n_classes == 2 else range(n_classes)


def encode_labels(labels, classes, *, name="labels", first_row=None):
    """Return the position of each label in the sequence of classes.

    A range stands for the columns themselves, where the user did not name them.
    """
    if isinstance(classes, range):
        return labels.take(_integers_as_codes(labels, len(classes), first_row))
    codes = find_labels(labels, classes)
    if codes.min() < 0:
        first = int(codes.argmin())
        raise ValueError(
            f"{name} must be among the {len(classes)} classes, but "
            f"{np.count_nonzero(codes < 0)} of {len(codes)} are not, the first "
            f"({as_list(labels.to_array()[first : first + 1])[0]!r}) at "
            f"position {first + (first_row or 0)}; the classes are "
            f"{brief(list(classes))}."
        )
    return codes


def _integers_as_codes(labels, n_classes, first_row):
    """Return integer labels 0..n_classes-1 as codes; booleans are 0 and 1."""
    values = labels.values
    if values.dtype.kind not in "biuf":
        raise ValueError(
            "labels in a dask array must be integers when classes is not given, but "
            f"are such as {as_list(values[:1])[0]!r}; pass classes=, the labels that "
            "the columns of pred_probs stand for, such as the classifier's classes_."
        )
    low, high = values.min(), values.max()
    if low < 0 or high > n_classes - 1:
        rows = of_rows(labels.to_array(), first_row)
        range_of = f"those{rows} range" if rows else "range"
        raise ValueError(
            f"labels must be integers from 0 to {n_classes - 1} (the columns of "
            f"pred_probs) when classes is not given, but {range_of} from {low} to "
            f"{high}; pass classes=, the labels that the columns stand for, such as "
            "the classifier's classes_."
        )
    return values.astype(np.intp, copy=False)


def find_labels(labels, classes):
    """Return the position of each label in the sequence of classes, or -1."""
    codes = _find_numbers(labels.values, as_label_array(classes))
    if codes is None:
        code_of = {label: code for code, label in enumerate(classes)}
        codes = [code_of.get(value, -1) for value in as_list(labels.values)]
        codes = np.array(codes, dtype=np.intp)
    return labels.take(codes)


def _find_numbers(values, classes):
    """Return the position of each number or date among the classes, or -1.

    Return None if these are something else, or do not fit into 64 bits.
    """
    values, classes = _as_same_dates(values, classes), _as_same_dates(classes, values)
    kinds = {values.dtype.kind, classes.dtype.kind}
    if kinds in ({"m"}, {"M"}):
        try:
            dtype = np.promote_types(values.dtype, classes.dtype)
        except TypeError:  # months have no number of days
            return None
        values, classes = values.astype(dtype), classes.astype(dtype)
        values, classes = values.view(np.int64), classes.view(np.int64)
    elif not kinds <= set("biuf") or not (_fit(values) and _fit(classes)):
        return None
    values, classes = (v.astype(np.int64, copy=False) for v in (values, classes))
    low, high = int(classes.min()), int(classes.max())
    codes = np.arange(len(classes))
    if high - low >= MAX_TABLE:
        order = np.argsort(classes)
        places = np.searchsorted(classes[order], values).clip(max=len(classes) - 1)
        codes = order[places]
        return np.where(classes[codes] == values, codes, -1)
    table = np.full(high - low + 1, -1)
    table[classes - low] = codes
    if values.min() >= low and values.max() <= high:
        return table.take(values - low if low else values)
    is_inside = (values >= low) & (values <= high)
    return np.where(is_inside, table.take(np.where(is_inside, values - low, 0)), -1)


def _as_same_dates(values, others):
    """Return dates of the calendar as NumPy's, if the others are."""
    is_date = values.dtype.kind == "O" and others.dtype.kind == "M"
    if is_date and all(type(value) is datetime.date for value in values.tolist()):
        return values.astype("M8[D]")
    return values


def _fit(values):
    """Whether numbers are integral, and fit into 64 bits with a sign."""
    if values.dtype.kind == "f":
        return bool((np.abs(values) < 2**63).all() and (values % 1 == 0).all())
    return values.dtype != np.uint64 or values.max() < 2**63


def factorize_labels(labels, *, name="labels"):
    """Return the sorted distinct labels and, for each label, its position in them."""
    if labels.positions is None:
        classes = np.unique(labels.values)
        return classes, find_labels(labels, as_list(classes))
    values = as_list(labels.values)
    try:
        order = sorted(range(len(values)), key=values.__getitem__)
    except TypeError:
        types = sorted({type(value).__name__ for value in values})
        raise ValueError(
            f"{name} must be of one kind, but mixes {' and '.join(types)}, which have "
            "no common order; convert all of them to strings."
        ) from None
    codes = np.empty(len(order), dtype=np.intp)
    codes[order] = np.arange(len(order))
    return labels.values[order], codes[labels.positions]


# -- classes ---------------------------------------------------------------------------


def check_classes(classes, n_classes):
    """Return classes as a list of distinct labels, one for each column."""
    classes = as_list(check_labels(classes, name="classes"))
    if len(classes) != n_classes:
        raise ValueError(
            "classes must name each column of pred_probs, but has "
            f"{len(classes)} entries for {n_classes} columns; pass the labels of the "
            "columns in their order, such as the classifier's classes_."
        )
    if len(set(classes)) != n_classes:
        twice = next(label for label in classes if classes.count(label) > 1)
        raise ValueError(
            f"classes must be distinct, but {twice!r} is there more than once; give "
            "each column of pred_probs a label of its own."
        )
    return classes


def warn_of_lookalikes(classes, name="labels"):
    """Warn of classes that differ by space, case or Unicode form only."""
    alike = defaultdict(list)
    for label in as_list(np.asarray(classes)):
        if isinstance(label, str):
            key = unicodedata.normalize("NFKC", label).casefold()
            alike[" ".join(key.split())].append(label)
    groups = [group for group in alike.values() if len(group) > 1]
    if groups:
        shown = "; ".join(", ".join(map(ascii, group)) for group in groups[:5])
        warnings.warn(
            f"{name} has classes that differ by space, case or Unicode form only, "
            f"{shown}: they count as different classes; give them one name if they "
            "are one class.",
            UserWarning,
            stacklevel=4,
        )


def as_list(labels):
    """Return an array of labels as a list of Python objects, dates as NumPy's."""
    return list(labels) if labels.dtype.kind in "mM" else labels.tolist()


def as_label_array(classes, dtype=None):
    """Return a sequence of labels as an array that tells them apart as they are."""
    if dtype is None or dtype.kind != "O":
        array = np.asarray(classes, dtype=dtype)
        if array.ndim == 1 and as_list(array) == list(classes):
            return array
    array = np.empty(len(classes), dtype=object)
    array[:] = classes
    return array
