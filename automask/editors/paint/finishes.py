"""The words that say how much a surface shines."""

FINISHES = {
    **dict.fromkeys(("dead flat", "flat", "matt", "matte", "mat", "chalky", "ultra matt"), 0.0),
    **dict.fromkeys(("honed",), 0.1),
    **dict.fromkeys(("eggshell", "egg shell", "silk matt", "oiled"), 0.2),
    **dict.fromkeys(("satin", "satinwood", "soft sheen"), 0.35),
    **dict.fromkeys(("semi gloss", "semigloss"), 0.7),
    **dict.fromkeys(("gloss", "glossy", "high gloss", "full gloss", "lacquer", "lacquered", "polished"), 1.0),
}
"""Words next to a colour or a material, and the gloss that they set: 0 matt, 1 polished."""
