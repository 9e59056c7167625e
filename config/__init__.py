"""The project's frame: settings, Celery, addresses, and the servers of `make run` and `make test`.

The Celery app is deliberately not imported here: `python -m config.embedded` and
`python -m config.devserver` run before any settings exist. Import it from `config.celery`.
"""
