"""How complete a census is, and by which check."""
