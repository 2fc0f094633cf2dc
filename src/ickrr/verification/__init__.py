"""One training repeated here, and whether what comes out agrees with results from elsewhere."""
