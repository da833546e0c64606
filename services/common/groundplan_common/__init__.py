"""What every service shares: settings, object storage, dataset manifests, the model registry."""
