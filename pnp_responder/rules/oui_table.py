"""TABLE OF DATA: under which first three octets of a MAC a vendor's phones are sold.

A row stands here only where the registry names the vendor, or its own documents do. A name under
which others' phones are sold has no rows of its own: for `require: {oui: true}` a wrong row shuts
a phone out, and a missing one is told by `check`.
"""

from __future__ import annotations

from typing import NamedTuple


class OuiRow(NamedTuple):
    """`vendor` as the phones name it, in lower case; `source`: who says so."""

    oui: str
    vendor: str
    source: str


_REGISTRY = "IEEE MA-L registry: "

OUI_ROWS: tuple[OuiRow, ...] = (
    OuiRow("0c1105", "akuvox", _REGISTRY + "Akuvox (Xiamen) Networks Co., Ltd"),
    OuiRow("808287", "atcom", _REGISTRY + "ATCOM Technology Co.Ltd."),
    OuiRow("00908f", "audiocodes", _REGISTRY + "Audio Codes Ltd."),
    OuiRow("000952", "auerswald", _REGISTRY + "Auerswald GmbH & Co. KG"),
    OuiRow("00268b", "escene", _REGISTRY + "Guangzhou Escene Computer Technology Limited"),
    OuiRow("0c383e", "fanvil", _REGISTRY + "Fanvil Technology Co., Ltd."),
    OuiRow("00a859", "fanvil", "labels of its phones; the registry has no entry"),
    OuiRow("0021f2", "flyingvoice", _REGISTRY + "EASY3CALL Technology Limited, its former name"),
    OuiRow("789912", "flyingvoice", _REGISTRY + "Flyingvoice (HongKong) Technologies Limited"),
    OuiRow("002104", "gigaset", _REGISTRY + "Gigaset Technologies GmbH"),
    OuiRow("14b370", "gigaset", _REGISTRY + "Gigaset Digital Technology (Shenzhen) Co., Ltd."),
    OuiRow("589ec6", "gigaset", _REGISTRY + "Gigaset Technologies GmbH"),
    OuiRow("7c2f80", "gigaset", _REGISTRY + "Gigaset Communications GmbH"),
    OuiRow("000b82", "grandstream", _REGISTRY + "Grandstream Networks, Inc."),
    OuiRow("144cff", "grandstream", _REGISTRY + "Grandstream Networks, Inc."),
    OuiRow("c074ad", "grandstream", _REGISTRY + "Grandstream Networks, Inc."),
    OuiRow("ec74d7", "grandstream", _REGISTRY + "Grandstream Networks Inc"),
    OuiRow("001fc1", "htek", _REGISTRY + "Hanlong Technology Co.,LTD, its maker"),
    OuiRow("0080f0", "panasonic", _REGISTRY + "Panasonic Communications Co., Ltd."),
    OuiRow("080023", "panasonic", _REGISTRY + "Panasonic Communications Co., Ltd."),
    OuiRow("4c364e", "panasonic", _REGISTRY + "Panasonic Connect Co., Ltd."),
    OuiRow("b8208e", "panasonic", _REGISTRY + "Panasonic Connect Co., Ltd."),
    OuiRow("bc3e0b", "panasonic", _REGISTRY + "Panasonic Connect Co., Ltd."),
    OuiRow("bcc342", "panasonic", _REGISTRY + "Panasonic Communications Co., Ltd."),
    OuiRow("00304f", "planet", _REGISTRY + "PLANET Technology Corporation"),
    OuiRow("506188", "planet", _REGISTRY + "PLANET Technology Corporation"),
    OuiRow("a8f7e0", "planet", _REGISTRY + "PLANET Technology Corporation"),
    OuiRow("000413", "snom", _REGISTRY + "snom technology GmbH"),
    OuiRow("1c7126", "snom", _REGISTRY + "snom technology GmbH"),
    OuiRow("001565", "yealink", _REGISTRY + "Xiamen Yealink Network Technology Co.,Ltd"),
    OuiRow("249ad8", "yealink", _REGISTRY + "Yealink(Xiamen) Network Technology Co.,Ltd."),
    OuiRow("3497d7", "yealink", _REGISTRY + "Yealink(Xiamen) Network Technology Co.,Ltd."),
    OuiRow("44dbd2", "yealink", _REGISTRY + "Yealink(Xiamen) Network Technology Co.,Ltd."),
    OuiRow("644f56", "yealink", _REGISTRY + "Yealink(Xiamen) Network Technology Co.,Ltd."),
    OuiRow("805e0c", "yealink", _REGISTRY + "Yealink(Xiamen) Network Technology Co.,Ltd."),
    OuiRow("805ec0", "yealink", _REGISTRY + "Yealink(Xiamen) Network Technology Co.,Ltd."),
    OuiRow("b061a9", "yealink", _REGISTRY + "Yealink(Xiamen) Network Technology Co.,Ltd."),
    OuiRow("c4fc22", "yealink", _REGISTRY + "Yealink(Xiamen) Network Technology Co.,Ltd."),
    OuiRow("ec1da9", "yealink", _REGISTRY + "Yealink(Xiamen) Network Technology Co.,Ltd."),
    OuiRow("f01653", "yealink", _REGISTRY + "Yealink(Xiamen) Network Technology Co.,Ltd."),
)

OUI_VENDORS = {row.oui: row.vendor for row in OUI_ROWS}

SURE_VENDORS = frozenset(OUI_VENDORS.values())
"""A MAC of another of these under one of these names is a slip; any other name may be a re-label."""
