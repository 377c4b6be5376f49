"""The registry of models. Adding one means its own files and one entry below; nothing else changes."""

import re
from collections.abc import Mapping
from dataclasses import replace

from morsecensus.tasks.landscapes.laws import ALLOWED, entry_law
from morsecensus.tasks.landscapes.parameters import (
    Model,
    Parameter,
    covariance,
    eigenvalues,
    file_name,
    kernel,
    noise,
    noise_variance,
    one_of,
    one_word,
    partite_sizes,
    signal,
    singular_values,
    strength,
    tensor_degree,
    variance,
    whole,
    yes_or_no,
)

MODELS: dict[str, Model] = {
    "pspin": Model(
        "morsecensus.tasks.landscapes.spin:MixedSpin",
        {
            "xi": Parameter(covariance, help='covariance polynomial, such as "q^3" or "0.5*q^2+0.5*q^3"'),
            "field": Parameter(variance, 0.0, "variance S2 of a random linear field", float),
        },
        theory="morsecensus.analysis.theory.models.pspin.theory:PspinTheory",
        topics=("universality",),
        draws="spherical",
    ),
    "entries": Model(
        "morsecensus.tasks.landscapes.entries:EntrySpin",
        {
            "law": Parameter(entry_law, help=f"law of the couplings' entries: {ALLOWED}"),
            "xi": Parameter(covariance, help='covariance polynomial, such as "q^3" or "0.5*q^2+0.5*q^3"'),
            "field": Parameter(variance, 0.0, "variance S2 of a random linear field", float),
        },
        topics=("universality",),
        draws="spherical",
    ),
    "given": Model(
        "morsecensus.tasks.landscapes.given:Given",
        {"file": Parameter(file_name, help="an npz file or a Zarr group of couplings: path or fsspec URL")},
        content_of="file",
        least_n=1,
    ),
    "distinct": Model(
        "morsecensus.tasks.landscapes.distinct:DistinctSpin",
        {
            "p": Parameter(
                one_of(3, why="for p >= 4 the coordinate axes are degenerate critical points"),
                3,
                "degree",
                int,
            )
        },
    ),
    "partite": Model(
        "morsecensus.tasks.landscapes.partite:Partite",
        {
            "sizes": Parameter(
                partite_sizes, "1,1,1", 'sizes of the spheres in units of n: "2x2x3" with n = 1 for any'
            )
        },
        least_n=1,
        theory="morsecensus.analysis.theory.models.partite.theory:PartiteTheory",
    ),
    "spiked": Model(
        "morsecensus.tasks.landscapes.spiked:Spiked",
        {
            "xi": Parameter(noise, help="covariance polynomial of the noise"),
            "signal": Parameter(
                signal, help='polynomial xi_s of the signal, such as "2*q^3": the mean is -N xi_s(overlap)'
            ),
        },
        theory="morsecensus.analysis.theory.models.spiked.theory:SpikedTheory",
        topics=("spiked",),
        draws="spherical",
    ),
    "matrix-tensor": Model(
        "morsecensus.tasks.landscapes.spiked:MatrixTensor",
        {
            "p": Parameter(tensor_degree, 3, "degree of the tensor", int),
            "delta2": Parameter(noise_variance, help="variance of the noise on the matrix", kind=float),
            "deltap": Parameter(noise_variance, help="variance of the noise on the tensor", kind=float),
        },
        theory="morsecensus.analysis.theory.models.spiked.theory:MatrixTensorTheory",
        topics=("spiked",),
        draws="spherical",
    ),
    "factorised": Model(
        "morsecensus.tasks.landscapes.factorised:Factorised",
        {
            "width": Parameter(whole(1, 64), 2, "inner size of the factorisation", int),
            "layers": Parameter(whole(2, 4), 2, "number of factors", int),
            "extra": Parameter(whole(0, 1000), 0, "columns of the matrix beyond its n rows", int),
            "spectrum": Parameter(
                singular_values, "", 'its n singular values, such as "3,2,1"; Gaussian entries if empty'
            ),
        },
        columns=("orbits", "singular-values"),
        theory="morsecensus.analysis.theory.models.factorised.theory:FactorisedTheory",
        topics=("factorised",),
    ),
    "quadratic": Model(
        "morsecensus.tasks.landscapes.quadratic:Quadratic",
        {
            "width": Parameter(whole(1, 64), 2, "number of quadratic units", int),
            "teacher": Parameter(one_word("wishart", "goe"), "wishart", 'its matrix: "wishart" or "goe"'),
            "spectrum": Parameter(
                eigenvalues, "", 'its n eigenvalues, such as "3,1,-2"; those of the teacher if empty'
            ),
        },
        columns=("orbits", "eigenvalues"),
        theory="morsecensus.analysis.theory.models.quadratic.theory:QuadraticTheory",
        topics=("quadratic",),
    ),
    "units": Model(
        "morsecensus.tasks.landscapes.units:Units",
        {
            "kernel": Parameter(kernel, help='of the activation: "q^3", any such polynomial, or "erf"'),
            "units": Parameter(whole(1, 6), 2, "number K of hidden units", int),
            "coupling": Parameter(strength, 1.0, "between units, 0 for K independent ones", float),
            "teacher": Parameter(
                one_word("field", "random", "orthonormal"),
                "field",
                '"field" (a spin glass), "random" or "orthonormal"',
            ),
            "teachers": Parameter(whole(0, 10_000), 0, "number M of random teachers", int),
            "normalised": Parameter(yes_or_no, "yes", 'whether they are divided by sqrt(M), "yes" or "no"'),
        },
        theory="morsecensus.analysis.theory.models.units.theory:UnitsTheory",
        topics=("units",),
    ),
    "relu-units": Model(
        "morsecensus.tasks.landscapes.relu_units:ReluUnits",
        {"units": Parameter(whole(0, 200), 0, "number m of students, 0 for as many as teachers", int)},
        trained=True,
    ),
}

OURS = frozenset(MODELS)
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}", re.ASCII)


def register(models: Mapping[str, Model], digest: str) -> None:
    """Take models of others in, in place of earlier ones of the same names that aren't ours.

    Args:
        digest: of their source, which they get.

    Raises:
        TypeError, ValueError: what isn't a model, or has a name that it can't have.
    """
    for name, model in models.items():
        if not isinstance(model, Model):
            raise TypeError(f"{name}: got {type(model).__name__}, allowed: a Model")
        if not isinstance(name, str) or not _NAME.fullmatch(name) or name in OURS:
            allowed = "1 to 64 letters, digits, '_' or '-', and no name of a model that is there already"
            raise ValueError(f"name: got {name!r}, allowed: {allowed}")
    MODELS.update({name: replace(model, digest=digest) for name, model in models.items()})
