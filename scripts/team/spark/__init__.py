"""A Spark cluster on loopback, and what the project has built on it: `make spark-test`."""

HOST = "127.0.0.1"
CATALOG = "lake"
