"""What is published: metadata, model card, and the folder of all artefacts."""
