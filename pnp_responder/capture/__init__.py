"""Captures: read them, write them, run the engine over them, record what the service hears and says.

A file is a stream: it is read frame by frame, so its size does not matter. Knows link and network
layers (by dpkt) and which datagrams belong to one phone; leaves what SIP means to the engine.

What dpkt lacks is here: the length that a frame had before the capture cut it, exact times, caps on
what a broken file can make us hold, tags inside of cooked frames, more than two tags, fragments.
"""
