"""The practice mail service: a stand-in for the mail provider, on this computer only.

It speaks Postmark's API, keeps every email for viewing and posts Postmark-shaped webhooks
back, so that practice mode and the tests use the same path as production.

    python -m emails.practice --port 8025 --data .data/practice

The service itself (`server` and all that it imports) knows no models and never touches the database.
"""
