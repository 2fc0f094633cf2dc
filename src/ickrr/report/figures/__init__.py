"""One module for each kind of figure, so that an edit redraws the figures of that kind only."""
