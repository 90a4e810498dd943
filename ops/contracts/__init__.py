"""The contracts as JSON Schema: written from the code, compared with what was committed."""
