"""Senders 发送器: how each carrier is handed a chunk of messages, and what each of its answers means for the people in it."""
