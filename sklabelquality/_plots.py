# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""Draw an audit with matplotlib, which is imported when something is drawn."""

import textwrap

import numpy as np
from sklearn.metrics import ConfusionMatrixDisplay

from sklabelquality._report import one_line

BLUE, ORANGE = "#4477aa", "#ee7733"


def import_pyplot():
    """Return matplotlib.pyplot, or say how to get it."""
    try:
        from matplotlib import pyplot
    except ImportError:
        raise ImportError(
            "The plots of LabelAudit need matplotlib, which is not installed; run "
            "pip install 'sklabelquality[plot]'."
        ) from None
    return pyplot


def draw_scores(scores, is_label_issue, edges, ax=None):
    """Draw the histogram of the scores, that of the label issues in front."""
    if ax is None:
        _, ax = import_pyplot().subplots()
    ax.hist(scores, edges, color=BLUE, label=f"all {len(scores):,} labels")
    n_issues = np.count_nonzero(is_label_issue)
    ax.hist(
        scores[is_label_issue], edges, color=ORANGE, label=f"{n_issues:,} label issues"
    )
    ax.set(xlabel="label quality score", ylabel="number of labels", yscale="log")
    ax.set_ylim(bottom=0.7)
    ax.set_xlim(edges[0], edges[-1])
    ax.legend(loc="upper left")
    return ax


def draw_confusion(matrix, classes, ax=None):
    """Draw counts of given (row) and predicted labels (column)."""
    pyplot = import_pyplot()
    from matplotlib.colors import PowerNorm

    if ax is None:
        size = 3 + 0.35 * len(classes)
        _, ax = pyplot.subplots(figsize=(size + 1, size), layout="constrained")
    names = [one_line(label, 28) for label in classes]
    display = ConfusionMatrixDisplay(matrix, display_labels=names)
    # The square root makes room for the few samples off the diagonal.
    norm = PowerNorm(0.5, vmin=0, vmax=max(1, matrix.max()))
    display.plot(
        ax=ax,
        cmap="Blues",
        values_format=",",
        im_kw={"norm": norm},
        text_kw={"fontsize": "small"},
        xticks_rotation="vertical" if max(map(len, names)) > 2 else "horizontal",
        colorbar=False,
    )
    for text in display.text_.flat:
        text.set_visible(text.get_text() != "0")
    ax.set(xlabel="predicted label", ylabel="given label")
    for text in [*ax.get_xticklabels(), *ax.get_yticklabels()]:
        text.set_parse_math(False)
    return ax


def draw_samples(samples, captions, image_shape=None, figure=None):
    """Draw samples in a grid, images as thumbnails and anything else as text."""
    n_columns = max(1, min(4, len(captions)))
    n_rows = max(1, -(-len(captions) // n_columns))
    pyplot = import_pyplot()
    if figure is None:
        figure = pyplot.figure(
            figsize=(2.6 * n_columns, 2.8 * n_rows), layout="constrained"
        )
    axes = figure.subplots(n_rows, n_columns, squeeze=False)
    for ax in axes.flat:
        ax.set_axis_off()
    images = _as_images(samples, image_shape)
    names, rows = _names_and_rows(samples if images is None else images)
    for ax, row, caption in zip(axes.flat, rows, captions, strict=False):
        ax.set_title(caption, fontsize="small", parse_math=False)
        if images is not None:
            ax.imshow(row, cmap="gray_r", interpolation="nearest")
        else:
            text = _as_text(row, names)
            ax.text(0, 1, text, fontsize="small", va="top", parse_math=False)
    return axes


def _as_images(samples, image_shape):
    """Return samples as an array of images, or None if they are none."""
    if image_shape is not None:
        samples = np.asarray(samples)
        n_values = samples[0].size if len(samples) else 0
        if n_values != np.prod(image_shape):
            raise ValueError(
                "image_shape must have as many values as a row of X, but "
                f"{image_shape} has {np.prod(image_shape)} and the rows have "
                f"{n_values}; pass (height, width) or (height, width, n_channels)."
            )
        return samples.reshape(-1, *image_shape)
    is_image = isinstance(samples, np.ndarray) and samples.ndim in (3, 4)
    return samples if is_image else None


def _names_and_rows(samples):
    """Return the names of the features, if any, and the rows of some samples."""
    names = list(getattr(samples, "columns", [])) or None
    if hasattr(samples, "toarray"):
        samples = samples.toarray()
    elif hasattr(samples, "itertuples"):
        samples = list(samples.itertuples(index=False, name=None))
    elif hasattr(samples, "rows"):
        samples = samples.rows()
    return names, list(samples)


def _as_text(row, names=None, width=30, n_lines=10):
    """Write a sample as a few short lines: its text, or one feature a line."""
    if isinstance(row, str) or np.ndim(row) == 0:
        return textwrap.fill(str(row), width, max_lines=n_lines, placeholder=" …")
    row = list(row) if names else np.ravel(row).tolist()
    names = names or [f"x{number}" for number in range(len(row))]
    lines = [
        one_line(f"{name}: {_short(value)}", width)
        for name, value in zip(names, row, strict=True)
    ]
    if len(lines) > n_lines:
        lines[n_lines - 1 :] = [f"… and {len(lines) - n_lines + 1} more"]
    return "\n".join(lines)


def _short(value):
    return f"{value:.4g}" if isinstance(value, float) else str(value)
