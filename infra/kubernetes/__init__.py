"""What runs on the cluster: one component per file, put together by `layer`."""
