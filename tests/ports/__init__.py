"""One abstract suite per port: what the services rely on, kept by memory and by AWS alike.

A suite is a class without the word Test in front; each side is a subclass that says how it is made.
Whoever builds another side (a simulator, a cache) subclasses the suite, and is as trustworthy as
the others.
"""
