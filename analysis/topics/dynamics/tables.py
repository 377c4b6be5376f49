"""The tables of trajectories."""

from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.page.table import Column, Table, measured

_CELL = (
    Column("cell", "name of the cell, a group of the dataset"),
    Column("setting", "model, parameters and start", left=True),
    Column("n", "number of spins N", title="N", form="{:g}".format),
    Column("rule", "algorithm, and what it is swept by", title="algorithm", left=True),
    Column("sampler", "tensor: dense couplings; free: the field drawn as the run meets it", title="sampler"),
)
ENDS = Table(
    "trajectories",
    "How runs ended: one row for each cell.",
    (
        *_CELL,
        Column("landscapes", "landscapes", title="landscapes", form="{:,}".format),
        Column("runs", "runs on each", title="runs", form="{:,}".format),
        Column("outcomes", "runs by how they ended", title="ended", left=True),
        *measured("end_energy", "end_energy_se", "energy at the end", "energy per spin", "end energy"),
        Column("end_energy_sd", "standard deviation of a run's", "energy per spin", "sd", r.digits(3)),
        *measured(
            "below_floor", "below_floor_se", "share of runs that end below the floor", "", "below floor"
        ),
        Column(
            "minima_energy",
            "mean energy of the minima at this N, each counted once: exact",
            "energy per spin",
            "minima, exact",
            r.digits(4),
        ),
        Column("end_index", "mean index of the end, where it was computed", "", "index", r.digits(3)),
        Column("gradients", "mean number of gradients of a run", "", "gradients", r.digits(4)),
        Column("dimension", "most directions in which the field was held explicitly", title="directions"),
    ),
    "Errors are over landscapes: runs on one landscape are not independent. Energies and shares are over "
    "runs that have an end, and landscapes with such a run: one that diverged has none.",
)
LOOKS = Table(
    "trajectory_looks",
    "Runs against time: one row for each cell and look.",
    (
        *_CELL,
        Column("time", "time of the dynamics; steps, where the algorithm has no time"),
        Column("energy", "mean energy", "energy per spin"),
        Column("energy_se", "its standard error", "energy per spin"),
        Column("energy_sd", "standard deviation over landscapes", "energy per spin"),
        Column("limit", "energy for N to infinity", "energy per spin"),
        Column(
            "limit_kind",
            "equations, recursion; short steps: continuous time beside a flow of fixed steps; temperature: "
            "Langevin in place of SGD; overlap 0: with the signal",
        ),
        Column("overlap_start", "mean overlap with the start"),
        Column("overlap_start_se", "its standard error"),
        Column("overlap_signal", "mean overlap with the signal"),
        Column("overlap_signal_se", "its standard error"),
        Column("gradient_norm", "mean of |gradient|/sqrt(N)"),
        Column("gradient_norm_se", "its standard error"),
    ),
)
DECLARED = (ENDS, LOOKS)
