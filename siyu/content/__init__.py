"""Content 内容: the library of pieces that are sent: what each says, what it is for, who answers for it, and who read it.

Terms: piece 素材 (with versions) · kind 类型 (text, image, link card, mini-program card, file, video, long article) · purpose
用途 (promotion, value, service, feedback) · variable 变量 (with a fall-back) · tracked link 追踪链接 · content radar 素材雷达. In:
what operators write. Out: bodies for a carrier and a person, and activities of those who open, read and share.
"""
