"""`python -m gpu_worker`: checks the configuration, then keeps a worker process running."""

import sys

from config.loading import load_registry
from config.problems import ConfigurationError
from config.settings import WorkerSettings, load_settings
from gpu_worker import exit_codes
from gpu_worker.releases import Releases
from gpu_worker.supervisor import Supervisor
from tasks import logs
from tasks.connections import connect


def main() -> int:
    """The exit code: 0 after SIGTERM or a self-destruction, 2 where the configuration is wrong."""
    try:
        settings = load_settings(WorkerSettings)
        load_registry(settings.config_dir)
    except ConfigurationError as error:
        sys.stderr.write(f"The GPU worker cannot start:\n{error}\n")
        return exit_codes.MISCONFIGURED
    logs.configure("gpu_worker.supervisor", log_format=settings.log_format)
    folder = settings.data_dir / "releases"
    pushed = Releases(folder, lambda: connect(settings.broker_url), settings.worker_id)
    return Supervisor([sys.executable, "-m", "gpu_worker.worker"], take_release=pushed.take).run()


if __name__ == "__main__":
    sys.exit(main())
