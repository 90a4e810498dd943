"""What the person on call may do: look at everything, and what the pages of ``docs/runbooks`` say.

Two managed policies: whoever looks changes nothing; whoever acts needs both. Neither approves (see
`people`), deploys (see ``docs/deploy.md``) or writes into what services keep. A third one, beside
that of looking, is for as long as the journal's table is rebuilt, and for nobody else.
"""
