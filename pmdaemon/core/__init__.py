"""Pure decisions: no clock, no operating system, no asyncio."""
