"""What opens networks.

opened     a network in memory, and the functions traced of it
answers    what a classifier says, its scores as functions, what layers answer to a data set
"""
