"""Experiments on a Ray cluster: parameter-server training whose speed is measured."""
