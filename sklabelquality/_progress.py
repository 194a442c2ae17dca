# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""Progress of the fits, by the callbacks of scikit-learn 1.9 and later.

Before that a scorer has no ``set_callbacks``, and nothing here does anything.
"""

import uuid
from contextlib import contextmanager

try:
    from sklearn.callback import CallbackSupportMixin
except ImportError:  # scikit-learn < 1.9

    class CallbackSupportMixin:
        """A stand-in without callbacks."""


@contextmanager
def progress_of_fit(scorer, X, y):
    """Tell a scorer's callbacks of its fit, and yield the progress of its parts."""
    if not hasattr(scorer, "_init_callback_context"):
        yield Progress()
        return
    context = scorer._init_callback_context(max_subtasks=None)
    context.call_on_fit_task_begin(estimator=scorer, X=X, y=y)
    yield Progress(context)
    context.call_on_fit_task_end(estimator=scorer, X=X, y=y)


class Progress:
    """Hands tasks to the callbacks of a context, in whatever process they run."""

    def __init__(self, context=None, is_sequential=True):
        self.context = context
        self.is_sequential = is_sequential

    def __deepcopy__(self, memo):
        return self  # clones of an estimator report to the same callbacks

    @contextmanager
    def tasks(self, name, n_tasks, caller):
        """Yield the progress of tasks that may run in parallel."""
        if self.context is None:
            yield self
            return
        context = self.context.subcontext(
            task_name=name, max_subtasks=n_tasks, sequential_subtasks=False
        )
        context.call_on_fit_task_begin(estimator=caller)
        yield Progress(context, is_sequential=False)
        context.call_on_fit_task_end(estimator=caller)

    @contextmanager
    def task(self, name, estimator):
        """Tell of one fit, and let the estimator tell of its own tasks within."""
        if self.context is None:
            yield
            return
        # Workers do not know of each other, and a name of its own is all a task needs.
        task_id = None if self.is_sequential else uuid.uuid4().hex[:8]
        context = self.context.subcontext(task_name=name, task_id=task_id)
        with context.propagate_callback_context(estimator):
            context.call_on_fit_task_begin(estimator=estimator)
            yield
        context.call_on_fit_task_end(estimator=estimator)
