"""Do numbers depend on the law of the couplings?"""
