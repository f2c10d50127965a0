"""What the worker process says to its supervisor with its exit code."""

DONE = 0  # drained, or the machine destroyed itself: nobody starts it again
MISCONFIGURED = 2  # starting it again would say the same
STALLED = 70  # a step took far longer than the ones before
NO_DEVICE = 69  # the GPU that this machine was rented for cannot be used; starting again would say the same
DEVICE_FAULT = 71  # the CUDA context is lost; only a new process gets another one
NEW_RELEASE = 73  # drained for pushed code: the supervisor fetches it and starts the worker from it

NOT_RESTARTED = frozenset({DONE, MISCONFIGURED, NO_DEVICE})
