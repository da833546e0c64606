"""One small file per rule, in a folder per family. A file is found by being here."""
