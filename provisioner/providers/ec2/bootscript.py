"""The user data that turns an instance into a GPU worker at every start. Pure.

EC2 runs scripts in user data once per instance; `scripts-user, always` makes it every start, as AWS documents.
"""

import shlex
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText

from provisioner.providers.base import LaunchSpec

MAX_BYTES = 16 * 1024
# Time to look at what went wrong, over ssh.
LINGER_S = 60
_ALWAYS = "#cloud-config\ncloud_final_modules:\n- [scripts-user, always]\n"


def user_data(spec: LaunchSpec) -> str:
    """Two parts: run the second one at every start; the second one runs the worker's container.

    Raises:
        ValueError: naming what does not fit.
    """
    parts = MIMEMultipart(boundary="==EASEL==")
    parts.attach(MIMEText(_ALWAYS, "cloud-config", "us-ascii"))
    parts.attach(MIMEText(_script(spec), "x-shellscript", "utf-8"))
    text = parts.as_string()
    if len(text.encode()) > MAX_BYTES:
        message = f"EC2 takes {MAX_BYTES} bytes of user data; the worker's variables are longer"
        raise ValueError(message)
    return text


def _script(spec: LaunchSpec) -> str:
    for name, value in spec.environment.items():
        if "\n" in value:
            message = f"{name} has a line break, which docker's env file cannot hold"
            raise ValueError(message)
    environment = spec.environment | {"EASEL_HOST_FOLLOWS": "1"}
    variables = "\n".join(f"{name}={value}" for name, value in environment.items())
    command = shlex.join([spec.image, *spec.command])
    return f"""#!/bin/sh
umask 077
cat > /run/easel.env <<'EASEL_END'
{variables}
EASEL_END
docker rm --force easel-worker 2>/dev/null
docker run --detach --name easel-worker --gpus all --env-file /run/easel.env {command}
# However the worker ends, and if it never began: this machine has nothing else to do and costs money.
setsid sh -c 'docker wait easel-worker; sleep {LINGER_S}; shutdown -h now' >/dev/null 2>&1 &
"""
