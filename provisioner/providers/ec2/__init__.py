"""Amazon EC2: fixed instances of one's own that are started and stopped."""

from provisioner.providers.ec2.provider import Ec2Provider

__all__ = ["Ec2Provider"]
