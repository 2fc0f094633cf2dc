"""Layers as functions of the labels: how linear they are, and which eigencomponents they pass."""
