"""The sandbox: the carriers' servers, simulated people and the sample brand.

It shares no code with the package `siyu`; the two meet over HTTP and through files only.
"""
