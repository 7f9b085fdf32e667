"""WeChat Shop (微信小店): pushes that name an order, and the interfaces by which the order is read."""
