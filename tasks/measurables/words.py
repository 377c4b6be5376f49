"""The words behind stored numbers: states, reasons, verdicts, outcomes; the place of a word is its number."""

STATUSES = ("complete", "open", "failed")
COMPLETE, OPEN, FAILED = range(3)

REASONS = (
    "closed",
    "few_hits",
    "morse_sum",
    "parity",
    "degenerate",
    "nothing_found",
    "bound_exceeded",
    "enumerated",
    "paths_open",
    "uncertified",
)
"""Why a landscape has its status."""
CLOSED, FEW_HITS, MORSE_SUM, PARITY, DEGENERATE, NOTHING_FOUND, BOUND_EXCEEDED = range(7)
ENUMERATED, PATHS_OPEN, UNCERTIFIED = 7, 8, 9
ERROR = 99
"""The reason of landscapes whose block raised or crashed: far from those that a ledger gives."""

CHECKS = ("pass", "fail", "uninformative")
PASS, FAIL, UNINFORMATIVE = range(3)

OUTCOMES = ("converged", "max_iterations", "stalled", "not_finite")
"""How a start of a search may end."""
CONVERGED, MAX_ITERATIONS, STALLED, NOT_FINITE = range(4)

TOPOLOGIES = ("certified", "unresolved", "contradicted", "refused")
"""What came of a landscape's topology: everything resolved and all checks passed; some gradient lines are
not resolved; a check failed; not tried, for its points are incomplete or degenerate."""
CERTIFIED, UNRESOLVED, CONTRADICTED, REFUSED = range(4)

INDEX_STATES = (
    "closed",
    "few_hits",
    "one_way",
    "nothing_found",
    "degenerate",
    "morse_inequality",
    "disconnected",
)
"""What a search of low indices says of an index: closed, or what keeps it open: classes that were hit a few
times; one way of looking saw little of what the other saw; nothing was found; degenerate points; a Morse
inequality fails; saddles of index 1 don't join all minima."""
INDEX_CLOSED, RARELY_HIT, BLIND, UNSEEN, SINGULAR, INEQUALITY, DISCONNECTED = range(7)
UNSOUGHT = -1
