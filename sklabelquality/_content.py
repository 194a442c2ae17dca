# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""What labels belong to, to be shown beside them: texts, images or rows of a table."""

import base64
import io
from collections import Counter
from numbers import Real

import numpy as np
from scipy.sparse import issparse

from sklabelquality._answers import as_cells
from sklabelquality._copies import columns_of_frame
from sklabelquality._errors import brief
from sklabelquality._sklearn import _num_samples, _safe_indexing

# A row of a table is shown up to this many columns, the unusual ones first.
MOST_COLUMNS = 200
# Numbers farther from the quartiles than this many times their distance stand out.
FAR_OUT = 3
# Entries that fewer than this share of the samples have stand out.
RARE = 0.01


def kind_of(X, n_samples, image_shape=None):
    """Return "image", "text" or "table", or say what is wrong with X."""
    if _num_samples(X) != n_samples:
        raise ValueError(
            f"X must have a row for each of the {n_samples} labels, but has "
            f"{_num_samples(X)}; pass the samples that the labels belong to."
        )
    if hasattr(X, "columns") or issparse(X):
        return "table"
    if not hasattr(X, "shape"):
        X = np.asarray(X[:1]) if not isinstance(X[0], str) else np.empty(1, dtype=str)
    if image_shape is not None or len(X.shape) > 2:
        return "image"
    return "table" if len(X.shape) == 2 else "text"


def content_columns(X, rows, n_samples, others):
    """Return the columns of a sheet that show the samples, named unlike the others."""
    if X is None:
        return {}
    kind = kind_of(X, n_samples)
    if kind == "image":
        raise ValueError(
            "X must be texts or a table for a sheet, but holds images; show them by "
            "save_html(path, X=X)."
        )
    if kind == "text":
        columns = {"text": _take(X, rows)}
    else:
        columns = _columns_of(_take(X, rows))
    names = as_cells([f"{name} of X" if name in others else name for name in columns])
    return dict(zip(names, map(as_cells, columns.values()), strict=True))


def show(X, rows, image_shape=None):
    """Return what a page shows of some samples, as JSON can hold it.

    Parameters
    ----------
    X : array-like of n_samples rows
        Texts, images or a table.

    rows : ndarray of shape (n_rows,)
        The positions of the samples.

    image_shape : tuple of int, default=None
        The shape of an image, where X has a row of numbers for each.

    Returns
    -------
    shown : list of dict
        For each sample its kind and a text, the source of an image, or names, values
        and whether they are unusual.
    """
    kind = kind_of(X, _num_samples(X), image_shape)
    if kind == "text":
        return [{"kind": kind, "text": str(text)} for text in _take(X, rows)]
    if kind == "image":
        images = _as_images(_take(X, rows), image_shape)
        return [{"kind": kind, "src": src} for src in _as_png(images)]
    columns = _columns_of(_take(X, rows))
    unusual = _unusual(X, rows)
    shown = []
    for place in range(len(rows)):
        cells = [
            [str(name), _as_text(column[place]), bool(unusual[name][place])]
            for name, column in columns.items()
            if not issparse(X) or column[place] != 0
        ]
        cells = sorted(cells, key=lambda cell: not cell[2])[:MOST_COLUMNS]
        shown.append({"kind": kind, "rows": cells})
    return shown


def _take(X, rows):
    if isinstance(X, list | tuple):
        return [X[row] for row in rows]
    if issparse(X):
        return X.tocsr()[rows]
    if hasattr(X, "iloc"):
        return X.iloc[rows]
    return _safe_indexing(X, rows)


def _columns_of(X):
    """Return the columns of a table by their names, of which equal ones are counted."""
    if issparse(X):
        X = X.toarray()
    if not hasattr(X, "columns"):
        return {f"x{i}": column for i, column in enumerate(np.asarray(X).T.tolist())}
    found, n_alike = {}, Counter()
    for name, column in zip(map(str, X.columns), columns_of_frame(X), strict=True):
        n_alike[name] += 1
        shown = f"{name} ({n_alike[name]})" if n_alike[name] > 1 else name
        while shown in found:
            shown += "'"
        found[shown] = column
    return found


def _unusual(X, rows):
    """Return for each column which of some rows stand out from all rows."""
    if issparse(X):
        return {f"x{i}": np.zeros(len(rows), dtype=bool) for i in range(X.shape[1])}
    found = {}
    for name, column in _columns_of(X).items():
        are_numbers = all(isinstance(value, Real) for value in column)
        values = np.asarray(column) if are_numbers else np.empty(0, dtype=object)
        if values.dtype.kind in "iuf":
            known = values[np.isfinite(values)]
            low, high = np.percentile(known, [25, 75]) if len(known) else (0, 0)
            margin = FAR_OUT * (high - low)
            is_far = (values < low - margin) | (values > high + margin)
            found[name] = is_far[rows] if margin > 0 else np.zeros(len(rows), bool)
        else:
            texts = list(map(str, column))
            counts = Counter(texts)
            is_rare = np.array([counts[text] < RARE * len(texts) for text in texts])
            # Where most entries are one of a kind, none stands out.
            if is_rare.mean() > 0.1:
                is_rare[:] = False
            found[name] = is_rare[rows]
    return found


def _as_text(value):
    if isinstance(value, float):
        return f"{value:.6g}"
    return str(value)


def _as_images(samples, image_shape):
    """Return samples as an array of images, of one channel or more."""
    remedy = "pass an array of them, all of one shape, or image_shape if rows are flat"
    try:
        images = np.asarray(samples)
        if image_shape is not None:
            images = images.reshape(len(images), *image_shape)
    except ValueError:
        raise ValueError(
            f"X must hold images of one shape, but not of {image_shape}; {remedy}."
        ) from None
    if images.ndim == 4 and images.shape[3] == 1:
        images = images[..., 0]
    if images.ndim not in (3, 4) or (
        images.ndim == 4 and images.shape[3] not in (3, 4)
    ):
        raise ValueError(
            "X must hold images of shape (height, width) or (height, width, 1, 3 or "
            f"4), but has shape {brief(images.shape)}; {remedy}."
        )
    return images


def _as_png(images):
    """Return images as data URLs."""
    try:
        from PIL import Image
    except ImportError:
        raise ImportError(
            "Images need Pillow, which is not installed; install it by "
            "pip install 'sklabelquality[plot]'."
        ) from None
    if images.dtype != np.uint8:
        images = images.astype(np.float64)
        images[~np.isfinite(images)] = np.nan
        low = np.nanmin(images, initial=0)
        high = np.nanmax(images, initial=low)
        images = np.nan_to_num(images, nan=low)  # missing pixels are dark
        images = (255 * (images - low) / ((high - low) or 1)).round().astype(np.uint8)
    for image in images:
        file = io.BytesIO()
        Image.fromarray(image).save(file, format="PNG")
        yield "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
