"""Search over the combinations of a comparison with Optuna."""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping

Values = dict[str, str]
Score = Callable[[list[Values]], list[float | None]]


def run(
    axes: Mapping[str, Iterable[str]],
    trials: int,
    minimize: bool,
    at_once: int,
    score: Score,
) -> Values | None:
    """Returns the best combination of values that Optuna has tried.

    Its sampler has a fixed seed and gets the scores in the order of its suggestions. A
    search that starts again therefore suggests the same combinations, whose runs have
    ended already.

    Args:
        axes: The possible values of each axis.
        trials: Number of suggestions, which may repeat.
        minimize: If `True`, a lower score is better.
        at_once: Number of suggestions before the next look at scores.
        score: Function of combinations that returns the score of each, or `None` for a
            combination that has failed.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        direction="minimize" if minimize else "maximize",
        sampler=optuna.samplers.TPESampler(seed=0),
    )
    choices: dict[str, optuna.distributions.BaseDistribution] = {
        key: optuna.distributions.CategoricalDistribution(list(values))
        for key, values in axes.items()
    }
    for begin in range(0, trials, at_once):
        asked = [study.ask(choices) for _ in range(min(at_once, trials - begin))]
        scores = score([dict(trial.params) for trial in asked])
        for trial, value in zip(asked, scores, strict=True):
            failed = optuna.trial.TrialState.FAIL if value is None else None
            study.tell(trial, value, failed)
    complete = [trial for trial in study.trials if trial.value is not None]
    return dict(study.best_params) if complete else None
