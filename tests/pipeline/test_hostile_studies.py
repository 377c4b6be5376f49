"""Study files that mean harm: whatever they hold, one line and exit code 2, or a plan, within a second."""

import math
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from morsecensus.pipeline.cli.app import app
from morsecensus.pipeline.errors import MAX_LINE, UsageError, plain, shown
from morsecensus.pipeline.run.plan import make_plan
from morsecensus.pipeline.study.study import MAX_BYTES, parse_study, read_study
from morsecensus.pipeline.worker.bodies import DEFAULT_BODY, describe
from support.fuzzing import examples

SECONDS = 1.0
MEMORY = 2**36
EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.toml"))

fuzzed = settings(
    max_examples=examples(300),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)


@pytest.fixture(scope="module", autouse=True)
def _warm():
    """Imports, JAX among them, are no cost of a study; nor is the theory of examples, once known."""
    for example in EXAMPLES:
        with suppress(UsageError):  # the one with a plugin
            make_plan(read_study(example))
    text = 'name = "a"\nseed = 1\n[[cells]]\nxi = "q^3"\nn = 4\nlandscapes = 1\nfinder = "auto"\n'
    import tomllib

    make_plan(parse_study(tomllib.loads(text)))


@pytest.fixture(scope="module")
def planned(tmp_path_factory):
    """Read and plan a study's bytes: the error if there is one. Fails on any other, and after a second."""
    path = tmp_path_factory.mktemp("hostile") / "study.toml"

    def plan(data):
        path.write_bytes(data)
        started = time.process_time()
        message = None
        try:
            make_plan(read_study(path), memory=MEMORY)
        except UsageError as error:
            message = str(error)
        seconds = time.process_time() - started
        assert seconds < SECONDS, f"{seconds:.2f} s for {data[:300]!r}: {message}"
        if message is not None:
            assert message.startswith(f"{path}: ")
            message = message.removeprefix(f"{path}: ")
            assert len(message) < 1500
            assert message.isprintable()
        return message

    return plan


@fuzzed
@given(st.binary(max_size=2000) | st.text(max_size=2000).map(lambda text: text.encode()))
def test_any_bytes(planned, data):
    planned(data)


# --- studies that look like one


def _basic(text):
    """A TOML string; surrogates can't be written."""
    return '"' + "".join(c if c.isalnum() and c.isascii() else f"\\U{ord(c):08X}" for c in text) + '"'


texts = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
    st.sampled_from(
        [
            "",
            "..",
            "../../etc/passwd",
            "/etc/passwd",
            "a/b",
            "a\\b",
            "a\x00b",
            "\x1b[2J\x1b]0;x\x07",
            "\u202egnp.exe",
            "q\u200b^3",
            "<script>alert(1)</script>",
            "[bold]x[/nonsense]",
            "x" * 10**5,
            "1:1000000000",
            "2:10000",
            "4:" + "9" * 5000,
            "4," * 5000,
            "${HOME}",
            "os:system",
            "__import__('os')",
        ]
    ).flatmap(lambda text: st.sampled_from([text, text + "\n", "demo" + text])),
).map(_basic)
numbers = st.one_of(
    st.integers(-10, 40).map(str),
    st.sampled_from(
        [2**31, 2**53, 2**63 - 1, 2**63, 2**64, -(2**63), 10**9, 10**18, 10**400, -(10**400)]
    ).map(str),
    st.sampled_from(["9" * 5000, "0x" + "f" * 10**4, "0b" + "1" * 10**4, "0o" + "7" * 10**4]),
    st.sampled_from(["nan", "inf", "-inf", "1e999", "-0.0", "1e-400", "0." + "1" * 5000, "1e12", "1e-12"]),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
)
others = st.sampled_from(
    [
        "true",
        "false",
        "1979-05-27T07:32:00Z",
        "07:32:00",
        "{}",
        "[]",
        "[[[]]]",
        "{a.b.c = 1}",
        "[" * 200 + "]" * 200,
        "[" * 5000 + "]" * 5000,
        "{a=" * 100 + "1" + "}" * 100,
        "{a=" * 5000 + "1" + "}" * 5000,
        "{a.a.a.a.a.a.a.a.a.a=" * 90 + "1" + "}" * 90,
        "[" + "4," * 10**5 + "]",
        "[" + ",".join(map(str, range(2, 1002))) + "]",
        "[" + ",".join(f"{i}.5" for i in range(1000)) + "]",
        "[" + '"q^3",' * 1000 + "]",
        "{" + ",".join(f"k{i}=1" for i in range(10**4)) + "}",
    ]
)
covariances = st.sampled_from(
    [
        "q^3",
        "q^6",
        "q^2",
        "0.5*q^2+0.5*q^3",
        "1e12*q^2+1e-12*q^6",
        "1e-12*q^2+1e12*q^3",
        "1e12*q+1e-12*q^2",
        "q^999999999",
        "q^3" * 10**4,
        "q^3+" * 49 + "q^3",
        "9e999*q^3",
        "(" * 99 + "q^3" + ")" * 99,
        "1/0*q^3",
        "9" * 190 + "*q^3",
        "q^3\u202e",
    ]
).map(_basic)
values = st.one_of(texts, numbers, others, covariances)
lists = st.lists(values, max_size=4).map(lambda parts: "[" + ",".join(parts) + "]")
sizes = st.sampled_from(
    [
        "2",
        "4",
        '"2:40"',
        '"4:9"',
        "200",
        "1000",
        "2000",
        "9999",
        "10000",
        '"9001:10000"',
        '"901:1000"',
        "[2, 300]",
    ]
)
finders = st.sampled_from(["auto", "multistart", "homotopy", "sampled-homotopy"]).map(_basic)
option_names = [
    "max_rounds",
    "starts_per_round",
    "max_step",
    "paths",
    "order",
    "threads",
    "max_paths",
    "aim",
    "certify",
]
options = st.dictionaries(st.sampled_from(option_names) | texts, numbers | others, max_size=3).map(
    lambda table: "{" + ",".join(f"{key} = {value}" for key, value in table.items()) + "}"
)
plausible = {
    "model": st.sampled_from(['"pspin"', '"distinct"', '"partite"', '"entries"', '"given"']),
    "xi": covariances,
    "field": st.sampled_from(["0", "0.7", "1e12", "[0, 1, 2]", "[" + ",".join(map(str, range(900))) + "]"]),
    "p": st.just("3"),
    "n": sizes,
    "landscapes": st.sampled_from(["1", "8", "10000000"]),
    "block": st.sampled_from(["1", "32768"]),
    "finder": finders,
    "positions": st.just("true"),
    "topology": st.sampled_from(["true", '"components"']),
    "options": options,
}
keys = st.sampled_from(list(plausible)) | texts


@st.composite
def studies(draw):
    """A study in which most entries make sense, and some don't."""
    lines = [
        f"name = {draw(st.just(_basic('demo')) | values)}",
        f"seed = {draw(st.just('1') | values)}",
    ]
    for _ in range(draw(st.integers(1, 3))):
        table = {name: draw(plausible[name]) for name in ("xi", "n", "landscapes")}
        for key in draw(st.lists(keys, max_size=5)):
            sound = plausible.get(key)
            table[key] = draw(values | lists if sound is None else sound | sound | values | lists)
        lines += ["[[cells]]", *(f"{key} = {value}" for key, value in table.items())]
    return "\n".join(lines).encode()


@fuzzed
@given(studies())
def test_studies_with_hostile_values(planned, data):
    planned(data)


@st.composite
def mutations(draw):
    """One of the examples, with pieces cut out, doubled, put elsewhere or replaced."""
    data = bytearray(draw(st.sampled_from(EXAMPLES)).read_bytes())
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.integers(0, 40)))
        piece = bytes(data[start:end])
        data[start:end] = draw(
            st.one_of(
                st.just(b""),
                st.just(piece * 3),
                st.binary(max_size=8),
                st.integers(0, 10**12).map(lambda number: str(number).encode()),
                st.sampled_from([b"[", b"]", b'"', b"'''", b"\n[[cells]]\n", b"=", b"e9", b"\x00", b"0x"]),
            )
        )
    return bytes(data)


@fuzzed
@given(mutations())
def test_mutated_examples(planned, data):
    planned(data)


# --- what fuzzing finds only by luck

HEAD = b'name = "demo"\nseed = 1\n'
CELL = b'[[cells]]\nxi = "q^3"\nn = 4\nlandscapes = 8\n'
HUGE = b"0x" + b"f" * 10**5
BOMBS = {
    "a key of many parts": (
        b".".join([b"a"] * (MAX_BYTES // 2 - 10)) + b" = 1",
        "a key of more than 16 parts",
    ),
    "a header of many parts": (b"[" + b"a" + b' . "a"' * 20000 + b"]", "a key of more than 16 parts"),
    "long keys of few parts": (
        HEAD + b"".join(b"a." * 15 + b"a%d = 1\n" % i for i in range(3000)) + CELL,
        "unknown key",
    ),
    "a long word": (HEAD + b"a" * (MAX_BYTES - 100) + b" = 1\n" + CELL, "unknown key"),
    "many quotes": (b"a = [" + b'"",' * (MAX_BYTES // 4), "not TOML"),
    "many keys": (HEAD + b"".join(b"k%d = 1\n" % i for i in range(MAX_BYTES // 11)) + CELL, "unknown key"),
    "many tables": (HEAD + b"[[cells]]\n" * (MAX_BYTES // 10 - 10), "cells: "),
    "arrays in arrays": (b"a = " + b"[" * (MAX_BYTES - 4), "not TOML"),
    "tables in tables": (
        HEAD + CELL + b"block = " + b"{a.a.a.a.a.a=" * 150 + b"1" + b"}" * 150,
        "cells[0].block",
    ),
    "a huge seed": (b'name = "a"\nseed = ' + HUGE + b"\n" + CELL, "seed: got a int too long to be shown"),
    "a huge n": (HEAD + CELL.replace(b"n = 4", b"n = " + HUGE), "cells[0].n: got a int too long to be shown"),
    "a huge field": (HEAD + CELL + b"field = " + HUGE, "cells[0].field: got int too long to be shown"),
    "a field of 400 digits": (HEAD + CELL + b"field = 1" + b"0" * 400, "cells[0].field: got 1000"),
    "a huge xi": (HEAD + CELL.replace(b'"q^3"', HUGE), "cells[0].xi: got 'int too long to be shown'"),
    "a huge p": (
        HEAD + b'[[cells]]\nmodel = "distinct"\nn = 4\nlandscapes = 8\np = ' + HUGE,
        "cells[0].p: got",
    ),
    "a huge option": (
        HEAD + CELL + b"[cells.options]\nmax_step = 1" + b"0" * 400,
        "options.max_step: got 1000",
    ),
    "a huge budget": (
        HEAD + CELL + b"[cells.options]\nmax_rounds = " + HUGE,
        "options.max_rounds: got a int",
    ),
    "many unknown options": (
        HEAD
        + CELL
        + b'finder = "auto"\n[cells.options]\n'
        + b"".join(b"k%d = 1\n" % i for i in range(10**4)),
        "options: got k0, k1, k2, k3, k4, ..., allowed: none with finder auto",
    ),
    "everything at its largest": (
        HEAD + b'[[cells]]\nxi = "q^6"\nn = 10000\nlandscapes = 10000000\nblock = 32768\n',
        "cells[0].n: got 10000, which needs",
    ),
    "a million spins": (HEAD + CELL.replace(b"n = 4", b"n = 1000000"), "cells[0].n: got 1000000, allowed"),
    "10^18 landscapes": (HEAD + CELL.replace(b"= 8", b"= 1000000000000000000"), "cells[0].landscapes: got"),
    "blocks of 10^9": (HEAD + CELL + b"block = 1000000000", "cells[0].block: got 1000000000"),
    "no paths can be counted": (
        HEAD + CELL.replace(b"n = 4", b'n = "9001:10000"') + b'finder = "homotopy"\n',
        "n = 9001: n: got 9001, which takes about 10^",
    ),
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_refused(planned, name):
    data, message = BOMBS[name]
    found = planned(data)
    assert found is not None
    assert message in found


def test_a_thousand_sound_cells_are_planned_within_a_second_or_two(tmp_path):
    """Not hostile, and more than anyone needs: the theory is left out where it would take minutes."""
    path = tmp_path / "study.toml"
    path.write_bytes(HEAD + CELL.replace(b"n = 4", b'n = "2:1001"').replace(b"q^3", b"q^2"))
    started = time.process_time()
    plan = make_plan(read_study(path), memory=MEMORY)
    assert time.process_time() - started < 3 * SECONDS
    assert len(plan.rows()) == 1000
    assert math.isfinite(sum(cell.disk_bytes for cell in plan.cells))


def test_describing_the_largest_cell_builds_nothing():
    spec = (
        parse_study({"name": "a", "seed": 1, "cells": [{"xi": "q^6", "n": 10_000, "landscapes": 1}]})
        .cells[0]
        .spec
    )
    started = time.process_time()
    assert describe(DEFAULT_BODY, spec).memory_bytes > 2**60
    assert time.process_time() - started < 0.2


def test_disk_is_bounded_by_the_rows_that_a_finder_can_give():
    study = parse_study(
        {"name": "a", "seed": 1, "cells": [{"xi": "q^3", "n": 1900, "landscapes": 10**7, "block": 1}]}
    )
    (cell,) = make_plan(study).cells
    assert cell.disk_bytes < 10**18


@settings(fuzzed, max_examples=examples(40))
@given(studies())
def test_the_command_line(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "hostile.toml"
    path.write_bytes(data)
    result = CliRunner().invoke(app, ["plan", str(path)])
    assert result.exit_code in (0, 2), result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    if result.exit_code == 2:
        (line,) = result.stderr.splitlines()
        assert line.isprintable()
        assert len(line) < MAX_LINE + 50
        assert result.stdout == ""


def test_a_path_that_plays_with_the_terminal(tmp_path):
    result = CliRunner().invoke(app, ["plan", str(tmp_path / "a\x1b[2J\u202e\nb.toml")])
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert line.isprintable()
    assert "a\\x1b[2J\\u202e b.toml: cannot read the study" in line


def test_texts_for_messages():
    deep = []
    for _ in range(2 * sys.getrecursionlimit()):
        deep = [deep]
    assert shown(deep) == "a list too long to be shown"
    assert shown(16**5000) == "a int too long to be shown"
    assert plain("a\x1b\u200b\udc80é") == "a\\x1b\\u200b\\udc80é"
    assert len(plain("a" * 10**6)) == MAX_LINE
