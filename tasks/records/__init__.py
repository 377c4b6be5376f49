"""One landscape: what census, enumerate and topology answer, and what the bodies flow and threshold compute."""
