"""`python -m gpu_worker`: checks the configuration, then keeps a worker process running; with `doctor` it looks."""

import sys

from config.loading import load_registry
from config.problems import ConfigurationError
from config.settings import WorkerSettings, load_settings
from gpu_worker import doctor, exit_codes
from gpu_worker.releases import Releases
from gpu_worker.supervisor import Supervisor
from tasks import logs
from tasks.connections import connect


def main() -> int:
    """The exit code: 0 after SIGTERM or a self-destruction, 2 where the configuration is wrong, 69 without its GPU."""
    wishes = sys.argv[1:]
    if wishes not in ([], ["doctor"]):
        sys.stderr.write("python -m gpu_worker takes no arguments but `doctor`\n")
        return exit_codes.MISCONFIGURED
    try:
        settings = load_settings(WorkerSettings)
        registry = load_registry(settings.config_dir)
    except ConfigurationError as error:
        sys.stderr.write(f"The GPU worker cannot start:\n{error}\n")
        return exit_codes.MISCONFIGURED
    if wishes:
        return doctor.main(settings, registry)
    logs.configure("gpu_worker.supervisor", log_format=settings.log_format)
    folder = settings.data_dir / "releases"
    pushed = Releases(folder, lambda: connect(settings.broker_url), settings.worker_id)
    return Supervisor([sys.executable, "-m", "gpu_worker.worker"], take_release=pushed.take).run()


if __name__ == "__main__":
    sys.exit(main())
