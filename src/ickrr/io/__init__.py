"""Reading and writing files, and the checks of what they were made for."""
