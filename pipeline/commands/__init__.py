"""The driver's side of predict, census, enumerate, flow, couplings."""
