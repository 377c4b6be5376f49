"""Every test of the study at one joint level."""
