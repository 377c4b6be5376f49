"""Functions on dynamics: mean_field."""

from collections.abc import Sequence
from typing import Any

from morsecensus.pipeline.api.arguments import numbers_text, plain_number, whole
from morsecensus.pipeline.commands.mean_field import mean_field as solved


def mean_field(
    xi: str | None = None,
    until: float | None = None,
    looks: str | Sequence[float] | None = None,
    *,
    two_time: str | Sequence[float] | None = None,
    model: str | None = None,
    temperature: float = 0.0,
    start_temperature: float | None = None,
    overlap: float | None = None,
    step: float | None = None,
    summands: int | None = None,
    sequence: str | None = None,
    sampling: str | None = None,
    seed: int | None = None,
    **parameters: Any,
) -> dict[str, Any]:
    """Dynamics at N to infinity: gradient flow, Langevin; with a step gradient descent, Langevin-Euler, SGD.

    Args:
        xi: covariance polynomial, of models that have one; a signal is given as ``signal="q^3"``.
        until: the last time, or with ``step`` the number of steps.
        looks: times or step numbers, a list or "1,2,5".
        two_time: times or step numbers, of the same forms, between all pairs of which C and R are wanted.
        model: "pspin", "spiked" or "matrix-tensor"; "spiked" by default if there is a signal.
        temperature: of the bath; 0 is gradient flow.
        start_temperature: of the equilibrium that the start is drawn from; uniform starts if None.
        overlap: of the start with the signal.
        step: of the gradient; None for continuous time.
        summands, sequence, sampling, seed: SGD on so many fields: by a rule of t or a file, or sampled
            with "replacement", "shuffle" or "cyclic".
        parameters: of the model, such as ``delta2=0.3``.

    Returns:
        As ``morsecensus mean-field --json`` prints it: ``rows`` with ``t``, ``energy``, ``energy_error``,
        ``radial``, ``correlation``, ``overlap`` (None without signal), and ``method``; with ``two_time``
        a dictionary of that name: ``t`` and matrices ``correlation``, ``response``, ``susceptibility`` and
        ``ratio`` (T R/(dC/dt'), None but for t > t', all of it None without a bath) over them, ``error`` and
        ``ratio_error``.

    Raises UsageError: the text says what was got and what is allowed.
    """
    given = {name: plain_number(value) for name, value in parameters.items()}
    return solved(
        model,
        given if xi is None else {"xi": xi, **given},
        until=until,
        looks=numbers_text("looks", looks),
        two_time=numbers_text("two_time", two_time),
        temperature=temperature,
        start_temperature=start_temperature,
        overlap=overlap,
        step=step,
        summands=None if summands is None else whole("summands", summands),
        sequence=sequence,
        sampling=sampling,
        seed=None if seed is None else whole("seed", seed),
    ).json()
