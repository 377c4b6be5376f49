"""One landscape: what enumerate and topology answer, and what the bodies flow and threshold compute."""
