"""What the person on call may do: look at everything, and what the pages of ``docs/runbooks`` say.

Two managed policies: whoever looks changes nothing; whoever acts needs both. Neither writes a
verdict (see `people`), deploys (see ``docs/deploy.md``) or writes into tables, registry or
artifacts. But services act on what they are sent and on what specs declare, and whoever acts may
send and declare anything: what that means is in ``SECURITY.md``. A third policy, beside that of
looking, is for as long as the journal's table is rebuilt, and for nobody else.
"""
