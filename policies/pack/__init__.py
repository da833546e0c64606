"""The pack as the Pulumi engine sees it: a server of the engine's analyzer protocol."""
