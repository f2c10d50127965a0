"""The courier: the Celery worker of the control plane that turns finished renders into Discord messages."""
