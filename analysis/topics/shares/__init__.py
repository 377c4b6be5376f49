"""Where training of ReLU students ends: shares above loss 0, and families of minima."""
