"""From EC2's error codes to what the fleet does about them. Pure."""

from provisioner.providers.base import Ambiguous, CreateResult, Denied, Gone, NoCapacity

NO_CAPACITY_S = 120.0
BUSY_S = 15.0
_NO_CAPACITY = frozenset(
    {"InsufficientInstanceCapacity", "InsufficientHostCapacity", "InsufficientCapacity", "Server.InsufficientCapacity"}
)
_BUSY = frozenset({"RequestLimitExceeded", "Throttling", "ThrottlingException", "IncorrectInstanceState"})
_LIMIT = frozenset({"VcpuLimitExceeded", "InstanceLimitExceeded"})
_KEY = frozenset(
    {
        "AuthFailure",
        "UnauthorizedOperation",
        "InvalidClientTokenId",
        "SignatureDoesNotMatch",
        "ExpiredToken",
        "RequestExpired",
        "OptInRequired",
    }
)
RIGHTS = (
    "ec2:DescribeInstances, DescribeInstanceStatus, StartInstances, StopInstances, CreateTags, ModifyInstanceAttribute"
)
NOT_FOUND = frozenset({"InvalidInstanceID.NotFound", "InvalidInstanceID.Malformed"})
_REMEDIES = {
    _LIMIT: "the account's vCPU limit is reached; raise it under Service Quotas, EC2",
    _KEY: f"EC2 refuses the credentials; they need {RIGHTS}",
    NOT_FOUND: "{instance_id} does not exist in this region; correct [[ec2]] in fleet.toml",
}
_SERVER_ERROR = 500


def of_code(code: str, message: str, *, status: int, instance_id: str) -> CreateResult:
    """The outcome of a start that EC2 answered with an error.

    Args:
        code: EC2's error code.
        message: EC2's sentence.
        status: the HTTP status.
        instance_id: whom it is about.
    """
    said = f"{code}: {message}"[:300]
    if code == "IncorrectState":
        return Gone(said)
    if code in _NO_CAPACITY:
        return NoCapacity(f"EC2 has no free machine of this type in the zone ({said})", NO_CAPACITY_S)
    if code in _BUSY:
        return NoCapacity(said, BUSY_S)
    for codes, remedy in _REMEDIES.items():
        if code in codes:
            return Denied(f"{remedy.format(instance_id=instance_id)} ({said})")
    return Ambiguous(said) if status >= _SERVER_ERROR else Denied(said)
