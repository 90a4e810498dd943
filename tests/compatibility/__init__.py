"""What was ever written down must be understood for ever: events, documents, states, and what
followed.

=============================================  ==============================================
``shared/contracts/schemas/examples/<Name>/``  every example of an event or a document that was
                                               ever committed
``states/<service>/``                          aggregates as a table kept them, at some moment
``decisions/<service>.json``                   what each service decides for each of both
``documents.json``                             what each document is read as
=============================================  ==============================================

The first two folders only grow. The tables are written by ``python -m tests.compatibility``; what
changes in them is what the same events will lead to from now on, and is reviewed as such.
"""
