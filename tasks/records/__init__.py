"""One landscape: what census, enumerate and topology say, and what the bodies flow and threshold compute."""
