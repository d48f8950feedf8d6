"""What bench/run is made of: the broker, what is measured on it, the machine, the report."""
