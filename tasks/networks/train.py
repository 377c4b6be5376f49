"""Training: SGD on batches without replacement, or gradient descent, compiled once a network."""

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from morsecensus.tasks.networks.evaluate import mean_cost
from morsecensus.tasks.networks.forward import cost, held
from morsecensus.tasks.networks.late import late_cost, late_steps
from morsecensus.tasks.networks.options import NetworkOptions, look_steps
from morsecensus.tasks.networks.shapes import Net, first_weights
from morsecensus.tasks.networks.words import DIVERGED, DONE
from morsecensus.tasks.runtime.keys import generator
from morsecensus.tasks.runtime.lazy_jax import jax, jnp

_gradient = jax.grad(cost, argnums=1)


@dataclass(frozen=True)
class Trained:
    """A run.

    Attributes:
        weights: at its looks, in its own precision; NaN from where it diverged on.
        costs: over all its examples, likewise.
        outcome: how it ended.
        first: the weights that it began with, as doubles.
        steps: taken.
        late: mean costs over the third and the fourth quarter; NaN where none were asked for.
    """

    weights: Float[np.ndarray, "looks weights"]
    costs: Float[np.ndarray, " looks"]
    outcome: int
    first: Float[np.ndarray, " weights"]
    steps: int
    late: Float[np.ndarray, " quarters"]

    @property
    def end(self) -> Float[np.ndarray, " weights"]:
        """The last weights, as doubles."""
        return self.weights[-1].astype(np.float64)


@functools.partial(jax.jit, static_argnums=0)
def _batches(
    net: Net, weights: Any, x: Any, targets: Any, order: Any, first: Any, end: Any, rate: Any
) -> Any:
    """Steps first to end - 1 of an epoch; ``order`` has the examples of each, shape (steps, batch)."""

    def step(number: Any, now: Any) -> Any:
        chosen = order[number]
        return now - rate * _gradient(net, now, x[chosen], targets[chosen])

    return jax.lax.fori_loop(first, end, step, weights)


@functools.partial(jax.jit, static_argnums=0)
def _descent(net: Net, weights: Any, x: Any, targets: Any, steps: Any, rate: Any) -> Any:
    """So many steps on all examples."""
    return jax.lax.fori_loop(0, steps, lambda _, now: now - rate * _gradient(net, now, x, targets), weights)


@functools.partial(jax.jit, static_argnums=0)
def _descent_until(
    net: Net, weights: Any, x: Any, targets: Any, most: Any, rate: Any, share: Any
) -> tuple[Any, Any]:
    """Steps on all examples until the cost is at most a share of the first, or for so many; and how many."""
    look = jax.value_and_grad(cost, argnums=1)

    def going(state: Any) -> Any:
        step, _, now, _, first = state
        return (step < most) & (now > share * first)

    def move(state: Any) -> Any:
        step, held, _, slope, first = state
        held = held - rate * slope
        now, slope = look(net, held, x, targets)
        return step + 1, held, now, slope, first

    now, slope = look(net, weights, x, targets)
    found = jax.lax.while_loop(going, move, (jnp.asarray(0), weights, now, slope, now))
    return found[1], found[0]


def train(
    options: NetworkOptions,
    examples: np.ndarray,
    targets: Float[np.ndarray, "examples classes"],
    seed: int,
    run: int,
) -> Trained:
    """Train a network.

    Args:
        examples, targets: the training examples and the probabilities of their classes.
        seed, run: of the study, and the number of the run: first weights and the order of examples follow
            from them and from the widths, whatever the algorithm.
    """
    dtype = np.dtype(options.precision)
    begun = _start(options, seed, run)
    weights = jnp.asarray(begun, dtype)
    x = held(examples, dtype)
    goals, rate = jnp.asarray(targets, dtype), jnp.asarray(options.rate * options.net.pace, dtype)
    looks = look_steps(options)
    kept, costs = np.full((len(looks), options.net.weights), np.nan, dtype), np.full(len(looks), np.nan)
    late = late_steps(options)
    seen = np.full(len(late), np.nan)
    step = 0
    for look in np.union1d(looks, late):
        stored, passed = looks == look, late == look
        if options.until:
            asked = (options.net, weights, x, goals, look, rate, options.until)
            weights, look = _descent_until(*asked)
        elif options.algorithm == "gd":
            weights = _descent(options.net, weights, x, goals, int(look) - step, rate)
        else:
            for order, first, end in _parts(options, step, int(look), seed, run):
                weights = _batches(options.net, weights, x, goals, order, first, end, rate)
        step = int(look)
        found = np.asarray(weights)
        now = mean_cost(options.net, found.astype(np.float64), examples, targets)
        if not np.isfinite(now):
            return Trained(kept, costs, DIVERGED, begun, step, late_cost(late[:0]))
        kept[stored], costs[stored] = found, now
        seen[passed] = now
    return Trained(kept, costs, DONE, begun, step, late_cost(seen))


def _start(options: NetworkOptions, seed: int, run: int) -> Float[np.ndarray, " weights"]:
    return first_weights(options.net, _source(options, seed, run, "weights"))


def _source(options: NetworkOptions, seed: int, run: int, *labels: str | int) -> np.random.Generator:
    """What is random of a run. Nets of one shape draw the same, so that options can be compared run by run,
    but for a student of its teacher's widths: it would begin where run 0 taught, and end nearer to it."""
    teacher, shape = options.of_teacher, str(options.net)
    draw = run + (teacher is not None and str(teacher.net) == shape)
    return generator(seed, "network", shape, draw, *labels)


def _parts(
    options: NetworkOptions, first: int, end: int, seed: int, run: int
) -> Iterator[tuple[np.ndarray, int, int]]:
    """Steps first to end - 1, epoch by epoch: the order of its examples, and which of its steps. Examples
    that fill no batch are left out of an epoch; the order of the next is another."""
    length = options.count // options.batch
    for epoch in range(first // length, -(-end // length)):
        source = _source(options, seed, run, "epoch", epoch)
        order = source.permutation(options.count)[: length * options.batch].reshape(length, options.batch)
        begun = epoch * length
        yield order.astype(np.int32), max(first - begun, 0), min(end - begun, length)
