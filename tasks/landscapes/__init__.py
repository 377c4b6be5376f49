"""The registry of models. Adding one means one file here and one entry below; nothing else changes."""

from tasks.landscapes.parameters import (
    Model,
    Parameter,
    covariance,
    noise,
    noise_variance,
    one_of,
    partite_sizes,
    signal,
    tensor_degree,
    variance,
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
    "spiked": Model(
        "tasks.landscapes.spiked:Spiked",
        {
            "xi": Parameter(noise, help="covariance polynomial of the noise"),
            "signal": Parameter(
                signal, help='polynomial xi_s of the signal, such as "2*q^3": the mean is -N xi_s(overlap)'
            ),
        },
    ),
    "matrix-tensor": Model(
        "tasks.landscapes.spiked:MatrixTensor",
        {
            "p": Parameter(tensor_degree, 3, "degree of the tensor", int),
            "delta2": Parameter(noise_variance, help="variance of the noise on the matrix", kind=float),
            "deltap": Parameter(noise_variance, help="variance of the noise on the tensor", kind=float),
        },
    ),
}
