"""One landscape, JSON-ready: what enumerate, topology and flow answer."""
