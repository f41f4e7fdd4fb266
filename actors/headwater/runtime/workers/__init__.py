"""Pipeline work in processes of its own, for more than one core.

A pipeline stage stays an actor; what it may hand out are chunks of messages, as packed bytes over pipes, to child
programs that have the same processors:

    crew.py      what a stage has: which chunks go out, in which order results go on
    pool.py      what a system has: the child programs, who gets what, what happens when one dies
    process.py   one child program as its parent sees it
    child.py     the child program
    protocol.py  what they say to each other
"""
