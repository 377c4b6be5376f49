"""A body that is no census: a random walk of each landscape, with measurables and words of its own."""

import numpy as np

from morsecensus.tasks.measurables.base import Table, count, number, read_off

TABLES = (
    Table(
        "landscape",
        "landscape",
        (
            count("n_steps", "steps of the walk", lambda walk: len(walk)),
            number("reach", "largest distance from the start", lambda walk: abs(walk).max(), unit="nm"),
        ),
    ),
    Table(
        "step",
        "time",
        (
            number("place", "where the walk is", lambda walk: walk, unit="nm"),
            number(
                "rest",
                "time spent there; nan: it went on at once",
                lambda walk: np.full(len(walk), np.nan),
                unit="ps",
                optional=True,
            ),
        ),
        count="step_size",
        instance="step_landscape",
    ),
)


def describe(spec):
    return {
        "rows_bound": 10 * spec["block_size"],
        "memory_bytes": 2**20,
        "tables": [table.record() for table in TABLES],
        "sizes": {},
        "chunk_rows": 16,
    }


def walk(spec, landscape):
    random = np.random.default_rng([spec["seed"], landscape])
    return random.normal(size=random.integers(1, 10)).cumsum()


def run_block(spec, block, scatter=None):
    size = spec["block_size"]
    walks = [walk(spec, block * size + slot) for slot in range(size)]
    whole, steps = ([read_off(table, one) for one in walks] for table in TABLES)
    return {
        "landscape": {name: np.stack([row[name] for row in whole]) for name in whole[0]},
        "step": {name: np.concatenate([rows[name] for rows in steps]) for name in steps[0]}
        | {"slot": np.repeat(np.arange(size), [len(one) for one in walks])},
    }
