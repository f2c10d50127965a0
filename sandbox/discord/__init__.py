"""A Discord that runs on this machine: gateway, REST, web page and a control API for scripts."""
