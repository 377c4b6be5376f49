"""The registry of models. Adding one means one file here and one entry below; nothing else changes."""

from tasks.landscapes.parameters import (
    Model,
    Parameter,
    covariance,
    one_of,
    partite_sizes,
    singular_values,
    variance,
    whole,
)

MODELS = {
    "pspin": Model(
        "tasks.landscapes.spin:MixedSpin",
        {
            "xi": Parameter(covariance, help='covariance polynomial, such as "q^3" or "0.5*q^2+0.5*q^3"'),
            "field": Parameter(variance, 0.0, "variance S2 of a random linear field", float),
        },
    ),
    "distinct": Model(
        "tasks.landscapes.distinct:DistinctSpin",
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
        "tasks.landscapes.partite:Partite",
        {"sizes": Parameter(partite_sizes, "1,1,1", "sizes of the spheres in units of n")},
    ),
    "factorised": Model(
        "tasks.landscapes.factorised:Factorised",
        {
            "width": Parameter(whole(1, 64), 2, "inner size of the factorisation", int),
            "layers": Parameter(whole(2, 4), 2, "number of factors", int),
            "extra": Parameter(whole(0, 1000), 0, "columns of the matrix beyond its n rows", int),
            "spectrum": Parameter(
                singular_values, "", 'its n singular values, such as "3,2,1"; Gaussian entries if empty'
            ),
        },
        columns=("orbits",),
    ),
}
