"""The counting room: operations, parameters and bytes of a network's layers, from shapes alone."""
