"""The page, the HTTP API and the MCP tools: people and programs at one engine, which owns the models."""
