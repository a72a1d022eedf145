"""The label classes of the rooms: a class id is an index of CLASSES. New classes are only ever added at the end.

What counts as what, where people could differ: a range is an oven from its drawer to its back panel, and its burners
are a class of their own; a dishwasher with a visible control strip is a dishwasher whatever covers its door; a panel
without one is a base cabinet; a soffit over cabinets is wall; what is seen through a doorway is doorway, and what is
seen through a window is window.
"""

CLASSES: list[
    tuple[str, list[str], str | None]
] = [  # (phrase, synonyms, parent phrase); the index is the class id, 0 is unlabelled
    ("unlabelled", [], None),
    ("wall", ["walls", "painted wall", "side wall"], None),
    ("accent wall", ["feature wall", "dark wall", "back wall", "panelled wall"], "wall"),
    ("floor", ["flooring", "floorboards", "parquet", "floor tiles"], None),
    ("ceiling", [], None),
    ("window", ["window frame", "glass"], None),
    ("door", ["interior door"], None),
    ("base cabinet", ["lower cabinets", "base cabinets", "kitchen cabinets", "cabinets", "base units"], "cabinet"),
    ("wall cabinet", ["upper cabinets", "wall cabinets", "kitchen cabinets", "cabinets", "wall units"], "cabinet"),
    ("tall cabinet", ["pantry", "tall unit", "larder", "cabinets", "kitchen cabinets"], "cabinet"),
    ("kitchen island", ["island", "kitchen counter island", "centre island", "breakfast bar"], None),
    ("countertop", ["worktop", "counter", "kitchen counter", "benchtop"], None),
    ("island countertop", ["island top", "island worktop", "worktop of the island"], "countertop"),
    ("backsplash", ["splashback", "kitchen tiles", "tile backsplash"], None),
    ("fridge", ["refrigerator", "fridge freezer"], None),
    ("oven", ["stove", "built-in oven"], None),
    ("cooktop", ["hob", "stovetop", "induction hob"], None),
    ("range hood", ["hood", "extractor", "cooker hood"], None),
    ("sink", ["kitchen sink", "basin"], None),
    ("faucet", ["tap", "kitchen tap"], None),
    ("bar stool", ["stool", "stools", "counter stool", "seat"], None),
    ("chair", ["dining chair", "chairs"], None),
    ("dining table", ["table", "kitchen table"], None),
    ("pendant lamp", ["pendant light", "hanging lamp", "lamp", "pendant"], None),
    ("handle", ["handles", "knob", "pull", "cabinet hardware"], None),
    ("shelf", ["open shelf", "shelves", "floating shelf"], None),
    ("sofa", ["couch", "settee"], None),
    ("armchair", ["lounge chair", "easy chair"], None),
    ("cushion", ["pillow", "throw pillow", "scatter cushion"], None),
    ("rug", ["carpet", "area rug"], None),
    ("coffee table", ["low table", "table"], None),
    ("side table", ["end table"], None),
    ("curtain", ["curtains", "drapes"], None),
    ("floor lamp", ["standing lamp", "lamp"], None),
    ("tv", ["television", "screen"], None),
    ("sideboard", ["tv stand", "media unit", "console", "low cabinet"], None),
    ("bookcase", ["bookshelf", "shelving unit"], None),
    ("picture", ["painting", "wall art", "picture frame", "poster"], None),
    ("plant", ["houseplant", "potted plant"], None),
    ("vase", ["pot"], None),
    ("decor", ["bowl", "books", "bottles", "ornaments"], None),
    ("baseboard", ["skirting board", "skirting"], None),
    ("ceiling light", ["downlight", "spotlight", "recessed light"], None),
    ("fireplace", ["fireplace surround", "mantelpiece", "chimney breast"], None),
    ("toe kick", ["plinth", "kickboard"], None),
    ("throw blanket", ["throw", "blanket"], None),
    ("pouf", ["ottoman", "footstool"], None),
    ("bed", ["bedstead", "mattress", "duvet", "bedding"], None),
    ("headboard", ["bed head", "bedhead"], None),
    ("night stand", ["nightstand", "bedside table", "bedside cabinet"], None),
    ("dresser", ["chest of drawers", "drawers"], None),
    ("wardrobe", ["closet", "armoire"], "cabinet"),
    ("table lamp", ["bedside lamp", "desk lamp", "lamp"], None),
    ("mirror", ["wall mirror", "looking glass"], None),
    ("blinds", ["window blinds", "venetian blind", "roller blind", "window shade"], None),
    ("towel", ["towels", "bath towel", "hand towel"], None),
    ("toilet", ["wc", "lavatory", "toilet bowl"], None),
    ("bathtub", ["bath", "tub"], None),
    ("shower screen", ["shower door", "shower glass", "glass screen", "shower enclosure"], None),
    ("towel rod", ["towel rail", "towel bar", "towel rack"], None),
    ("dishwasher", ["dish washer"], None),
    ("microwave", ["microwave oven"], None),
    ("doorway", ["opening", "archway", "passage"], None),
    ("range cooktop", ["hob", "burners", "stovetop"], "oven"),
    ("washing machine", ["washer", "dryer"], None),
    ("radiator", ["heater"], None),
    ("beam", ["ceiling beam", "beams"], "ceiling"),
    ("fan", ["ceiling fan"], None),
    ("clock", ["wall clock"], None),
    ("trash can", ["bin", "garbage bin", "waste bin"], None),
    ("box", ["carton", "cardboard box"], None),
    ("small appliance", ["toaster", "kettle", "coffee machine", "mixer"], None),
    ("bench", ["hall bench"], None),
    ("basket", ["wicker basket"], None),
    ("outlet", ["socket", "light switch", "power outlet"], None),
    ("shower curtain", ["bath curtain"], "curtain"),
    ("bag", ["handbag", "shopping bag"], None),
    ("clothes", ["coat", "jacket"], None),
]


CID = {c[0]: i for i, c in enumerate(CLASSES)}


def class_table() -> dict[str, dict[str, object]]:
    """The content of classes.json: for every class id its phrase, synonyms and parent phrase."""
    return {str(i): {"phrase": c, "synonyms": s, "parent": q} for i, (c, s, q) in enumerate(CLASSES)}
