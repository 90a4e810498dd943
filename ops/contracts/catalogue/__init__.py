"""The catalogue of all contracts: an AsyncAPI document, and a page to browse."""
