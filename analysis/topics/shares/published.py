"""What others counted: gradient descents of as many ReLU students as orthonormal teachers, by families.

I. Safran, G. Yehudai, O. Shamir, arXiv:2006.01005; their points, with multiplicities, are in the repository
ItaySafran/Overparameterization (Processed minima.zip, commit c6b118a), from which the numbers below were
counted. Weights began as N(0, 1/k), steps were 5/k, until the gradient was at most 1e-12.
"""

from collections.abc import Mapping

RUNS = 500
"""For each k."""
FAMILIES: Mapping[int, Mapping[str, int]] = {
    6: {"6": 500},
    7: {"7": 473, "6+1": 27},
    8: {"8": 443, "7+1": 57},
    9: {"9": 389, "8+1": 111},
    10: {"10": 340, "9+1": 150, "8+2": 10},
    11: {"11": 263, "10+1": 204, "9+2": 31, "8+3": 2},
    12: {"12": 231, "11+1": 209, "10+2": 55, "9+3": 3, "6+6": 2},
    13: {"13": 165, "12+1": 195, "11+2": 117, "10+3": 20, "9+4": 1, "7+6": 2},
    14: {"14": 148, "13+1": 185, "12+2": 118, "11+3": 37, "10+4": 4, "9+5": 2, "8+6": 5, "7+7": 1},
    15: {"15": 110, "14+1": 158, "13+2": 146, "12+3": 67, "11+4": 10, "9+6": 6, "8+7": 3},
    16: {
        "16": 64,
        "15+1": 141,
        "14+2": 160,
        "13+3": 93,
        "12+4": 22,
        "11+5": 3,
        "10+6": 9,
        "9+7": 4,
        "8+8": 4,
    },
    17: {"17": 49, "16+1": 139, "15+2": 145, "14+3": 106, "13+4": 39, "12+5": 8, "10+7": 5, "9+8": 9},
    18: {
        "18": 52,
        "17+1": 119,
        "16+2": 132,
        "15+3": 103,
        "14+4": 57,
        "13+5": 18,
        "11+7": 13,
        "10+8": 4,
        "9+9": 2,
    },
    19: {
        "19": 28,
        "18+1": 86,
        "17+2": 147,
        "16+3": 114,
        "15+4": 80,
        "14+5": 26,
        "12+6+1": 8,
        "12+7": 2,
        "11+8": 7,
        "10+9": 2,
    },
    20: {
        "20": 29,
        "19+1": 73,
        "18+2": 140,
        "17+3": 90,
        "16+4": 93,
        "15+5": 43,
        "14+6": 6,
        "13+6+1": 5,
        "13+7": 2,
        "12+8": 8,
        "11+9": 5,
        "10+10": 6,
    },
}
"""k -> blocks of exchangeable teachers -> runs that ended there."""


def published_spurious(k: int, units: int) -> int | None:
    """Runs of `RUNS` that ended above loss 0; None where nothing is published."""
    return RUNS - FAMILIES[k][str(k)] if units == k and k in FAMILIES else None


def published_runs(k: int, units: int, blocks: str) -> int | None:
    """Runs of `RUNS` that ended in minima of these blocks; None where nothing is published."""
    return FAMILIES[k].get(blocks, 0) if units == k and k in FAMILIES else None
