"""Feeds: RSS, Atom, RDF and JSON Feed, read with a guard and answered by hand."""
