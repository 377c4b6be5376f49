"""Spectra of Hessians by index."""
