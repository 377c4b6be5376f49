"""The driver's side of predict, enumerate, flow, couplings."""
