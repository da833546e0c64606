"""The AWS estate: one component per file, put together by `layer`."""
