"""Rules over load balancers, CDN and certificates."""
