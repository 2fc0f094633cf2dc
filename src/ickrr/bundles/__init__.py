"""Results in one archive with a manifest: packing, checking, unpacking, and what of it still holds."""
