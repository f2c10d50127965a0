"""An instance's states, what can happen to it, and which four status fields Vast shows for each state."""

from enum import StrEnum
from typing import NamedTuple


class Phase(StrEnum):
    """Where a contract really is. Vast shows it as four fields, see WIRE."""

    ORDERED = "ordered"
    CREATED = "created"
    LOADING = "loading"
    RUNNING = "running"
    STOPPING = "stopping"
    STOPPED = "stopped"
    RESUMING = "resuming"
    REBOOTING = "rebooting"
    EXITED = "exited"
    BROKEN = "broken"
    UNKNOWN = "unknown"
    OFFLINE = "offline"
    DESTROYED = "destroyed"


class Event(StrEnum):
    """What moves a contract from one phase to the next."""

    HOST_ACCEPTED = "host_accepted"
    PULL_STARTED = "pull_started"
    CONTAINER_STARTED = "container_started"
    CONTAINER_REFUSED = "container_refused"
    PROCESS_ENDED = "process_ended"
    STOP = "stop"
    START = "start"
    GPU_GRANTED = "gpu_granted"
    OUTBID = "outbid"
    CREDIT_ENDED = "credit_ended"
    REBOOT = "reboot"
    RECYCLE = "recycle"
    HEARTBEAT_LOST = "heartbeat_lost"
    HOST_OFFLINE = "host_offline"
    HOST_RETURNED = "host_returned"
    DESTROY = "destroy"


P = Phase
E = Event

CREDIT_CANNOT_STOP = frozenset({P.STOPPED, P.UNKNOWN, P.OFFLINE, P.DESTROYED})

EDGES: dict[tuple[Phase, Event], Phase] = {
    # The way up.
    (P.ORDERED, E.HOST_ACCEPTED): P.CREATED,  # the host has seen the contract; needs the GPU to be free
    (P.CREATED, E.PULL_STARTED): P.LOADING,  # the image begins to download; bandwidth is billed from here
    (P.LOADING, E.CONTAINER_STARTED): P.RUNNING,  # the container runs; the GPU is billed from here
    # Containers that fail.
    (P.LOADING, E.CONTAINER_REFUSED): P.BROKEN,  # docker could not make the container: OCI error, "created"
    (P.LOADING, E.PROCESS_ENDED): P.EXITED,  # the container died in its first moment
    (P.RUNNING, E.PROCESS_ENDED): P.EXITED,  # the container's main process ended; GPU no longer billed
    # Park: our wish, or credit used up.
    (P.ORDERED, E.STOP): P.STOPPED,  # nothing had started yet
    (P.CREATED, E.STOP): P.STOPPED,  # nothing had started yet
    (P.LOADING, E.STOP): P.STOPPED,  # the download is abandoned
    (P.RUNNING, E.STOP): P.STOPPING,  # SIGTERM is out; the GPU is held until the process is gone
    (P.REBOOTING, E.STOP): P.STOPPED,  # stopped between the two lives of the container
    (P.EXITED, E.STOP): P.STOPPED,  # gives the GPU back, keeps the disk
    (P.BROKEN, E.STOP): P.STOPPED,  # gives the GPU back, keeps the disk
    (P.RESUMING, E.STOP): P.STOPPED,  # changed our mind while waiting for the GPU
    (P.STOPPING, E.PROCESS_ENDED): P.STOPPED,  # the process obeyed (or was killed after 10 s)
    # Unpark.
    (P.STOPPED, E.START): P.RESUMING,  # "scheduling": waits until the GPU is free and the bid is enough
    (P.STOPPING, E.START): P.RESUMING,  # started again before the stop was done
    (P.EXITED, E.START): P.REBOOTING,  # the GPU is still ours: the container is simply started again
    (P.BROKEN, E.START): P.LOADING,  # another attempt at making the container
    (P.RESUMING, E.GPU_GRANTED): P.LOADING,  # the image is there already, so this is short
    # The market and the host.
    (P.ORDERED, E.OUTBID): P.STOPPED,  # someone offered more before we began
    (P.CREATED, E.OUTBID): P.STOPPED,  # someone offered more before we began
    (P.LOADING, E.OUTBID): P.STOPPED,  # someone offered more before we began
    (P.RUNNING, E.OUTBID): P.STOPPED,  # someone offered more: the process is ended at once
    (P.RUNNING, E.REBOOT): P.REBOOTING,  # stop and start of the same container
    (P.EXITED, E.REBOOT): P.REBOOTING,  # start of the same container
    (P.REBOOTING, E.CONTAINER_STARTED): P.RUNNING,  # the second life begins
    (P.REBOOTING, E.CONTAINER_REFUSED): P.BROKEN,  # the second life could not begin
    (P.RUNNING, E.RECYCLE): P.LOADING,  # container made anew from the image, its disk empty again
    (P.EXITED, E.RECYCLE): P.LOADING,  # container made anew from the image, its disk empty again
    (P.CREATED, E.HEARTBEAT_LOST): P.UNKNOWN,  # the host is silent; nothing is billed
    (P.LOADING, E.HEARTBEAT_LOST): P.UNKNOWN,  # the host is silent; nothing is billed
    (P.RUNNING, E.HEARTBEAT_LOST): P.UNKNOWN,  # the host is silent, its processes are lost to us
    (P.CREATED, E.HOST_OFFLINE): P.OFFLINE,  # the host is gone; nothing is billed
    (P.LOADING, E.HOST_OFFLINE): P.OFFLINE,  # the host is gone; nothing is billed
    (P.RUNNING, E.HOST_OFFLINE): P.OFFLINE,  # the host is gone, and the processes with it
    (P.UNKNOWN, E.HOST_OFFLINE): P.OFFLINE,  # silent for too long
    (P.UNKNOWN, E.HOST_RETURNED): P.LOADING,  # the machine came back and starts its containers again
    (P.OFFLINE, E.HOST_RETURNED): P.LOADING,  # the machine came back and starts its containers again
    # With no credit left everything that could cost a GPU is stopped at once, without a grace time.
    **{(phase, E.CREDIT_ENDED): P.STOPPED for phase in Phase if phase not in CREDIT_CANNOT_STOP},
    # Whatever its phase, a contract can be ended, once; billing ends in that moment.
    **{(phase, E.DESTROY): P.DESTROYED for phase in Phase if phase is not P.DESTROYED},
}


class Wire(NamedTuple):
    """The four fields of an instance row. `actual_status` is null until the host has reported."""

    actual_status: str | None
    intended_status: str
    cur_state: str
    next_state: str


# Shapes of the sets used by other clients; which cur_state goes with which actual_status is not documented.
WIRE: dict[Phase, Wire] = {
    P.ORDERED: Wire(None, "running", "stopped", "running"),
    P.CREATED: Wire("created", "running", "running", "running"),
    P.LOADING: Wire("loading", "running", "running", "running"),
    P.RUNNING: Wire("running", "running", "running", "running"),
    P.STOPPING: Wire("running", "stopped", "running", "stopped"),
    P.STOPPED: Wire("stopped", "stopped", "stopped", "stopped"),
    P.RESUMING: Wire("stopped", "running", "stopped", "running"),
    P.REBOOTING: Wire("rebooting", "running", "running", "running"),
    P.EXITED: Wire("exited", "running", "running", "running"),
    P.BROKEN: Wire("created", "running", "running", "running"),
    P.UNKNOWN: Wire("unknown", "running", "running", "running"),
    P.OFFLINE: Wire("offline", "running", "running", "running"),
    P.DESTROYED: Wire("exited", "stopped", "stopped", "stopped"),
}

HOLDS_GPU = frozenset(Phase) - {P.STOPPED, P.RESUMING, P.DESTROYED}
GPU_BILLED = frozenset({P.RUNNING, P.STOPPING, P.REBOOTING})
NOT_BILLED = frozenset({P.UNKNOWN, P.OFFLINE, P.DESTROYED})
HAS_PROCESS = frozenset({P.RUNNING, P.STOPPING})
