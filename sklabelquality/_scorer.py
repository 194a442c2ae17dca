# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""LabelQualityScorer: label quality scores as a scikit-learn estimator."""

from numbers import Integral

import numpy as np
from sklearn import get_config
from sklearn.base import (
    BaseEstimator,
    ClassifierMixin,
    MetaEstimatorMixin,
    TransformerMixin,
    is_classifier,
    is_regressor,
)
from sklearn.frozen import FrozenEstimator
from sklearn.utils import get_tags
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    process_routing,
)
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import (
    check_consistent_length,
    check_is_fitted,
    check_memory,
    indexable,
)

from sklabelquality._alignment import check_same_order, index_of
from sklabelquality._append import (
    append_columns,
    check_two_dimensional,
    column_names_of,
    in_dtype_of,
    names_beside,
    seen_features,
)
from sklabelquality._audit import LabelAudit
from sklabelquality._classifier import choose_response_method, predict_response
from sklabelquality._confident_learning import (
    MAX_DENSE_RESULT,
    as_kind,
    estimate_noise_matrix,
    mean_self_confidence,
)
from sklabelquality._copies import warn_of_copies
from sklabelquality._errors import brief
from sklabelquality._frames import as_index, labels_to_keep, pack, unpack, unpack_labels
from sklabelquality._input import check_pred_probs
from sklabelquality._issues import RULES
from sklabelquality._labels import (
    as_list,
    encode_labels,
    factorize_labels,
    read_labels,
    warn_of_lookalikes,
)
from sklabelquality._noise_model import NoiseModel
from sklabelquality._objective import expected_score
from sklabelquality._out_of_sample import (
    PREDICTED,
    cross_fit,
    fit_out_of_bag,
    from_response,
    to_probabilities,
)
from sklabelquality._progress import CallbackSupportMixin, progress_of_fit
from sklabelquality._samples import Samples
from sklabelquality._scores import (
    METHODS,
    check_adjustable,
    learn,
    learned_by,
    score_best_candidates,
    score_candidates,
    score_labels,
)
from sklabelquality._sklearn import (
    HasMethods,
    StrOptions,
    _check_feature_names_in,
    _fit_context,
    _get_output_config,
    validate_options,
)
from sklabelquality._splits import (
    consumer_of_split_params,
    shares_of,
    warn_of_small_classes,
)


class LabelQualityScorer(
    CallbackSupportMixin,
    ClassifierMixin,
    MetaEstimatorMixin,
    TransformerMixin,
    BaseEstimator,
):
    """Score how likely each given label is to be right, with any classifier.

    `fit` predicts every sample by clones of the classifier that did not see it in
    training (cross fitting) and scores its given label with these probabilities: see
    `label_quality_scores_`, in [0, 1], **higher = more likely correct**. The classifier
    is also refitted on all samples, to score new ones.

    As a step of a :class:`~sklearn.pipeline.Pipeline` it appends label quality scores
    to the features. In :class:`~sklearn.model_selection.GridSearchCV` its own
    :meth:`score` says how well the scores would find wrong labels, so that `method` and
    the parameters of the classifier can be searched together.

    .. note::
        `fit_transform(X, y)` does not equal `fit(X, y).transform(X)`: the former
        appends cross-fitted, out-of-sample scores of the training samples, the latter
        scores of the refitted classifier, which has seen them.

    Read more in the :ref:`User Guide <cross_fitting>`.

    Parameters
    ----------
    estimator : classifier
        Any classifier with `predict_proba` or `decision_function`; it is cloned. Text,
        missing values and mixed data frames are fine if it accepts them, as a pipeline
        does. A :class:`~sklearn.frozen.FrozenEstimator` counts as fitted on other data:
        it is neither cross-fitted nor refitted, and the scores are out-of-sample only
        if all samples are new to it. Frozen transformers in a pipeline must not have
        learned from these labels.

    method : {"self_confidence", "normalized_margin", \
            "confidence_weighted_entropy", "noise_aware"}, default="self_confidence"
        The scoring method, see :func:`self_confidence`, :func:`normalized_margin`,
        :func:`confidence_weighted_entropy` and :func:`noise_aware`.

    adjust_pred_probs : bool, default=False
        Whether to make up for classes that the classifier is less sure of, such as rare
        ones: each class's confident threshold is subtracted from its probabilities
        before they are scored. Defined for the first two methods alone.

    cv : int, cross-validation splitter, iterable of splits or "oob", default=None
        How to get out-of-sample probabilities:

        - None: by models that train on different shares of the samples: four fifths
          (five folds), and one third or one tenth (:class:`InverseKFold`), which are
          asked about all the rest. The shares are mixed so that the given
          labels are most likely, see `share_weights_`. The samples are shuffled, the
          same way each time;
        - an int: cross fitting in that many stratified folds, once and without
          shuffling, as in :func:`~sklearn.model_selection.cross_val_predict`. 5 takes
          about half of the time of None, and finds fewer errors;
        - a splitter or an iterable of splits, which must test every sample equally
          often; the probabilities of repeated ones, such as
          :class:`~sklearn.model_selection.RepeatedStratifiedKFold`, are averaged;
        - "oob": the out-of-bag probabilities of a forest, a bagging classifier or a
          pipeline that ends in one. One fit serves for these and for `estimator_`.
          Earlier steps of the pipeline see all samples, so they should not use labels.

        Groups passed by ``fit(X, y, groups=groups)`` are kept together: by None, by an
        int and by splitters that take groups. None needs a class of at least five
        samples, and five groups. Do not search over `cv`, which :meth:`score` cannot
        judge.

    append : {"predicted", "classes", "given"}, default="predicted"
        What `transform` appends to the features:

        - `"predicted"`: one column, the score of the best label that the sample could
          have, whatever label it was given;
        - `"classes"`: a column for each class, the score of that label: what a model
          that comes next learns most from;
        - `"given"`: one column, the score of the given label, for auditing. It is only
          known for training samples, so `fit_transform` appends it and there is no
          `transform`. As an input of a model it would leak the label.

    passthrough : bool, default=True
        Whether to append the scores to `X`, which must then be two-dimensional. False
        returns only the scores, as is needed for text.

    memory : str or object with the joblib.Memory interface, default=None
        Where to cache the cross fitting and the refit. `method`, `adjust_pred_probs`,
        `append`, `passthrough` and `n_jobs` are not part of the key, so that a grid of
        them fits each classifier once. A classifier without a `random_state` is cached
        as it came out the first time.

    n_jobs : int, default=None
        Number of fits in parallel. None means 1 unless in a
        :obj:`joblib.parallel_config` context, -1 means all processors.

    verbose : int, default=0
        Verbosity of the cross fitting.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The distinct labels, sorted; those that the model knows if it is a
        `FrozenEstimator`.

    estimator_ : classifier
        The classifier, fitted on all samples: on their labels or, if it refuses labels
        of this kind as some boosters do, on codes, see `encodes_labels_`.

    encodes_labels_ : bool
        Whether `estimator_` was fitted on codes, the positions of the labels in
        `classes_`. What the scorer itself returns are labels.

    oof_pred_probs_ : ndarray of shape (n_samples, n_classes)
        Out-of-sample predicted probabilities of the training samples; columns are in
        the order of `classes_`.

    label_quality_scores_ : ndarray of shape (n_samples,)
        Label quality scores of the training samples, in [0, 1], higher = more likely
        correct.

    label_quality_scores_std_ : ndarray of shape (n_samples,)
        Standard deviation of each score between the models that were asked about the
        sample, weighted as their shares are. Only defined if `cv` asks more than one.

    share_weights_ : dict
        The weight of each share of the samples, 0.8, 0.33 and 0.1, in the mixture:
        those with which the given labels are most likely, see the :ref:`User Guide
        <shares>` for what they tell. A share that is too small for the samples or for
        the classifier is left out. Only defined if `cv` is None and the classifier is
        not a `FrozenEstimator`.

    confident_thresholds_ : ndarray of shape (n_classes,)
        Mean self-confidence of each class, from `oof_pred_probs_`; infinity for classes
        that no label uses.

    noise_matrix_ : ndarray of shape (n_classes, n_classes)
        Estimated probability that a sample of the true class (row) was given a label
        (column), from `oof_pred_probs_`, see :func:`noise_matrix`. Only defined for up
        to 10,000 classes.

    noise_model_ : NoiseModel
        What was learned from `oof_pred_probs_`, see :func:`learn_noise_model`. Only
        defined if `method` is "noise_aware".

    response_method_ : {"predict_proba", "decision_function"}
        What the classifier was asked for.

    temperature_ : float
        What decision values were divided by before their softmax, fitted to the
        out-of-sample ones. Only defined if `response_method_` is "decision_function".

    n_features_in_ : int
        Number of features seen during `fit`. Only defined if `X` is two-dimensional.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of features seen during `fit`. Only defined if `X` has feature names that
        are all strings.

    See Also
    --------
    get_label_quality_scores : The same scores from probabilities that you have.
    InverseKFold : Train on a small part and test all the rest.

    Notes
    -----
    A model that has not seen a class says nothing about it: the probability of a class
    is the mean of those of the models that have, and rows are made to sum to one again.
    If no such model is left for a sample, as for a class with a single one, the
    probability is 0 and the label gets a low score; a warning names the class.

    The weights :math:`w_k` of the shares, with probabilities :math:`P^{(k)}` (at least
    :math:`10^{-6}`), maximise the likelihood of the given labels,
    :math:`\\sum_i \\ln \\sum_k w_k P^{(k)}_{i y_i}`, by expectation maximisation. They
    are fitted to the labels; the probabilities are out-of-sample.

    In a grid over `method` and `adjust_pred_probs`, give the methods that cannot be
    adjusted a grid of their own::

        [
            {
                "method": ["self_confidence", "normalized_margin"],
                "adjust_pred_probs": [False, True],
            },
            {"method": ["confidence_weighted_entropy", "noise_aware"]},
        ]

    Random numbers are drawn only by the classifier and the splitter, so both need a
    `random_state` for reproducible scores, if they have one.

    References
    ----------
    .. [1] C. G. Northcutt, L. Jiang, I. L. Chuang, "Confident Learning: Estimating
       Uncertainty in Dataset Labels", Journal of Artificial Intelligence Research 70
       (2021), 1373-1411. :doi:`10.1613/jair.1.12125`
    .. [2] J. Kuan, J. Mueller, "Model-agnostic label quality scoring to detect
       real-world label errors", ICML DataPerf Workshop (2022).
    .. [3] X. Zhu, X. Wu, Q. Chen, "Eliminating Class Noise in Large Datasets", ICML
       (2003), 920-927.

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
        "estimator": [HasMethods("fit")],
        "method": [StrOptions(set(METHODS))],
        "adjust_pred_probs": ["boolean"],
        "cv": ["cv_object", StrOptions({"oob"})],
        "append": [StrOptions({"predicted", "classes", "given"})],
        "passthrough": ["boolean"],
        "memory": [str, HasMethods(["cache"]), None],
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
        memory=None,
        n_jobs=None,
        verbose=0,
    ):
        self.estimator = estimator
        self.method = method
        self.adjust_pred_probs = adjust_pred_probs
        self.cv = cv
        self.append = append
        self.passthrough = passthrough
        self.memory = memory
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
            The features, or anything else that the classifier accepts.

        y : array-like of shape (n_samples,)
            The given labels, possibly wrong.

        **params : dict
            `groups`, of shape (n_samples,): samples that are kept together. And
            parameters of the classifier's `fit`: those with an entry per sample, such
            as `sample_weight`, are split along with the samples. With metadata routing
            on (``sklearn.set_config(enable_metadata_routing=True)``) each goes where it
            was requested.

        Returns
        -------
        self : LabelQualityScorer
            The fitted scorer.

        Raises
        ------
        ValueError
            If `y` has missing, continuous or multilabel values or a single class, if
            `X`, `y` or parameters are pandas objects that name the same samples in
            different orders, if `cv` does not test every sample equally often, the
            classifier drops a label or has no out-of-bag probabilities for all, or if
            `method` cannot be adjusted.
        """
        self._check_before_fit(X, y)
        with progress_of_fit(self, X, y) as progress:
            self._fit(X, y, params, progress)
        return self

    def _fit(self, X, y, params, progress):
        """Average the out-of-sample responses, then set all attributes at once."""
        labels = self._read_labels(X, y, **params)
        index = index_of(X, y)
        n_features, feature_names = seen_features(X)
        (X,) = indexable(X)
        classes, codes = self._encode(labels)
        warn_of_lookalikes(classes, "y")
        given_labels = labels_to_keep(y, classes, codes)
        response_method = choose_response_method(self.estimator)
        fitted, result = self._fit_and_predict(
            X, codes, classes, response_method, params, progress
        )
        samples = self._samples(codes, result.pred_probs)
        thresholds = mean_self_confidence(samples)
        noise_matrix = None
        if len(classes) <= MAX_DENSE_RESULT:
            noise_matrix = as_kind(
                estimate_noise_matrix(samples, thresholds), sparse_output=False
            )
        learned = learn(samples, self.method, self.adjust_pred_probs)
        is_model = isinstance(learned, NoiseModel)
        self._remember(
            # Plain arrays: loading them runs no code and needs no pandas.
            _training_labels_=pack(given_labels),
            _training_index_={} if index is None else pack(index),
            _n_features_=n_features,
            _feature_names_=feature_names,
            estimator_=fitted[0],
            encodes_labels_=fitted[1] is not None,
            classes_=classes,
            response_method_=response_method,
            temperature_=result.temperature,
            oof_pred_probs_=result.pred_probs,
            confident_thresholds_=thresholds,
            noise_matrix_=noise_matrix,
            noise_model_=learned if is_model else None,
            label_quality_scores_=score_labels(samples, self.method, learned),
            label_quality_scores_std_=result.std,
            share_weights_=result.share_weights,
        )

    def _remember(self, **fitted):
        """Replace all that an earlier fit learned; what is None is not defined."""
        for name, value in fitted.items():
            vars(self).pop(name, None)
            if value is not None:
                setattr(self, name, value)

    def _score(self, samples):
        """Score samples by what the method learns from them alone."""
        learned = learn(samples, self.method, self.adjust_pred_probs)
        return score_labels(samples, self.method, learned)

    def fit_transform(self, X, y, **params):
        """Fit and append the out-of-sample scores of the training samples.

        .. note::
            `fit_transform(X, y)` does not equal `fit(X, y).transform(X)`: the former
            appends cross-fitted, out-of-sample scores of the training samples, the
            latter scores of the refitted classifier, which has seen them.

        Parameters
        ----------
        X : array-like, sparse matrix or data frame of shape (n_samples, n_features)
            The features; anything that the classifier accepts if `passthrough=False`.

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
        self._check_can_append(X)
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
        pred_probs = self._check_pred_probs(X)
        self._check_can_append(X)
        return self._append(X, self._candidate_columns(pred_probs))

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
            scores use what was learned from the training samples.

        Raises
        ------
        ValueError
            If `y` has missing values or labels that `fit` did not see.
        """
        check_is_fitted(self)
        pred_probs = self._check_pred_probs(X)
        if y is None:
            samples = self._samples(None, pred_probs)
            return score_best_candidates(samples, self.method, learned_by(self))
        labels = self._read_labels(X, y)
        codes = encode_labels(labels, as_list(self.classes_), name="y")
        samples = self._samples(codes, pred_probs)
        return score_labels(samples, self.method, learned_by(self))

    def score(self, X, y):
        """Say how well the scores would find wrong labels among new samples.

        The given labels count as right. If each of them were replaced with the
        probabilities of `noise_matrix_`, which `fit` estimated, how likely would a
        replaced label score lower than a kept one? This differs between scoring
        methods, which accuracy does not. Where no noise was found, all wrong labels are
        equally likely. Wrong labels among those of `y` lower the score, for all methods
        alike. Each classifier brings a matrix of its own: for a search that is
        mainly over classifiers, :func:`make_label_noise_scorer` sets the same noise for
        all.

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
        return expected_score(self, X, y)

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
        predicted = np.asarray(self.estimator_.predict(X))
        if predicted.ndim == 2 and predicted.shape[1] == 1:
            predicted = predicted.ravel()
        if self.encodes_labels_:
            return self.classes_[predicted.astype(np.intp)]
        return predicted.astype(self.classes_.dtype, copy=False)

    def predict_proba(self, X):
        """Predict class probabilities of new samples by the refitted classifier.

        For the training samples use `oof_pred_probs_`. Without a `predict_proba` of its
        own, the classifier's decision values are turned into probabilities by
        `temperature_`.

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
        used = np.arange(len(self.classes_)) if self.encodes_labels_ else None
        response = predict_response(
            self.estimator_, X, self.classes_, self.response_method_, used
        )
        return to_probabilities(response, getattr(self, "temperature_", None))

    @validate_options(filter_by=[StrOptions(set(RULES))])
    def audit(
        self, X=None, y=None, *, filter_by="predicted_neq_given", verified=None
    ) -> LabelAudit:
        """Audit the labels of the training samples, or of new ones.

        Get a scorer out of a search or a pipeline by ``search.best_estimator_`` or
        ``pipeline[position]``.

        Parameters
        ----------
        X : array-like, sparse matrix or data frame of n_samples rows, default=None
            New samples, which the classifier has not seen. None audits the training
            samples, by their out-of-sample probabilities.

        y : array-like of shape (n_samples,), default=None
            The given labels of the new samples.

        filter_by : {"prune_by_noise_rate", "prune_by_class", "both", \
                "confident_learning", "predicted_neq_given", "low_self_confidence", \
                "low_normalized_margin"}, default="predicted_neq_given"
            The rule that finds the label issues, see :func:`find_label_issues`. It does
            not depend on `method`, which orders the labels.

        verified : LabelReview, default=None
            A review of an earlier round. What a person confirmed or corrected is no
            issue any more, see :meth:`LabelAudit.from_pred_probs`.

        Returns
        -------
        audit : LabelAudit
            The labels that `fit` saw, with `oof_pred_probs_` and
            `label_quality_scores_`, or the new ones with their probabilities and
            scores: as tables, as plots and as a page.

        Raises
        ------
        ValueError
            If `filter_by` is unknown, only one of `X` and `y` is given, or `y` has a
            label that `fit` did not see.

        See Also
        --------
        LabelAudit : What an audit can show.
        """
        check_is_fitted(self)
        if (X is None) != (y is None):
            raise ValueError(
                "X and y must be given together, but one of them is None; pass new "
                "samples and their labels, or neither for the training samples."
            )
        if X is None:
            index = unpack(self._training_index_) if self._training_index_ else None
            labels = unpack_labels(self._training_labels_, index)
            codes = encode_labels(read_labels(labels), as_list(self.classes_))
            pred_probs, scores = self.oof_pred_probs_, self.label_quality_scores_.copy()
        else:
            read = self._read_labels(X, y)
            codes = encode_labels(read, as_list(self.classes_), name="y")
            index, labels = index_of(X, y), labels_to_keep(y, self.classes_, codes)
            pred_probs = self._check_pred_probs(X)
            scores = score_labels(
                self._samples(codes, pred_probs), self.method, learned_by(self)
            )
        return LabelAudit._of_samples(
            self._samples(codes, pred_probs, self.classes_),
            labels=labels,
            index=as_index(index, len(codes)),
            label_quality_scores=scores,
            filter_by=filter_by,
            verified=verified,
        )

    # -- fit ---------------------------------------------------------------------------

    def _fit_and_predict(self, X, codes, classes, response_method, params, progress):
        """Return the fitted classifier and its codes, and the probabilities."""
        if isinstance(self.estimator, FrozenEstimator):
            useless = sorted(params) + (["cv='oob'"] if self.cv == "oob" else [])
            if useless:
                raise ValueError(
                    "estimator must not be a FrozenEstimator, which is not fitted, for "
                    f"what belongs to a fit, but {useless} came with one; leave it out."
                )
            response = predict_response(self.estimator, X, classes, response_method)
            result = from_response(response, codes, response_method)
            return (self.estimator, None), result
        split_params, fit_params = self._route(params)
        memory = check_memory(self.memory)
        if isinstance(self.cv, str):
            if split_params:
                raise ValueError(
                    "groups must not be passed with cv='oob', which draws samples one "
                    "by one and tears groups apart; pass a splitter such as "
                    "StratifiedGroupKFold as cv."
                )
            return fit_out_of_bag(
                self.estimator,
                X,
                codes,
                classes,
                fit_params=fit_params,
                memory=memory,
                progress=progress,
            )
        shares = shares_of(self.cv, X, codes, split_params)
        warn_of_small_classes(shares[0].splits, self.cv, codes, classes)
        if not split_params and not get_tags(self.estimator).input_tags.pairwise:
            warn_of_copies(X, shares[0].splits)
        return cross_fit(
            self.estimator,
            X,
            codes,
            classes,
            shares=shares,
            response_method=response_method,
            score=self._score,
            fit_params=fit_params,
            memory=memory,
            n_jobs=self.n_jobs,
            verbose=self.verbose,
            progress=progress,
        )

    def _route(self, params):
        """Return the parameters of the splitter and those of the classifier's fit."""
        if get_config()["enable_metadata_routing"]:
            routed = process_routing(self, "fit", **params)
            split_params, fit_params = routed.splitter.split, routed.estimator.fit
        else:
            fit_params = dict(params)
            split_params = {"groups": fit_params.pop("groups", None)}
        given = {name: v for name, v in split_params.items() if v is not None}
        return given, fit_params

    def get_metadata_routing(self):
        """Get metadata routing of this object.

        `groups` and the like go to the splitter `cv`, `sample_weight` and the like to
        the classifier's `fit`, each if they request it.

        Returns
        -------
        routing : MetadataRouter
            A :class:`~sklearn.utils.metadata_routing.MetadataRouter` encapsulating
            routing information.
        """
        # fit_transform calls fit; scikit-learn < 1.9 wants that said.
        return (
            MetadataRouter(owner=self)
            .add(
                estimator=self.estimator,
                method_mapping=MethodMapping()
                .add(caller="fit", callee="fit")
                .add(caller="fit_transform", callee="fit"),
            )
            .add(
                splitter=consumer_of_split_params(self.cv),
                method_mapping=MethodMapping()
                .add(caller="fit", callee="split")
                .add(caller="fit_transform", callee="split"),
            )
        )

    def _encode(self, labels):
        """Return the classes and the position of each label in them."""
        if isinstance(self.estimator, FrozenEstimator):
            check_is_fitted(self.estimator)
            classes = np.asarray(self.estimator.classes_)
            return classes, encode_labels(labels, as_list(classes), name="y")
        classes, codes = factorize_labels(labels, name="y")
        if len(classes) < 2:
            raise ValueError(
                "y must have at least two classes, but has one class only, "
                f"{as_list(classes)[0]!r}; there is nothing to tell its labels from."
            )
        return classes, codes

    # -- checks ------------------------------------------------------------------------

    def _check_before_fit(self, X, y):
        """Raise what would otherwise only show after the costly cross fitting."""
        if y is None:
            raise ValueError(
                "This LabelQualityScorer estimator requires y to be passed, but the "
                "target y is None; pass the given labels."
            )
        check_adjustable(self.method, self.adjust_pred_probs, "adjust_pred_probs=False")
        if isinstance(self.estimator, type):
            raise TypeError(
                "estimator must be an instance of a classifier, but is the class "
                f"{self.estimator.__name__}; pass {self.estimator.__name__}()."
            )
        if is_regressor(self.estimator):
            raise ValueError(
                "estimator must be a classifier with predict_proba or "
                f"decision_function, but {brief(self.estimator)} is a regressor; pass "
                "a classifier."
            )
        if _has_fitted_part(self.estimator):
            raise ValueError(
                "estimator must be refitted in each fold or not at all, but "
                f"{brief(self.estimator)} has a FrozenEstimator in it, whose training "
                "samples would be scored in-sample; if all samples are new to it, fit "
                "the whole and pass it as FrozenEstimator(fitted)."
            )

    def _check_can_append(self, X):
        if self.passthrough:
            check_two_dimensional(X)

    def _check_pred_probs(self, X):
        return check_pred_probs(self.predict_proba(X), name=PREDICTED).matrix()

    def _samples(self, codes, pred_probs, classes=None):
        return Samples(
            codes, pred_probs, classes=classes, is_checked=True, n_jobs=self.n_jobs
        )

    def _read_labels(self, X, y, **params):
        check_same_order(X=X, y=y, **params)
        labels = read_labels(y, name="y")
        check_consistent_length(X, labels)
        return labels

    # -- output ------------------------------------------------------------------------

    def _candidate_columns(self, pred_probs):
        """Return what `append` asks for, computed from probabilities alone."""
        score = score_candidates if self.append == "classes" else score_best_candidates
        return score(self._samples(None, pred_probs), self.method, learned_by(self))

    def _append(self, X, scores):
        scores = scores.reshape(len(scores), -1)
        if not self.passthrough:
            return in_dtype_of(X, scores)
        output = _get_output_config("transform", self)["dense"]
        return append_columns(X, scores, self._score_names(), output=output)

    def _score_names(self):
        """Name the columns of scores, by names that no next step refuses."""
        stem = f"{type(self).__name__.lower()}_{self.method}"
        if self.append == "classes":
            return column_names_of(stem, self.classes_)
        return [stem]

    def get_feature_names_out(self, input_features=None):
        """Name the columns that `transform` and `fit_transform` return.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Names of the features; None means `feature_names_in_` or, without them,
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
        names = _check_feature_names_in(self, input_features)
        return np.concatenate([names, names_beside(names, score_names)])

    # -- what depends on the classifier ------------------------------------------------

    @property
    def n_features_in_(self):  # numpydoc ignore=RT01
        """Number of features seen during `fit`."""
        return getattr(self.estimator_, "n_features_in_", None) or self._n_features_

    @property
    def feature_names_in_(self):  # numpydoc ignore=RT01
        """Names of features seen during `fit`."""
        if hasattr(self.estimator_, "feature_names_in_"):
            return self.estimator_.feature_names_in_
        return self._feature_names_

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


def _has_fitted_part(estimator):
    """Whether a classifier inside of the estimator is fitted once and for all."""
    parts = estimator.get_params(deep=True).values()
    return not isinstance(estimator, FrozenEstimator) and any(
        isinstance(part, FrozenEstimator) and is_classifier(part) for part in parts
    )
