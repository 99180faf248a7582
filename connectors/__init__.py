"""The outside world: one system, one module; what arrives goes through `warehouse`, what leaves comes from `sync`."""
