"""The ground floor: vocabulary, run records and models, on the standard library and numpy; every floor may import it,
it imports none.
"""
