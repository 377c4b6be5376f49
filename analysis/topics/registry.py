"""The topics of the report, in the order of the page: a new one is a folder and a line here."""

from typing import Any

from morsecensus.analysis.topics.audit.section import BiasAudit
from morsecensus.analysis.topics.base import Topic
from morsecensus.analysis.topics.bottom.section import BottomOfLandscapes
from morsecensus.analysis.topics.complexity.section import Complexity
from morsecensus.analysis.topics.counts.section import Counts
from morsecensus.analysis.topics.criticality.section import IndexAgainstLoss
from morsecensus.analysis.topics.degenerate.section import WithoutNumber
from morsecensus.analysis.topics.dynamics.across import AcrossSettings
from morsecensus.analysis.topics.dynamics.halting import HaltingTimes
from morsecensus.analysis.topics.dynamics.section import Trajectories
from morsecensus.analysis.topics.energies.lowest import Lowest
from morsecensus.analysis.topics.energies.section import Bands, Histograms, IndexAgainstEnergy
from morsecensus.analysis.topics.escapes.section import Escapes
from morsecensus.analysis.topics.factorised.section import Factorised
from morsecensus.analysis.topics.families import Families
from morsecensus.analysis.topics.floors.section import GroundState
from morsecensus.analysis.topics.flow.section import GradientFlow
from morsecensus.analysis.topics.ledger.section import Ledger, OpenBooks
from morsecensus.analysis.topics.minima.section import Minima
from morsecensus.analysis.topics.networks.lazy import LazyOrFeature
from morsecensus.analysis.topics.networks.section import TrainedNetworks
from morsecensus.analysis.topics.networks.temperature import TemperatureOfSgd
from morsecensus.analysis.topics.pairs.section import Pairs
from morsecensus.analysis.topics.provenance.section import Provenance
from morsecensus.analysis.topics.quadratic.section import QuadraticNetworks
from morsecensus.analysis.topics.shares.section import Shares
from morsecensus.analysis.topics.shares.widths import LinesBetweenStudents
from morsecensus.analysis.topics.sharpness.section import Sharpness
from morsecensus.analysis.topics.slices.section import SlicesMislead
from morsecensus.analysis.topics.spectra.section import Spectra
from morsecensus.analysis.topics.spiked.section import Spiked
from morsecensus.analysis.topics.study.section import Cells
from morsecensus.analysis.topics.topology.euler.section import Euler
from morsecensus.analysis.topics.topology.homology.section import Homology
from morsecensus.analysis.topics.topology.section import Outcomes
from morsecensus.analysis.topics.topology.trees.section import Trees
from morsecensus.analysis.topics.trivialisation.section import Triviality
from morsecensus.analysis.topics.two_body.section import TwoBody
from morsecensus.analysis.topics.units.section import HiddenUnits
from morsecensus.analysis.topics.universality.section import OtherLaws
from morsecensus.analysis.topics.verdicts.section import Agreement

OF_FAMILIES: tuple[Topic[Any], ...] = (
    Counts(),
    Histograms(),
    Bands(),
    IndexAgainstEnergy(),
    Spectra(),
    Complexity(),
    Lowest(),
    Ledger(),
    Outcomes(),
    Homology(),
    Trees(),
    Euler(),
)
"""Below each family."""
TOPICS: tuple[Topic[Any], ...] = (
    Cells(),
    WithoutNumber(),
    Agreement(),
    BottomOfLandscapes(),
    Families(OF_FAMILIES),
    OpenBooks(),
    BiasAudit(),
    TwoBody(),
    Minima(),
    GroundState(),
    Triviality(),
    Spiked(),
    Factorised(),
    QuadraticNetworks(),
    HiddenUnits(),
    Shares(),
    LinesBetweenStudents(),
    TrainedNetworks(),
    LazyOrFeature(),
    IndexAgainstLoss(),
    Sharpness(),
    TemperatureOfSgd(),
    SlicesMislead(),
    Pairs(),
    OtherLaws(),
    GradientFlow(),
    Trajectories(),
    AcrossSettings(),
    HaltingTimes(),
    Escapes(),
    Provenance(),
)
