"""The transformer that trained and hand-built weights fill."""
