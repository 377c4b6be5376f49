"""Escapes from saddles: how long gradient flow takes to leave, against the linear law."""
