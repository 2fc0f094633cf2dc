"""What is known of every table, for people: docs/catalogue.md is made from here. No step imports this."""
