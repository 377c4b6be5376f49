"""Instances of parametrised tests that `make soak` runs: those that `make test` keeps take the same paths.

A test is named by its file and its name, what it keeps by the ids that pytest gives its instances. One that
is new goes to the soak with the others unless it is named here.
"""

from collections.abc import Iterable
from typing import Any

KEPT: dict[str, tuple[str, ...]] = {
    # flows of one form and of a mixture, at T > 0, from equilibrium; of the mixture from T' a test of its own
    "analysis/dynamics/test_reference.py::test_energies": (
        "xi0-setting0-energies0-1.5e-08",
        "xi2-setting2-energies2-1.5e-08",
        "xi4-setting4-energies4-1.5e-08",
        "xi7-setting7-energies7-3e-06",
    ),
    "analysis/dynamics/test_reference.py::test_correlations_with_the_start": ("xi0-starts0", "xi2-starts2"),
    "analysis/dynamics/test_reference.py::test_pairs_of_times": ("xi0-expected0", "xi2-expected2"),
    "analysis/test_agreement.py::test_counts_keep_their_size": ("odd_counts--1-2-150",),
    "analysis/test_null_law.py::test_a_direction_that_one_landscape_in_a_hundred_carries": (
        "1000-50",
        "50-100",
    ),
    "analysis/test_two_body.py::test_theory_has_two_points_of_each_index": (
        *(f"xi{xi}-{n}" for xi in (0, 1) for n in (2, 3, 7, 20)),
        "xi1-60",
    ),
    "analysis/test_two_point.py::test_the_joint_law_against_automatic_differentiation": ("xi1",),
    "pipeline/test_elsewhere.py::test_other_roundings_pass_and_other_values_do_not": (
        "_rounded-named0",
        "_wrong_energy-named1",
        "_a_point_less-named3",
    ),
    # at blocks and at an operation of the driver; each command writes in each of these places
    "pipeline/test_interrupt.py::test_ctrl_c_at_any_moment": (" numpy", "/lease.json"),
    "pipeline/test_interrupt.py::test_ctrl_c_in_a_block": ("1-4:1",),
    "pipeline/test_known_tensors.py::test_gaussian_files_have_the_closed_forms_mean_number": ("3-3", "2-5"),
    "pipeline/test_power_loss.py::test_nothing_is_lost": ("0", "1", "2"),
    "pipeline/test_run.py::test_a_run_that_rolls_up_its_markers_is_the_same_run": ("1",),
    "pipeline/test_run.py::test_a_signal_stops_cleanly_and_the_next_run_goes_on": ("15-143",),
    # a full disk and a read-only one are one exception to what writes: each is met in half of the places
    "pipeline/test_run.py::test_what_the_driver_itself_cannot_write_stops_the_run": (
        "28-disk is full: free space, then run again-leases.take_whole",
        "28-disk is full: free space, then run again-session.record_failure",
        "30-cannot write-run.write_manifest",
        "30-cannot write-ending.compact",
    ),
    "pipeline/test_couplings.py::test_exported_couplings_have_the_same_critical_points": (
        "polynomial",
        "unequal",
    ),
    "storage/test_inventory.py::test_no_object_can_be_missing_or_cut": ("deleted", "longer"),
    "tasks/test_dynamics_law.py::test_free_and_dense_runs_have_one_law_in_a_few_runs": (
        "SGD",
        "mixture with signal",
    ),
    "tasks/test_homotopy_finder.py::test_diagonal_form_has_its_closed_form_points": (
        *(f"{rotated}-{degree}" for rotated in (True, False) for degree in (3, 4, 5)),
    ),
    "tasks/test_homotopy_finder.py::test_mean_counts_are_those_of_kac_rice": ("3-4", "4-3"),
    "tasks/test_homotopy_finder.py::test_multistart_and_homotopy_agree_point_by_point": (
        "q^3-8",
        "q^4-5",
        "0.5*q^2+0.5*q^3-5",
        "q^1+q^3+q^5-3",
    ),
    "tasks/test_landscapes.py::test_riemannian_derivatives_are_those_of_the_constrained_function": (
        "q^3-5-0.0",
        "0.5*q^2+0.5*q^3-6-0.7",
        "0.2*q+q^2+0.1*q^3+q^4+2*q^5+0.3*q^6-3-0.0",
    ),
    "tasks/test_low_index.py::test_what_is_closed_is_what_an_enumeration_has": ("cubic", "field", "partite"),
    "tasks/test_multistart.py::test_every_stored_point_is_critical": ("q^4-0.0-4", "0.5*q^2+0.5*q^3-0.7-5"),
    "tasks/test_newton_lanes.py::test_steps_are_those_of_jax": (
        "pspin-0.5*q^2+0.3*q^3+0.2*q^4",
        "partite-4",
        "bilinear-3",
    ),
    "tasks/test_newton_lanes.py::test_an_aimed_step_is_that_of_a_shifted_hessian_of_this_index": (
        "pspin-0.5*q^2+0.3*q^3+0.2*q^4",
        "partite-4",
        "bilinear-3",
    ),
    "tasks/test_partite.py::test_mean_number_of_real_singular_triples": ("2-300-4.2867-6",),
    "tasks/test_partite.py::test_derivatives_are_those_of_the_plain_contraction": ("sizes2", "sizes3"),
    "tasks/test_partite_homotopy.py::test_multistart_and_homotopy_agree_point_by_point": ("sizes0",),
    "tasks/test_sampled.py::test_estimates_by_index_are_unbiased": ("q^4-4", "q^1+q^3-4"),
    "tasks/test_topology_census.py::test_low_degrees_need_points_of_low_index_only": ("3-exact0",),
    "tasks/test_topology_flow.py::test_whole_complexes_are_those_of_a_sphere": ("3-q^3-8", "5-q^3-2"),
    "tasks/test_topology_flow.py::test_eigenvectors_join_both_signs_of_their_neighbours": ("eigenvalues0",),
    "tasks/test_units.py::test_equal_units_are_critical_with_the_index_of_the_theorem": ("2-0.5", "3--0.3"),
    "tasks/test_units.py::test_three_units_on_circles_landscape_by_landscape": ("0.0",),
    "tasks/test_units.py::test_uncoupled_units_have_all_tuples_landscape_by_landscape": ("2-3",),
}


def left_out(items: Iterable[Any]) -> list[Any]:
    """The instances that are for the soak."""
    return [item for item in items if _rest(item.nodeid)]


def _rest(node: str) -> bool:
    name, _, instance = node.removeprefix("tests/").partition("[")
    return name in KEPT and instance[:-1] not in KEPT[name]


def unknown(items: Iterable[Any]) -> list[str]:
    """Lines above that name no instance among those of a file that was collected."""
    nodes = {item.nodeid.removeprefix("tests/") for item in items}
    files = {node.partition("::")[0] for node in nodes}
    lines = [f"{name}[{instance}]" for name, kept in KEPT.items() for instance in kept]
    return [line for line in lines if line.partition("::")[0] in files and line not in nodes]
