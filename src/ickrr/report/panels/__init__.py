"""What stands inside one panel; figures of different kinds share these."""
