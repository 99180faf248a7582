"""The invented company's ERP: every document follows from what its CRM says was won, its calendar and its seed; nothing of it is stored.

The same company gives the same documents whenever they are asked for, and what is dated later than the clock is not there yet.
"""
