"""The REST API below `/api/v1/`: what other programs may do. Each view finds, calls one verb and answers."""
