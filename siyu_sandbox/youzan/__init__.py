"""Youzan (有赞) as its shops' servers meet it: signed pushes that are tried again, and the interfaces for orders."""
