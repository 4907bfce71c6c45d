"""What every platform with Patroni shares: its REST interface, rolling restarts, the dynamic configuration."""
