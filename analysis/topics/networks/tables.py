"""The tables on trained networks."""

from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.page.table import Column, Row, Table, measured
from morsecensus.analysis.topics.networks.measure import NEAR_ZERO, THRESHOLDS
from morsecensus.analysis.topics.rows import CELL

COST = "nats, or half squared errors"
ROUNDING = 1e-9
"""Of a cost: a barrier below is rounding."""
_HEAD = (
    CELL,
    Column("network", "its name in the study", title="network", left=True),
    Column("layers", "widths, from the inputs to the classes", title="layers", left=True),
    Column("rule", "how it is trained", title="training", left=True),
)


def _outcome(row: Row) -> str:
    return f"{row['runs']:,}" + (f" and {row['diverged']:,} diverged" if row["diverged"] else "")


def _barrier(row: Row) -> str:
    """With its error; one that is rounding as a power of ten."""
    if abs(row["barrier"]) < ROUNDING:
        return _power(row["barrier"])
    return r.estimate(row["barrier"], row["barrier_se"])


def _length(row: Row) -> str:
    """Of what has one: the straight line as trained, and the curve."""
    value, error = row["length"], row["length_se"]
    if value is None or not error:
        return r.digits(3)(value)
    return r.estimate(value, error)


def _power(value: float) -> str:
    return f"{value:.0e}" if value else "0"


RUNS = Table(
    "networks",
    "Training runs: one row for each network, means over runs that did not diverge.",
    (
        *_HEAD,
        Column("runs", "runs that did not diverge", "runs", "runs", shown=_outcome),
        Column("diverged", "runs that did", "runs"),
        Column("weights", "weights of the network", title="weights", form="{:,}".format),
        Column("steps", "steps of a run", title="steps", form="{:,}".format),
        *measured("end_cost", "end_cost_se", "training cost at the end", COST, "cost"),
        Column("end_cost_sd", "its standard deviation over runs", COST, "sd", r.digits(2)),
        Column("floor", "mean entropy of the training labels", COST, "floor", r.digits(4)),
        *measured("excess", "excess_se", "training cost less the floor", COST, "above floor"),
        *measured("end_test_cost", "end_test_cost_se", "test cost at the end", COST, "test cost"),
        *measured("end_test_errors", "end_test_errors_se", "test errors at the end", "", "test errors"),
        Column("end_test_errors_sd", "their standard deviation over runs", "", "sd", r.digits(3)),
        *measured("gradient_norm", "gradient_norm_se", "gradient over all examples", COST, "|gradient|"),
        Column("weight_norm", "length of all matrices together", title="|weights|", form=r.digits(4)),
    ),
    "Errors and standard deviations (sd) are over runs. Floor: no network has a lower cost; of squared "
    "losses it is 0 and isn't shown. Where the "
    "gradient isn't small training was left on its way: nothing here is called a critical point.",
)
LOOKS = Table(
    "network_looks",
    "Training runs against steps: one row for each network and look.",
    (
        CELL,
        Column("network", "its name in the study"),
        Column("step", "steps taken before the look"),
        *(
            column
            for name, meaning, unit in (
                ("cost", "mean training cost", COST),
                ("test_cost", "mean test cost", COST),
                ("test_errors", "mean test errors", ""),
            )
            for column in (Column(name, meaning, unit), Column(f"{name}_se", "its standard error", unit))
        ),
    ),
)
BARRIERS = Table(
    "network_barriers",
    "Straight lines between runs: one row for each network and kind of line.",
    (
        *_HEAD,
        Column(
            "path",
            "to the other run as trained, with its units permuted at random, with them matched; copy: from "
            "a run to itself, permuted and matched; curve: to the other as trained, on a trained curve",
            title="line",
            left=True,
        ),
        Column("pairs", "pairs of runs", title="pairs"),
        Column("barrier", "largest cost above the chord", COST, "barrier", shown=_barrier),
        Column("barrier_se", "its standard error", COST),
        Column("barrier_max", "the largest of them", COST),
        *measured("midpoint_errors", "midpoint_errors_se", "test errors half way", "", "errors half way"),
        Column("length", "length over the distance as trained", title="length", shown=_length),
        Column("length_se", "its standard error"),
    ),
    "The copy is the control: its barrier is 0 but for rounding if matching finds the permutation. "
    "A curve's bend was trained, with no unit permuted; length is over the distance of the two runs.",
)
HESSIAN = Table(
    "network_hessians",
    "Spectra of the Hessian where training ended, by Lanczos: one row for each network.",
    (
        *_HEAD,
        Column("runs", "runs", "runs", "runs"),
        Column("weights", "weights of the network", title="weights", form="{:,}".format),
        Column("examples", "training examples whose cost it is", title="examples", form="{:,}".format),
        Column("matvecs", "products of Lanczos", title="products"),
        Column("starts", "random starts of each run", title="starts"),
        *measured("top", "top_se", "largest eigenvalue", "", "largest"),
        Column("top_residual", "largest residual of it", "", "residual", _power),
        *measured(
            "lowest", "lowest_se", "lowest node, an upper bound of the lowest eigenvalue", "", "lowest"
        ),
        *measured(
            "near_zero",
            "near_zero_se",
            f"share of eigenvalues within {NEAR_ZERO:g} of the largest",
            "",
            f"|l| < {NEAR_ZERO:g} largest",
        ),
        *(
            column
            for threshold in THRESHOLDS
            for column in measured(
                f"above_{threshold:g}",
                f"above_{threshold:g}_se",
                f"eigenvalues above {threshold:g} of the largest",
                "",
                f"l > {threshold:g} largest",
            )
        ),
    ),
    "Errors are over runs, or over the starts of a single one. A lowest node below 0 by more than its "
    "residual is a direction of descent.",
)
TOPS = Table(
    "network_eigenvalues",
    "The largest Lanczos nodes of the first run of each network.",
    (
        CELL,
        Column("network", "its name in the study"),
        Column("rank", "1 is the largest"),
        Column("node", "a node of the first start"),
        Column("residual", "an eigenvalue is at most so far from it"),
    ),
)
COMPARED = Table(
    "network_comparisons",
    "Networks that differ in one option: one row for each two with several runs, second less first.",
    (
        Column("option", "in which they differ", title="option", left=True),
        Column("first", "name of the first network", title="first", left=True),
        Column("second", "name of the second", title="second", left=True),
        Column("first_value", "the option of the first"),
        Column("second_value", "the option of the second"),
        Column("pairs", "runs of both that began alike and are compared one by one; 0: all, as independent"),
        *measured("end_cost", "end_cost_se", "difference of the training costs", COST, "cost"),
        Column("end_cost_z", "over its error, as a normal law has it", title="z", form=r.score),
        *measured("end_test_cost", "end_test_cost_se", "difference of the test costs", COST, "test cost"),
        Column("end_test_cost_z", "over its error, as a normal law has it", title="z", form=r.score),
        *measured(
            "end_test_errors", "end_test_errors_se", "difference of the test errors", "", "test errors"
        ),
        Column("end_test_errors_z", "over its error, as a normal law has it", title="z", form=r.score),
        Column("spread", "ratio of the standard deviations of the cost", title="sd ratio", form=r.digits(3)),
        Column("spread_p", "p-value that they are equal", title="p", form=r.probability),
    ),
    "Networks of the same widths begin at the same weights, run by run: differences and their errors are of "
    "the runs that both have, with Student's t; of other widths runs are independent, with Welch's. p takes "
    "costs for Gaussian: the F-test of equal spreads, or for pairs that of Pitman and Morgan.",
)
DECLARED = (RUNS, LOOKS, BARRIERS, HESSIAN, TOPS, COMPARED)
