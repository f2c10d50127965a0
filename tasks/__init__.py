"""The contract between Easel's processes: what crosses them, and the ledger that is the authority."""
