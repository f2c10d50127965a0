"""Short-lived signed links to private weights, made where the keys are: a rented machine never gets a key.

Only trusted processes import this package. Whoever publishes a job asks for its links; they travel with the message and
are written nowhere else.
"""

from config.settings import TrustedSettings
from tasks.signing.civitai import Civitai
from tasks.signing.huggingface import HuggingFaceHub
from tasks.signing.s3 import Bucket, S3Key
from tasks.signing.signer import LinkSigner, Resolver


def signer_of(settings: TrustedSettings) -> LinkSigner:
    """A signer with the keys that the owner has; without any it makes no links and asks nobody."""
    resolvers: dict[str, Resolver] = {}
    if settings.hf_token is not None:
        resolvers["huggingface"] = HuggingFaceHub(settings.hf_token.get_secret_value())
    if settings.civitai_token is not None:
        resolvers["civitai"] = Civitai(settings.civitai_token.get_secret_value())
    if settings.aws_access_key_id is not None and settings.aws_secret_access_key is not None:
        token = settings.aws_session_token
        key = S3Key(
            access_key=settings.aws_access_key_id.get_secret_value(),
            secret_key=settings.aws_secret_access_key.get_secret_value(),
            session_token=token.get_secret_value() if token is not None else None,
            region=settings.aws_region,
        )
        resolvers["s3"] = Bucket(key, endpoint=settings.s3_endpoint_url, default_bucket=settings.s3_bucket)
    return LinkSigner(resolvers)
