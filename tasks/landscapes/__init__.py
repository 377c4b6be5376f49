"""The models: name -> import path of its `Landscape` class. Adding one means one file here and one line
below."""

MODELS = {"pspin": "tasks.landscapes.spin:MixedSpin"}
