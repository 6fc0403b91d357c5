"""What others push to us: users and events in Braze's protocol, and Rokt's webhooks."""
