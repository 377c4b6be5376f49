"""Mean numbers of critical points of an isotropic landscape at finite N."""
