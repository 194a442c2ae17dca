# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""LabelQualityScorer: label quality scores as a scikit-learn estimator."""

import warnings
from numbers import Integral

import numpy as np
from sklearn.base import (
    BaseEstimator,
    ClassifierMixin,
    MetaEstimatorMixin,
    TransformerMixin,
    _fit_context,
    clone,
    is_classifier,
)
from sklearn.frozen import FrozenEstimator
from sklearn.utils import get_tags
from sklearn.utils._param_validation import HasMethods, StrOptions
from sklearn.utils._set_output import _get_output_config
from sklearn.utils.metadata_routing import _routing_enabled
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import (
    _check_feature_names_in,
    check_consistent_length,
    check_is_fitted,
    indexable,
)

from sklabelquality._append import append_columns, check_two_dimensional, in_dtype_of
from sklabelquality._confident_learning import mean_self_confidence
from sklabelquality._metrics import expected_auroc
from sklabelquality._out_of_sample import cross_fit, predict_all_classes
from sklabelquality._scores import (
    METHODS,
    check_adjustable,
    score_best_candidates,
    score_candidates,
    score_labels,
)
from sklabelquality._validation import (
    brief,
    check_labels,
    check_pred_probs,
    encode_labels,
    factorize_labels,
    find_labels,
)

# What errors call the probabilities that the user did not pass.
PREDICTED = "The probabilities that estimator predicts"


class LabelQualityScorer(
    ClassifierMixin, MetaEstimatorMixin, TransformerMixin, BaseEstimator
):
    """Score how likely each given label is to be right, with any classifier.

    `fit` predicts every sample by clones of the classifier that did not see it in
    training (cross fitting) and scores its given label with these probabilities: see
    `label_quality_scores_`, in [0, 1], **higher = more likely correct**. The classifier
    is then refitted on all samples, to score new ones.

    As a step of a :class:`~sklearn.pipeline.Pipeline` it appends label quality scores
    to the features. In :class:`~sklearn.model_selection.GridSearchCV` its own
    :meth:`score` says how well the scores would find wrong labels, so that `method` and
    the parameters of the classifier can be searched together.

    .. note::
        `fit_transform(X, y)` does not equal `fit(X, y).transform(X)`: the former
        appends cross-fitted, out-of-sample scores of the training samples, the latter
        scores of the refitted classifier, which has seen them.

    Parameters
    ----------
    estimator : classifier
        Any classifier with `predict_proba`; it is cloned. Text, missing values and
        mixed data frames are fine if it takes them, as a pipeline does.

    method : {"self_confidence", "normalized_margin", "confidence_weighted_entropy"}, \
            default="self_confidence"
        The scoring method, see :func:`self_confidence`, :func:`normalized_margin` and
        :func:`confidence_weighted_entropy`.

    adjust_pred_probs : bool, default=False
        Whether to make up for classes that the classifier is less sure of, such as rare
        ones: each class's confident threshold is subtracted from its probabilities
        before they are scored. Not defined for `"confidence_weighted_entropy"`.

    cv : int, cross-validation splitter or iterable of splits, default=None
        How to split the samples for cross fitting. None means 5 stratified folds, an
        int that many, without shuffling. Splitters must test every sample equally
        often; the probabilities of repeated ones, such as
        :class:`~sklearn.model_selection.RepeatedStratifiedKFold`, are averaged.

    append : {"predicted", "classes", "given"}, default="predicted"
        What `transform` appends to the features:

        - `"predicted"`: one column, the score of the best label that the sample could
          have, whatever label it was given;
        - `"classes"`: a column for each class, the score of that label;
        - `"given"`: one column, the score of the given label, for auditing. It is only
          known for training samples, so `fit_transform` appends it and there is no
          `transform`. As an input of a model it would leak the label.

    passthrough : bool, default=True
        Whether to append the scores to `X`, which must then be two-dimensional. False
        returns only the scores, as is needed for text.

    n_jobs : int, default=None
        Number of folds to fit in parallel. None means 1 unless in a
        :obj:`joblib.parallel_config` context, -1 means all processors.

    verbose : int, default=0
        Verbosity of the cross fitting.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The distinct labels, sorted.

    estimator_ : classifier
        The classifier, fitted on all samples.

    oof_pred_probs_ : ndarray of shape (n_samples, n_classes)
        Out-of-sample predicted probabilities of the training samples; columns are in
        the order of `classes_`.

    label_quality_scores_ : ndarray of shape (n_samples,)
        Label quality scores of the training samples, in [0, 1], higher = more likely
        correct.

    confident_thresholds_ : ndarray of shape (n_classes,)
        Mean self-confidence of each class, from `oof_pred_probs_`.

    n_features_in_ : int
        Number of features seen during :term:`fit`. Only defined if the classifier
        exposes it.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of features seen during :term:`fit`. Only defined if the classifier
        exposes them.

    See Also
    --------
    get_label_quality_scores : The same scores from probabilities that you have.
    sklearn.model_selection.cross_val_predict : Where the probabilities come from.

    Notes
    -----
    A class with fewer samples than folds may be missing in the training part of a fold.
    It then has probability 0 there and its labels get a low score; a warning names it.

    In a grid over `method` and `adjust_pred_probs`, give the entropy a grid of its own,
    since it cannot be adjusted::

        [
            {
                "method": ["self_confidence", "normalized_margin"],
                "adjust_pred_probs": [False, True],
            },
            {"method": ["confidence_weighted_entropy"]},
        ]

    Random numbers are drawn only by the classifier and the splitter, so both need a
    `random_state` for reproducible scores, if they take one.

    References
    ----------
    .. [1] C. G. Northcutt, L. Jiang, I. L. Chuang, "Confident Learning: Estimating
       Uncertainty in Dataset Labels", Journal of Artificial Intelligence Research 70
       (2021), 1373-1411. :doi:`10.1613/jair.1.12125`
    .. [2] J. Kuan, J. Mueller, "Model-agnostic label quality scoring to detect
       real-world label errors", ICML DataPerf Workshop (2022).

    Examples
    --------
    Three irises get a wrong name, and have the three lowest scores:

    >>> import numpy as np
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> from sklabelquality import LabelQualityScorer
    >>> iris = load_iris()
    >>> species = iris.target_names[iris.target]
    >>> species[[0, 75, 149]] = ["virginica", "setosa", "setosa"]
    >>> scorer = LabelQualityScorer(KNeighborsClassifier(10)).fit(iris.data, species)
    >>> np.argsort(scorer.label_quality_scores_)[:3].tolist()
    [0, 75, 149]
    >>> predicted = scorer.classes_[scorer.oof_pred_probs_.argmax(axis=1)]
    >>> predicted[[0, 75, 149]].tolist()
    ['setosa', 'versicolor', 'virginica']

    As a step it appends the score of the best label to the four features:

    >>> scorer.transform(iris.data[:2]).round(2)
    array([[5.1, 3.5, 1.4, 0.2, 0.9],
           [4.9, 3. , 1.4, 0.2, 1. ]])
    """

    _parameter_constraints: dict = {  # noqa: RUF012
        "estimator": [HasMethods(["fit", "predict_proba"])],
        "method": [StrOptions(set(METHODS))],
        "adjust_pred_probs": ["boolean"],
        "cv": ["cv_object"],
        "append": [StrOptions({"predicted", "classes", "given"})],
        "passthrough": ["boolean"],
        "n_jobs": [None, Integral],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        estimator,
        *,
        method="self_confidence",
        adjust_pred_probs=False,
        cv=None,
        append="predicted",
        passthrough=True,
        n_jobs=None,
        verbose=0,
    ):
        self.estimator = estimator
        self.method = method
        self.adjust_pred_probs = adjust_pred_probs
        self.cv = cv
        self.append = append
        self.passthrough = passthrough
        self.n_jobs = n_jobs
        self.verbose = verbose

    @_fit_context(
        # LabelQualityScorer.estimator is not validated yet
        prefer_skip_nested_validation=False
    )
    def fit(self, X, y, **params):
        """Score the given labels out-of-sample and fit the classifier on all samples.

        .. note::
            `fit_transform(X, y)` does not equal `fit(X, y).transform(X)`: the former
            appends cross-fitted, out-of-sample scores of the training samples, the
            latter scores of the refitted classifier, which has seen them.

        Parameters
        ----------
        X : array-like, sparse matrix or data frame of shape (n_samples, n_features)
            The features, or whatever else the classifier takes if `passthrough=False`.

        y : array-like of shape (n_samples,)
            The given labels, possibly wrong.

        **params : dict
            Parameters of the classifier's `fit`. Those with an entry per sample, such
            as `sample_weight`, are split along with the samples.

        Returns
        -------
        self : LabelQualityScorer
            The fitted scorer.

        Raises
        ------
        ValueError
            If `y` has missing, continuous or multilabel values or a single class, if
            `cv` does not test every sample equally often, if `method` cannot be
            adjusted, or if `passthrough=True` and `X` is not two-dimensional.
        """
        self._check_before_fit(X, y, params)
        (X,) = indexable(X)
        classes, codes = factorize_labels(check_labels(y, name="y"), name="y")
        check_consistent_length(X, codes)
        if len(classes) < 2:
            raise ValueError(
                "y must have at least two classes, but has one class only, "
                f"{classes.tolist()[0]!r}; there is nothing to tell its labels from."
            )
        pred_probs = check_pred_probs(
            cross_fit(
                self.estimator,
                X,
                codes,
                classes,
                cv=self.cv,
                n_jobs=self.n_jobs,
                verbose=self.verbose,
                fit_params=params,
            ),
            name=PREDICTED,
        )
        self.estimator_ = clone(self.estimator).fit(X, classes[codes], **params)
        self.classes_ = classes
        self.oof_pred_probs_ = pred_probs
        self.confident_thresholds_ = mean_self_confidence(codes, pred_probs)
        self.label_quality_scores_ = score_labels(
            codes, pred_probs, self.method, self._thresholds
        )
        return self

    def fit_transform(self, X, y, **params):
        """Fit and append the out-of-sample scores of the training samples.

        .. note::
            `fit_transform(X, y)` does not equal `fit(X, y).transform(X)`: the former
            appends cross-fitted, out-of-sample scores of the training samples, the
            latter scores of the refitted classifier, which has seen them.

        Parameters
        ----------
        X : array-like, sparse matrix or data frame of shape (n_samples, n_features)
            The features, or whatever else the classifier takes if `passthrough=False`.

        y : array-like of shape (n_samples,)
            The given labels, possibly wrong.

        **params : dict
            Parameters of the classifier's `fit`, see :meth:`fit`.

        Returns
        -------
        X_trans : ndarray, sparse matrix or data frame of shape \
                (n_samples, n_features_out)
            The features and the appended scores, see `append` and `passthrough`. Sparse
            `X` stays sparse and float32 stays float32; a data frame with columns that
            are not numbers stays a data frame.
        """
        self.fit(X, y, **params)
        if self.append == "given":
            return self._append(X, self.label_quality_scores_)
        return self._append(X, self._candidate_columns(self.oof_pred_probs_))

    def _can_transform(self):
        if self.append == "given":
            raise AttributeError(
                "append='given' has no transform, because the given label's score is "
                "only known for training samples and would leak the label into the "
                "next step of a Pipeline; use append='predicted' or append='classes' "
                "there, or fit_transform to audit the training samples."
            )
        return True

    @available_if(_can_transform)
    def transform(self, X):
        """Append scores of the labels that new samples could have.

        Not available for `append="given"`.

        .. note::
            `fit_transform(X, y)` does not equal `fit(X, y).transform(X)`: the former
            appends cross-fitted, out-of-sample scores of the training samples, the
            latter scores of the refitted classifier, which has seen them.

        Parameters
        ----------
        X : array-like, sparse matrix or data frame of shape (n_samples, n_features)
            New samples.

        Returns
        -------
        X_trans : ndarray, sparse matrix or data frame of shape \
                (n_samples, n_features_out)
            The features and the appended scores, as in :meth:`fit_transform`.
        """
        check_is_fitted(self)
        return self._append(X, self._candidate_columns(self._check_pred_probs(X)))

    def score_samples(self, X, y=None):
        """Score labels of new samples, which the classifier has not seen.

        For the training samples use `label_quality_scores_`: here the classifier would
        know them and confirm almost any label.

        Parameters
        ----------
        X : array-like, sparse matrix or data frame of shape (n_samples, n_features)
            New samples.

        y : array-like of shape (n_samples,), default=None
            The given labels of the new samples. None scores the best label that each
            sample could have.

        Returns
        -------
        scores : ndarray of shape (n_samples,)
            Label quality scores in [0, 1], higher = more likely correct. Adjusted
            scores use the thresholds of the training samples.

        Raises
        ------
        ValueError
            If `y` has missing values or labels that `fit` did not see.
        """
        check_is_fitted(self)
        pred_probs = self._check_pred_probs(X)
        if y is None:
            return score_best_candidates(pred_probs, self.method, self._thresholds)
        y = self._check_labels(X, y)
        codes = encode_labels(y, self.classes_.tolist(), name="y")
        return score_labels(codes, pred_probs, self.method, self._thresholds)

    def score(self, X, y):
        """Say how well the scores would find wrong labels among new samples.

        The labels are taken as they are. If one of them were replaced by another one,
        how likely is it that it would score lower than one that was kept? This does not
        depend on how many labels are wrong, and differs between scoring methods, which
        accuracy does not. It assumes that all wrong labels are equally likely.

        Parameters
        ----------
        X : array-like, sparse matrix or data frame of shape (n_samples, n_features)
            New samples, which the classifier has not seen.

        y : array-like of shape (n_samples,)
            The given labels of the new samples.

        Returns
        -------
        score : float
            Expected area under the ROC curve for finding replaced labels: 0.5 for
            scores that say nothing, 1 for perfect ones.

        Raises
        ------
        ValueError
            If `y` has missing values, or no label that `fit` saw.

        Warns
        -----
        UserWarning
            If some labels are of a class that `fit` did not see, as happens to a rare
            one in cross-validation; their samples are left out.
        """
        check_is_fitted(self)
        codes, pred_probs = self._known_labels(
            self._check_labels(X, y), self._check_pred_probs(X)
        )
        candidates = score_candidates(pred_probs, self.method, self._thresholds)
        return expected_auroc(codes, candidates)

    def predict(self, X):
        """Predict the class of new samples by the refitted classifier.

        Parameters
        ----------
        X : array-like, sparse matrix or data frame of shape (n_samples, n_features)
            New samples.

        Returns
        -------
        y_pred : ndarray of shape (n_samples,)
            The predicted labels.
        """
        check_is_fitted(self)
        return self.estimator_.predict(X)

    def predict_proba(self, X):
        """Predict class probabilities of new samples by the refitted classifier.

        For the training samples use `oof_pred_probs_`.

        Parameters
        ----------
        X : array-like, sparse matrix or data frame of shape (n_samples, n_features)
            New samples.

        Returns
        -------
        pred_probs : ndarray of shape (n_samples, n_classes)
            The probabilities; columns are in the order of `classes_`.
        """
        check_is_fitted(self)
        return predict_all_classes(self.estimator_, X, self.classes_)

    # -- checks ------------------------------------------------------------------------

    def _check_before_fit(self, X, y, params):
        """Raise what would otherwise only show after the costly cross fitting."""
        if y is None:
            raise ValueError(
                "This LabelQualityScorer estimator requires y to be passed, but the "
                "target y is None; pass the given labels."
            )
        check_adjustable(self.method, self.adjust_pred_probs, "adjust_pred_probs=False")
        if _has_fitted_classifier(self.estimator):
            raise ValueError(
                "estimator must be a classifier that can be refitted, but has a "
                "FrozenEstimator in it, whose training samples would be scored "
                "in-sample; pass the classifier itself, or score the frozen one's "
                "probabilities of new samples by get_label_quality_scores."
            )
        # Metadata routing is not supported yet; this names set_config as the remedy.
        if _routing_enabled() and params:
            raise ValueError(
                "Parameters of fit must be passed with metadata routing off, but "
                f"{sorted(params)} came with enable_metadata_routing=True; switch it "
                "off by sklearn.set_config(enable_metadata_routing=False)."
            )
        if self.passthrough:
            check_two_dimensional(X)

    def _check_pred_probs(self, X):
        return check_pred_probs(self.predict_proba(X), name=PREDICTED)

    def _check_labels(self, X, y):
        y = check_labels(y, name="y")
        check_consistent_length(X, y)
        return y

    def _known_labels(self, y, pred_probs):
        """Return the codes and probabilities of the samples with a known label."""
        codes = find_labels(y, self.classes_.tolist())
        is_known = codes >= 0
        if is_known.all():
            return codes, pred_probs
        if not is_known.any():
            encode_labels(y, self.classes_.tolist(), name="y")  # says so
        unknown = sorted(set(y[~is_known].tolist()), key=str)
        warnings.warn(
            f"y has {np.sum(~is_known)} of {len(y)} labels of classes that fit did not "
            f"see, {brief(unknown)}: their samples are left out of the score.",
            UserWarning,
            stacklevel=3,
        )
        return codes[is_known], pred_probs[is_known]

    # -- output ------------------------------------------------------------------------

    @property
    def _thresholds(self):
        check_adjustable(self.method, self.adjust_pred_probs, "adjust_pred_probs=False")
        return self.confident_thresholds_ if self.adjust_pred_probs else None

    def _candidate_columns(self, pred_probs):
        """Return what `append` asks for, computed from probabilities alone."""
        score = score_candidates if self.append == "classes" else score_best_candidates
        return score(pred_probs, self.method, self._thresholds)

    def _append(self, X, scores):
        scores = scores.reshape(len(scores), -1)
        if not self.passthrough:
            return in_dtype_of(X, scores)
        output = _get_output_config("transform", self)["dense"]
        return append_columns(X, scores, self._score_names(), output=output)

    def _score_names(self):
        stem = f"{type(self).__name__.lower()}_{self.method}"
        if self.append == "classes":
            return [f"{stem}_{label}" for label in self.classes_]
        return [stem]

    def get_feature_names_out(self, input_features=None):
        """Name the columns that `transform` and `fit_transform` return.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Names of the features; None takes `feature_names_in_` or, without them,
            `["x0", "x1", ...]`. Only used if `passthrough=True`.

        Returns
        -------
        feature_names_out : ndarray of str objects
            The names of the features if `passthrough=True`, then
            `labelqualityscorer_<method>`, or `labelqualityscorer_<method>_<class>` for
            each class if `append="classes"`.
        """
        check_is_fitted(self)
        score_names = np.asarray(self._score_names(), dtype=object)
        if not self.passthrough:
            return score_names
        return np.concatenate(
            [_check_feature_names_in(self, input_features), score_names]
        )

    # -- what depends on the classifier ------------------------------------------------

    @property
    def n_features_in_(self):  # numpydoc ignore=RT01
        """Number of features seen during :term:`fit`."""
        return self.estimator_.n_features_in_

    @property
    def feature_names_in_(self):  # numpydoc ignore=RT01
        """Names of features seen during :term:`fit`."""
        return self.estimator_.feature_names_in_

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags_of_estimator = get_tags(self.estimator)
        tags.input_tags = tags_of_estimator.input_tags
        tags.non_deterministic = tags_of_estimator.non_deterministic
        if tags_of_estimator.classifier_tags is not None:
            tags.classifier_tags = tags_of_estimator.classifier_tags
            tags.classifier_tags.multi_label = False
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


# set_output wraps `transform` when the class is made and loses available_if on the way.
LabelQualityScorer.transform = available_if(LabelQualityScorer._can_transform)(
    LabelQualityScorer.transform
)


def _has_fitted_classifier(estimator):
    parts = [estimator, *estimator.get_params(deep=True).values()]
    return any(isinstance(p, FrozenEstimator) and is_classifier(p) for p in parts)
