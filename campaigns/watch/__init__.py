"""How the installation fares, for machines that look after it: heartbeat, health, metrics."""
