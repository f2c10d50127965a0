"""The rules of the house, as decisions. Pure; the rows come from `tasks.ledger.house`."""
