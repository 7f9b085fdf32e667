"""What every simulated shop keeps: who bought what, and how far each order has come."""
