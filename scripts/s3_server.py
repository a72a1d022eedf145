"""An S3 server on this machine, for tests and benchmarks of stores: what it holds is gone when it ends."""

import contextlib
import logging
from collections.abc import Iterator, Mapping
from typing import Any


@contextlib.contextmanager
def s3_server(bucket: str) -> Iterator[tuple[Any, Mapping[str, str]]]:
    """A server with one bucket: its file system, and the variables by which other processes find it.

    Args:
        bucket: Its name has three letters or more.
    """
    import s3fs
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # it prints a line for each request
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    variables = {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    try:
        store = s3fs.S3FileSystem(
            key=variables["AWS_ACCESS_KEY_ID"],
            secret=variables["AWS_SECRET_ACCESS_KEY"],
            endpoint_url=variables["AWS_ENDPOINT_URL"],
            use_listings_cache=False,
        )
        store.mkdir(bucket)
        yield store, variables
    finally:
        server.stop()
