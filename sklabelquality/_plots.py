# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""Draw an audit with matplotlib, which is imported when something is drawn."""

import textwrap

import numpy as np
from sklearn.metrics import ConfusionMatrixDisplay

from sklabelquality._errors import brief
from sklabelquality._report import one_line

BLUE, ORANGE = "#4477aa", "#ee7733"


class AuditDisplay:
    """What a plot of an audit or a review has drawn.

    Parameters
    ----------
    axes : matplotlib Axes or ndarray of them
        Where it was drawn.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes. Only defined if there is one.

    axes_ : ndarray of matplotlib Axes
        The axes. Only defined if there are several.

    figure_ : matplotlib Figure
        The figure that they are in.
    """

    def __init__(self, axes):
        if isinstance(axes, np.ndarray):
            self.axes_ = axes
            self.figure_ = axes.flat[0].figure
        else:
            self.ax_ = axes
            self.figure_ = axes.figure


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
    return AuditDisplay(ax)


def draw_confusion(matrix, names, ax=None):
    """Draw counts of given (row) and predicted labels (column)."""
    pyplot = import_pyplot()
    from matplotlib.colors import PowerNorm

    if ax is None:
        size = 3 + 0.35 * len(names)
        _, ax = pyplot.subplots(figsize=(size + 1, size), layout="constrained")
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
    for text, count in zip(display.text_.flat, matrix.flat, strict=True):
        text.set_visible(count > 0)
        luminance = np.dot(display.im_.to_rgba(count), [0.2126, 0.7152, 0.0722, 0])
        text.set_color("black" if luminance > 0.4 else "white")
    ax.set(xlabel="predicted label", ylabel="given label")
    for text in [*ax.get_xticklabels(), *ax.get_yticklabels()]:
        text.set_parse_math(False)
    return AuditDisplay(ax)


def draw_samples(samples, captions, image_shape=None, cmap="gray", figure=None):
    """Draw samples in a grid, images as thumbnails and anything else as text."""
    n = max(1, len(captions))
    # As wide as four large samples, or ten small ones.
    n_columns = min(n, 4 if n <= 12 else 10)
    n_rows = -(-n // n_columns)
    size, fontsize = (2.6, "small") if n <= 12 else (1.3, "xx-small")
    pyplot = import_pyplot()
    if figure is None:
        figure = pyplot.figure(
            figsize=(size * n_columns, 1.1 * size * n_rows), layout="constrained"
        )
    axes = figure.subplots(n_rows, n_columns, squeeze=False)
    for ax in axes.flat:
        ax.set_axis_off()
    if hasattr(samples, "detach"):  # a tensor of PyTorch
        samples = samples.detach().cpu().numpy()
    images = _as_images(samples, image_shape)
    names, rows = _names_and_rows(samples if images is None else images)
    for ax, row, caption in zip(axes.flat, rows, captions, strict=False):
        ax.set_title(caption, fontsize=fontsize, parse_math=False)
        if images is not None:
            ax.imshow(row, cmap=cmap, interpolation="nearest")
        else:
            text = _as_text(row, names)
            ax.text(0, 1, text, fontsize=fontsize, va="top", parse_math=False)
    return AuditDisplay(axes)


def draw_review(ks, rates, found, ax=None):
    """Draw the error rate among the k most suspicious labels, and what was found."""
    if ax is None:
        _, ax = import_pyplot().subplots()
    rate, low, high = np.array([entry[:3] for entry in rates]).T
    ax.fill_between(ks, low, high, color=BLUE, alpha=0.25, label="interval")
    ax.plot(ks, rate, color=BLUE, marker=".", label="estimated share of wrong labels")
    heights = {"wrong": -0.04, "unsure": -0.07, "right": -0.1}
    colors = {"wrong": ORANGE, "unsure": "#999999", "right": BLUE}
    for name, ranks in found:
        if len(ranks):
            y = np.full(len(ranks), heights[name])
            label = f"{len(ranks):,} {name}"
            ax.plot(ranks, y, "|", color=colors[name], label=label)
    ax.set(xlabel="most suspicious labels", ylabel="share of wrong labels")
    ax.set_ylim(-0.13, 1.02)
    ax.legend(loc="upper right")
    return AuditDisplay(ax)


def _as_images(samples, image_shape):
    """Return samples as a list of images of any sizes, or None if they are none."""
    if image_shape is not None:
        rows = np.asarray(samples)
        try:
            return [_as_image(image) for image in rows.reshape(-1, *image_shape)]
        except (TypeError, ValueError):
            raise ValueError(
                f"image_shape must be the shape of the {rows[0].size} values of a row "
                f"of X, but is {brief(image_shape)}; pass (height, width) or (height, "
                "width, n_channels)."
            ) from None
    is_list = isinstance(samples, list) and np.ndim(samples[0]) in (2, 3)
    if is_list or (isinstance(samples, np.ndarray) and samples.ndim in (3, 4)):
        return [_as_image(np.asarray(image)) for image in samples]
    return None


def _as_image(image):
    """Return an image with its channels, if it has any, in the last dimension."""
    if image.ndim == 3 and image.shape[-1] not in (1, 3, 4):
        if image.shape[0] not in (1, 3, 4):
            raise ValueError(
                "X must have images with 1, 3 or 4 channels in their first or last "
                f"dimension if they have any, but has one of shape {image.shape}; pass "
                "such images."
            )
        image = np.moveaxis(image, 0, -1)
    return image[..., 0] if image.ndim == 3 and image.shape[-1] == 1 else image


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
