"""The fleet in virtual time: traces, a market, the real policy and everybody else's rules, and what each costs."""
