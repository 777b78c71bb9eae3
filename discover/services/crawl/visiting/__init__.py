"""How a visit proceeds: what is asked for, in which order, and when enough is enough.

Nothing is judged or stored here; everything seen goes to a sink, and the sink's verdicts say
whether to go on.
"""
