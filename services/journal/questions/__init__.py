"""What people ask of the journal, as pure functions: entries in, frozen answers out.

`life` is the projection that they share; `as_of`, `versions`, `timeline`, `why` and `lineage` each
answer one question.
"""
