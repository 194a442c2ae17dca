# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""Stratified sampling along a ranking: where to look, and what the findings say."""

import numpy as np

# The share of the review that goes by rank alone, as if there were no scores, is
# 1 - TILT; the rest is drawn towards the most suspicious labels.
TILT = 1 / 3
# Fewer reviews per stratum, or more strata, make the interval less reliable.
REVIEWS_PER_STRATUM = 7
MOST_STRATA = 20
# The k most suspicious labels get at least this share of the review if k was asked for.
SHARE_OF_TOP = 0.2
# Where the ends of intervals are searched: logarithms, from no walk to the far end.
LOG_MULTIPLIERS = range(-20, 60, 2)


# -- the plan --------------------------------------------------------------------------


def share_of_review(rank):
    """Return the share of a review that is drawn from the ranks up to this one."""
    return (1 - TILT) * rank + TILT * np.sqrt(rank)


def rank_of_share(share):
    """Return the rank up to which this share of a review is drawn."""
    root = np.sqrt(TILT**2 + 4 * (1 - TILT) * np.asarray(share))
    return ((root - TILT) / (2 * (1 - TILT))) ** 2


def plan_strata(n_samples, n_reviews, top_k=None):
    """Return the sizes of the strata, from the most suspicious to the least.

    Each stratum is to get the same number of reviews, so strata are the thinner the
    more of the review goes to their ranks. With `top_k`, no stratum crosses this rank.
    """
    n_strata = int(np.clip(n_reviews // REVIEWS_PER_STRATUM, 1, MOST_STRATA))
    if top_k is None or top_k == n_samples:
        edges = rank_of_share(np.linspace(0, 1, n_strata + 1)) * n_samples
    else:
        n_strata = max(n_strata, 2)
        share = share_of_review(top_k / n_samples)
        n_top = np.ceil(n_strata * max(share, SHARE_OF_TOP) - 1e-9)
        n_top = int(np.clip(n_top, 1, n_strata - 1))
        if share < SHARE_OF_TOP:  # so many reviews that thin strata would be too small
            top = np.linspace(0, top_k, n_top + 1)
        else:
            top = rank_of_share(np.linspace(0, share, n_top + 1)) * n_samples
        below = rank_of_share(np.linspace(share, 1, n_strata - n_top + 1)) * n_samples
        edges = np.concatenate([top[:-1], [top_k], below[1:]])
    return np.diff(np.unique(np.rint(edges))).astype(np.intp)


def allocate(n_reviews, sizes, order):
    """Return how many reviews each stratum gets: one after the other, in order.

    A stratum that is full is passed over, so that one more review in all is one more
    in one stratum.
    """
    counts = np.zeros_like(sizes)
    while n_reviews > 0:
        open_strata = order[counts[order] < sizes[order]]
        room = (sizes - counts)[open_strata].min()
        rounds = min(room, n_reviews // len(open_strata))
        if rounds == 0:
            open_strata, rounds = open_strata[:n_reviews], 1
        counts[open_strata] += rounds
        n_reviews -= rounds * len(open_strata)
    return counts


# -- the interval ----------------------------------------------------------------------


def stratified_interval(n_wrong, n_reviewed, sizes, z, correction=0.0):
    """Return the weighted share of wrong samples in strata and its interval.

    Parameters
    ----------
    n_wrong, n_reviewed, sizes : array-like of shape (..., n_strata)
        The number of wrong, of reviewed and of all samples of each stratum.

    z : float
        The normal quantile of half the error that the interval may make.

    correction : float, default=0.0
        The continuity correction in units of one review: 0 or 1/2.

    Returns
    -------
    rate, low, high : ndarray of shape (...)
        The share and its interval. A stratum without a review may have any share.
    """
    n_wrong, n_reviewed, sizes = np.broadcast_arrays(n_wrong, n_reviewed, sizes)
    n_samples = sizes.sum(axis=-1)
    weights = np.where(n_reviewed > 0, sizes / n_samples[..., np.newaxis], 0)
    seen = weights.sum(axis=-1)
    n_right = n_reviewed - n_wrong
    rate = (weights * n_wrong / np.maximum(n_reviewed, 1)).sum(axis=-1)
    strata = n_reviewed, sizes, weights
    low = rate - _distance_down(n_wrong, *strata, z, correction)
    high = rate + _distance_down(n_right, *strata, z, correction) + 1 - seen
    low = np.maximum(low, n_wrong.sum(axis=-1) / n_samples)
    high = np.minimum(high, 1 - n_right.sum(axis=-1) / n_samples)
    rate = np.divide(rate, seen, out=np.full_like(rate, 0.5), where=seen > 0).clip(0, 1)
    # Rounding errors alone could put the estimate outside of its interval.
    return rate, np.minimum(low, rate), np.maximum(high, rate)


def _distance_down(n_wrong, n_reviewed, sizes, weights, z, correction):
    """Return how far the share of wrong samples may lie below its estimate.

    The search walks down from the estimate along the shares of the strata that are the
    most likely ones for each value of their weighted sum. The last place whose own
    spread explains the distance walked is the end of the interval.
    """
    reviewed = np.maximum(n_reviewed, 1)
    share = n_wrong / reviewed
    fraction = n_reviewed / np.maximum(sizes, 1)
    # Sampling without replacement tells as much as more reviews with replacement.
    pull = weights * (1 - fraction) / reviewed

    def walk(multiplier):
        """Return the distance walked, and whether the spread explains it."""
        t = multiplier[..., np.newaxis] * pull
        root = np.sqrt((1 - t) ** 2 + 4 * t * (1 - share))
        p = 2 * share / (1 + t + root)
        distance = (weights * (share - p)).sum(axis=-1)
        spread = weights**2 * p * (1 - p) * (1 - fraction)
        spread = spread / np.maximum(n_reviewed - 1, 1)
        variance = spread.sum(axis=-1)
        part = spread / np.where(variance > 0, variance, 1)[..., np.newaxis]
        step = part * weights / reviewed
        skewness = (step * (1 - 2 * fraction) * (1 - 2 * p)).sum(axis=-1)
        step = step.sum(axis=-1)
        # Beyond this quantile a negative skewness would make the interval narrower.
        limit = 3 * np.sqrt(variance) / np.maximum(-skewness, np.finfo(float).tiny)
        quantile = np.where(skewness < 0, np.minimum(z, limit), z)
        reach = quantile * np.sqrt(variance) + correction * step
        reach = reach + (quantile**2 - 1) / 6 * skewness
        return distance, distance <= np.maximum(reach, step / 2)

    # The last explained place on a grid of the logarithm, then bisection from there.
    low = np.full(share.shape[:-1], float(LOG_MULTIPLIERS[0]))
    for place in LOG_MULTIPLIERS:
        _, is_explained = walk(np.full(low.shape, np.exp(place)))
        low = np.where(is_explained, place, low)
    high = low + LOG_MULTIPLIERS.step
    for _ in range(45):
        middle = (low + high) / 2
        _, is_explained = walk(np.exp(middle))
        low = np.where(is_explained, middle, low)
        high = np.where(is_explained, high, middle)
    return walk(np.exp(low))[0]
