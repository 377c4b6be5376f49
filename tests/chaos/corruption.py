"""Damage to what lies on disk: `verify` names each damaged thing and nothing else, `repair` mends it.

Here bytes lost are those that repair doesn't bring back.
"""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

from chaos.bench import BLOCKS, Bench
from chaos.body import BODY
from chaos.faults import Result, fault
from chaos.trial import Trial
from morsecensus.storage.dataset import dataset_hash
from morsecensus.storage.seals import seal, unseal
from morsecensus.storage.store import open_run
from morsecensus.storage.verify import verify

Damage = Callable[[Path, np.random.Generator], set[str]]
"""Damages a store and returns the keys that verify must name."""


def _pick(store: Path, random: np.random.Generator, pattern: str) -> Path:
    found = sorted(path for path in store.glob(pattern) if path.is_file())
    return found[int(random.integers(len(found)))]


def _key(store: Path, path: Path) -> set[str]:
    return {path.relative_to(store).as_posix()}


def _remove(path: Path, random: np.random.Generator) -> None:
    path.unlink()


def _empty(path: Path, random: np.random.Generator) -> None:
    path.write_bytes(b"")


def _cut(path: Path, random: np.random.Generator) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: int(random.integers(1, len(data)))])


def _flip(path: Path, random: np.random.Generator) -> None:
    data = bytearray(path.read_bytes())
    bit = int(random.integers(8 * len(data)))
    data[bit // 8] ^= 1 << bit % 8
    path.write_bytes(data)


def _exchange(store: Path, random: np.random.Generator) -> set[str]:
    """Two intact chunks of one column, each in the place of the other."""
    while True:
        one = _pick(store, random, "stream.zarr/*/*/c.*")
        other = _pick(one.parent, random, "c.*")
        first, second = one.read_bytes(), other.read_bytes()
        if first != second:
            one.write_bytes(second)
            other.write_bytes(first)
            return _key(store, one) | _key(store, other)


def _foreign(store: Path, random: np.random.Generator) -> set[str]:
    """The marker of another block, valid there, in the place of this one's."""
    one = _pick(store, random, "commits/*/*.json")
    while (other := _pick(store, random, "commits/*/*.json")) == one:
        pass
    one.write_bytes(other.read_bytes())
    return _key(store, one)


def _forged(store: Path, random: np.random.Generator) -> set[str]:
    """A marker with a valid seal that says something else of one object."""
    one = _pick(store, random, "commits/*/*.json")
    record = unseal(one.read_bytes())
    name = sorted(record["objects"])[int(random.integers(len(record["objects"])))]
    size, crc = record["objects"][name]
    record["objects"][name] = (size, f"{int(crc, 16) ^ (1 << int(random.integers(32))):08x}")
    one.write_bytes(seal(record))
    return {name}


def _edited(store: Path, random: np.random.Generator) -> set[str]:
    """Metadata of an array of the stream that says another shape."""
    one = _pick(store, random, "stream.zarr/*/*/zarr.json")
    record = json.loads(one.read_text())
    record["shape"][0] += int(random.integers(1, 100))
    one.write_text(json.dumps(record))
    return _key(store, one)


def _on(pattern: str, how: Callable[[Path, np.random.Generator], None], *, named: bool = True) -> Damage:
    def damage(store: Path, random: np.random.Generator) -> set[str]:
        path = _pick(store, random, pattern)
        how(path, random)
        return _key(store, path) if named else set()

    return damage


CHUNK, MARKER, DATASET = "stream.zarr/*/*/c.*", "commits/*/*.json", "dataset-*.zarr/**/*"
DAMAGES: dict[str, tuple[str, Damage]] = {
    "chunk deleted": ("a random object of a block", _on(CHUNK, _remove)),
    "chunk emptied": ("a random object of a block", _on(CHUNK, _empty)),
    "chunk cut": ("at a random byte", _on(CHUNK, _cut)),
    "chunk with a bit flipped": ("a random bit", _on(CHUNK, _flip)),
    "chunks exchanged": ("two intact chunks of one column", _exchange),
    "marker deleted": ("its block counts as not done", _on(MARKER, _remove, named=False)),
    "marker cut": ("at a random byte", _on(MARKER, _cut)),
    "marker with a bit flipped": ("a random bit", _on(MARKER, _flip)),
    "marker of another block": ("a valid marker copied over a random one", _foreign),
    "marker forged": ("valid seal, another CRC for one object", _forged),
    "metadata edited": ("the shape in a zarr.json of the stream", _edited),
    "metadata cut": ("a zarr.json of the stream, at a random byte", _on("stream.zarr/**/zarr.json", _cut)),
    "latest.json cut": ("at a random byte", _on("latest.json", _cut)),
    "dataset with a bit flipped": ("a random bit of a random object", _on(DATASET, _flip)),
    "dataset object deleted": ("a random object", _on(DATASET, _remove)),
}


def check_named(trial: Trial, damage: Damage, random: np.random.Generator) -> set[str]:
    """Damage a copy of the finished store, expect `verify` to name just that, and return what it is."""
    trial.bench.copy("small", trial.store)
    expected = damage(trial.store, random)
    report = verify(open_run(str(trial.store)))
    found = {problem.key for problem in report.problems}
    trial.expect(found == expected, f"verify named {sorted(found)}, damaged were {sorted(expected)}")
    # a deleted marker is no problem: its block is not done, that is all
    without = not expected or any(key.startswith("commits/") for key in expected)
    trial.expect(report.done == BLOCKS["small"] - without, f"{report.done} blocks done")
    return expected


def _register(name: str, how: str, damage: Damage) -> None:
    @fault(name, how, every=5)
    def inject(bench: Bench, random: np.random.Generator, folder: Path) -> Result:
        with Trial(bench, folder) as trial:
            expected = check_named(trial, damage, random)
            _repair(trial)
            return _restored(trial, "named, repaired, same bytes" if expected else "recomputed, same bytes")


def _repair(trial: Trial) -> None:
    driver = trial.start(command=["repair", str(trial.store), "--body", BODY])
    trial.expect(
        driver.finish() == 0, f"repair ended with {driver.process.returncode}: {driver.error[-300:]}"
    )


def _restored(trial: Trial, outcome: str) -> Result:
    """Count as lost what differs from the reference's objects after repair."""
    before = trial.bench.root / "small/store/stream.zarr"
    for path in before.rglob("*"):
        after = trial.store / "stream.zarr" / path.relative_to(before)
        if path.is_file() and not (after.is_file() and after.read_bytes() == path.read_bytes()):
            trial.lose(path.relative_to(before).as_posix(), path.stat().st_size)
    return trial.judge(outcome)


for _name, (_how, _damage) in DAMAGES.items():
    _register(_name, _how, _damage)


@fault(
    "leftovers planted", "up to 9 *.partial files and half a dataset: no problem, swept by repair", every=5
)
def leftovers(bench: Bench, random: np.random.Generator, folder: Path) -> Result:
    with Trial(bench, folder) as trial:
        bench.copy("small", trial.store)
        planted = {"dataset-7.zarr"}
        (trial.store / "dataset-7.zarr").mkdir()
        (trial.store / "dataset-7.zarr/zarr.json").write_text("{")
        for number in range(int(random.integers(1, 10))):
            beside = _pick(trial.store, random, "**/*")
            if "dataset-7" in str(beside):
                continue
            path = beside.with_name(f"{beside.name}.{number}.partial")
            path.write_bytes(random.bytes(int(random.integers(100))))
            planted |= _key(trial.store, path)
        report = verify(open_run(str(trial.store)))
        trial.expect(not report.problems, f"verify: {report.problems[:2]}")
        trial.expect(set(report.leftovers) == planted, f"leftovers {report.leftovers}, planted {planted}")
        _repair(trial)
        left = [path for path in planted if (trial.store / path).exists()]
        trial.expect(not left, f"repair left {left}")
        return _restored(trial, "listed, swept, same bytes")


@fault("run.json damaged", "cut at a random byte, or a bit flipped: nothing restores it but a copy", every=5)
def manifest(bench: Bench, random: np.random.Generator, folder: Path) -> Result:
    with Trial(bench, folder) as trial:
        bench.copy("small", trial.store)
        path = trial.store / "run.json"
        whole = path.read_bytes()
        (_cut, _flip)[int(random.integers(2))](path, random)
        for command in ("verify", "status", "repair"):
            driver = trial.start(command=[command, str(trial.store)])
            trial.expect(driver.finish() == 1, f"{command} ended with {driver.process.returncode}")
            one = driver.error.count("\n") == 1 and "run.json is damaged" in driver.message
            trial.expect(one, f"{command} said: {driver.error[-300:]}")
        path.write_bytes(whole)
        trial.expect(dataset_hash(str(trial.store)) == bench.hashes["small"], "the dataset has changed")
        return trial.judge("one clear line; with run.json put back, same bytes")
