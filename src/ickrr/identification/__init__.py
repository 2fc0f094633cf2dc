"""Statistics that tell which algorithm a layer follows; a pilot (docs/identification.md)."""
