"""What tests/bench/transfer.py is made of.

cases        what is measured, with which settings and against which targets
media        the files, what the platform's API says about them, and the deliveries
server       nginx, which serves both; the certificate authority
link         a round trip of 40 ms between two network namespaces
measure      what a run costs
contestants  the floors and the peers
agent        vodkeep, doing its whole job
report       the table and the JSON
"""
