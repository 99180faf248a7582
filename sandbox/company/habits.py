"""Every bad habit of the invented company with its rate. Shares are of the thing named, days are calendar days.

docs/sandbox.md explains them; nothing outside sandbox reads them.
"""

# What is typed late, or not at all
BACKFILLED_WIN_SHARE = 0.18  # of wins: the deal is entered after signing …
BACKFILL_DAYS = 7  # … within so many days
STAGE_SAME_DAY_SHARE = 0.50  # of stage moves: typed on the day itself
STAGE_SUNDAY_SHARE = 0.30  # on the next Sunday evening; the rest before month end
STAGE_NEVER_SHARE = 0.10  # never typed: the next move then jumps a stage
WIN_SAME_DAY_SHARE = 0.75  # of wins: typed on the day of signing; the rest within 5 days
LOSS_LAG_MEAN_DAYS = 2.5  # from a true loss to the day on which the rep knows; typed as stage moves are
LOSS_CLEANUP_SHARE = 0.012  # of losses: closed only by the January clean-up
LOSS_NEVER_SHARE = 0.004  # of losses: never closed, the deal stays open for ever
LEFTOVER_PROBABILITY_SHARE = 0.08  # of losses: probability stays at 1 instead of 0
LOSS_REASON_MISSING_SHARE = 0.10  # of losses
CONTRACT_MISSING_SHARE = 0.04  # of wins: no contract number

# What is typed wrongly
NO_AMOUNT_EARLY_SHARE = 0.30  # of deals created in S1 or S2: no amount until the quote
PARKED_CLOSE_DATE_SHARE = 0.40  # of close dates: parked on the quarter's last day
PAST_DUE_IGNORED_SHARE = 0.30  # of close dates that pass: left past due for weeks
SUNDAY_EDIT_RATE = 0.05  # of open deals per week: close date or probability touched on Sunday evening
OWN_PROBABILITY_SHARE = 0.35  # of stage moves: the rep types a probability of their own
PUSHED_AGAIN_MEAN_DAYS = 38.0  # how far a passed close date is pushed
COMMIT_INFLATION = 1.3  # one rep's open amounts over what they sign for
OPTIONAL_MISSING_SHARE = 0.15  # of values of every optional field

# Contacts
BURST_REP_SHARE = 0.35  # of reps: log the week's contacts in one sitting on Friday afternoon or Sunday evening
ACCOUNT_LOGGED_SHARE = 0.08  # of contacts: logged on the customer, not on the deal
SELF_LOG_PER_WEEK = 4.0  # one rep logs activity on himself

# Records that move
DELETED_EVERY = 80  # deals: one is marked for deletion; most are deleted before they are closed
REOPENED_SHARE = 0.03  # of losses closed in the CRM
TWIN_SHARE = 0.006  # of deals: a second rep opens a deal on the same customer
DUPLICATE_ACCOUNT_SHARE = 0.03  # of deals on a known customer: entered under another spelling
MERGED_SHARE = 0.6  # of such spellings: merged later
USD_SHARE = 0.02  # of deals
NASTY_NAME_SHARE = 0.002  # of names: emoji, a `\.` line, a quote with DROP TABLE
DEAD_CONTACTS_PER_DAY = 0.03  # outbound calls on a deal that is truly lost but still open in the CRM
