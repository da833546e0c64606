"""What the API server asks the emulator over HTTPS: who a token belongs to, and what a pod needs added."""
