"""Wire 线上格式: what each family of clients sends, read into operations. No database here: bytes in, operations and faults out."""
