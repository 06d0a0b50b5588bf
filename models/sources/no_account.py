"""What stands for our account on a network where we have none, such as one that anybody may read. Pure."""

NO_ACCOUNT_ID = "public"  # in the ledger's columns of account ids; no row of `accounts` has it
