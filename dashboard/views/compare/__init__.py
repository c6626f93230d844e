"""The Compare page's own views; what it shares with Train and Traps lies in `widgets/compared`.

cka        linear CKA of two of the networks: which two, the job, the result
figures    its matrix
"""
