"""The services that the compose file starts, and ports of this machine for them."""

import socket

READY_SECONDS = 240
STARTED = ("airflow", "airflow-scheduler", "airflow-dag-processor", "airflow-triggerer", "mlflow", "webhook", "sandbox")


def free_ports(count: int) -> list[str]:
    """So many ports on which nobody listens."""
    servers = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [str(server.getsockname()[1]) for server in servers]
    for server in servers:
        server.close()
    return ports
