"""Email 邮件: any provider by SMTP; what came back is read from a mailbox or told by a webhook.

In: letters (text and HTML) for one address each. Out: one outcome an address, and happenings for bounces and complaints.
DKIM, SPF and DMARC are the provider's: it signs what it relays. The wizard says when the sender's domain is not its own.
"""
