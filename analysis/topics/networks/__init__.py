"""Trained networks: costs above the floor, barriers between runs, spectra of Hessians where training ends."""
