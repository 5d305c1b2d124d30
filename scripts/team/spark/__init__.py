"""A Spark cluster on loopback, and the project built on it: `make spark-test`."""
